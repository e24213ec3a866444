/* SPDX-License-Identifier: BSD-3-Clause
 * Stand-in for kernel/lwkt/wait.h on the host (host.c): waiters sleep as those of tsleep do.
 */
#ifndef LWKT_WAIT_H
#define LWKT_WAIT_H

struct lwkt_wait {
    int wa_gen;
};

void lwkt_wait_init(struct lwkt_wait *w);
void lwkt_block(struct lwkt_wait *w, const char *wmesg, int *gen);
void lwkt_signal(struct lwkt_wait *w, int count);

#endif
