/*
 * The device switch: character devices by major number, for the file system. A driver puts itself in,
 * at boot; an empty place is a device that is not there.
 */
#ifndef DEV_DEVSW_H
#define DEV_DEVSW_H

#include "kernel/param.h"
#include "kernel/types.h"

/* Read or write up to n bytes for the calling process, whose memory the address is in. Bytes done, 0
 * at the end of the input, or -1. Thread context; they may sleep. */
struct devsw {
    int (*read)(uint64 udst, int n);
    int (*write)(uint64 usrc, int n);
};

#define CONSOLE 1 /* major number */

extern struct devsw devsw[NDEV];

#endif
