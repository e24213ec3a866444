/*
 * Block devices: requests of whole blocks of BSIZE bytes, asynchronous, several in flight. Met by
 * the virtio disk and by the RAM disk (the initrd).
 */
#ifndef DEV_BLK_H
#define DEV_BLK_H

#include <stdbool.h>

#include "kernel/types.h"
#include "lib/list.h"

struct bio {
    uint64 bio_block; /* block number */
    void *bio_data;   /* BSIZE bytes in the direct map; physically contiguous */
    bool bio_write;
    int bio_error;                  /* set before bio_done: 0, or -1 */
    void (*bio_done)(struct bio *); /* may run in an interrupt: no blocking; wakeups allowed */
    void *bio_arg;                  /* for bio_done */
    struct list bio_node;           /* the device's while the request is in flight */
};

struct blkdev {
    const char *name;
    uint64 nblocks;
    /* Start a request; bio_done comes later, or before the return. Thread context; may sleep for
     * room in the device's queue. Writes may be reordered: wait for bio_done where it matters. */
    void (*strategy)(struct blkdev *, struct bio *);
    /* All completed writes are on stable storage when it returns. 0, or -1. */
    int (*flush)(struct blkdev *);
};

/* The device with the root file system: the RAM disk when there is an initrd, else the first virtio
 * disk; NULL: none. Valid after blk_init (boot, thread context). */
extern struct blkdev *root_blkdev;
void blk_init(void);

#endif
