/* SPDX-License-Identifier: BSD-3-Clause
 * The device switch: character devices by major number, for the file system. Each driver enters itself
 * at boot; an empty entry is a device that does not exist.
 */
#ifndef DEV_DEVSW_H
#define DEV_DEVSW_H

#include "kernel/param.h"
#include "kernel/types.h"

/* Read or write up to n bytes for the calling process; the address is in its memory. They return the
 * bytes done, 0 at the end of the input, or -1. Thread context; they may sleep. */
struct devsw {
    int (*read)(uint64 udst, int n);
    int (*write)(uint64 usrc, int n);
};

#define CONSOLE 1 /* major number */

extern struct devsw devsw[NDEV];

#endif
