/* SPDX-License-Identifier: BSD-3-Clause
 * Blocks to and from the disk, several at once. Thread context. All but io_start may sleep until the
 * disk has answered, and io_start sends a message, so no spin lock may be held.
 */
#ifndef FS_IO_H
#define FS_IO_H

#include "dev/blk.h"

/* Requests that one thread waits for together. It is on that thread's stack. */
struct iobatch {
    uint32 pending; /* requests under way, and one for the thread itself until io_wait: AMO */
    int error;      /* -1 once one of them has failed */
};

static inline void io_batch_init(struct iobatch *batch)
{
    batch->pending = 1;
    batch->error = 0;
}

/* Start moving one block between memory and the disk. bio and data belong to the request until
 * io_wait has returned. */
void io_start(struct iobatch *batch, struct bio *bio, uint32 block, void *data, bool write);

/* Wait for all requests of the batch: 0, or -1 when any has failed. Once after io_batch_init. */
int io_wait(struct iobatch *batch);

/* Move one block and wait: 0, or -1. */
int io_read(uint32 block, void *data);
int io_write(uint32 block, void *data);

/* Put all that was written before on stable storage: 0, or -1. */
int io_flush(void);

#endif
