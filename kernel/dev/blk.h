/* SPDX-License-Identifier: BSD-3-Clause
 * Block devices: asynchronous requests of whole blocks of BSIZE bytes, several in flight. There are
 * two: the virtio disk and the RAM disk (the initrd).
 */
#ifndef DEV_BLK_H
#define DEV_BLK_H

#include <stdbool.h>

#include "kernel/types.h"
#include "lwkt/msgport.h"

struct bio {
    uint64 bio_block; /* block number */
    void *bio_data;   /* BSIZE bytes in the direct map; physically contiguous */
    bool bio_write;
    int bio_error;                  /* set before bio_done: 0, or -1 */
    void (*bio_done)(struct bio *); /* may run in an interrupt: must not sleep, may call wakeup */
    void *bio_arg;                  /* for bio_done */
    struct lwkt_msg bio_msg;        /* belongs to the driver while the request is in flight */
};

struct blkdev {
    const char *name;
    uint64 nblocks;
    bool delays; /* requests take time, so it is worth while to start several at once */
    /* Start a request; bio_done is called later, or before the return. Thread context, holding no spin
     * lock. Requests may be reordered, so code that needs an order waits for bio_done. */
    void (*strategy)(struct blkdev *, struct bio *);
    /* Put all completed writes on stable storage before it returns. 0, or -1. It may sleep. */
    int (*flush)(struct blkdev *);
};

/* The device with the root file system: the RAM disk when there is an initrd, else the first virtio
 * disk; NULL: none. Valid after blk_init (boot, thread context). */
extern struct blkdev *root_blkdev;
void blk_init(void);

#endif
