/* SPDX-License-Identifier: BSD-3-Clause
 * Nymph's part of a cpu.
 */
#ifndef LIBLWKT_HOST_H
#define LIBLWKT_HOST_H

struct host_cpu {
    int pid; /* the process that is this cpu. Set before threads run */
};

#endif
