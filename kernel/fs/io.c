/* SPDX-License-Identifier: BSD-3-Clause
 * Blocks to and from the disk: see io.h. The disk calls io_done for each request, perhaps from an
 * interrupt on another cpu; the last request of a batch wakes the thread that waits for it. The
 * thread counts as a request itself until it waits, so a disk that answers at once (the RAM disk) wakes
 * nobody.
 */
#include "fs/io.h"

#include "lib/atomic.h"
#include "sync/sleep.h"

/*
 * A request has ended. After the subtraction the batch may be gone, as its thread may have seen 0 and
 * returned; so after that only its address is used, as the ident of the wakeup.
 */
static void io_done(struct bio *bio)
{
    struct iobatch *batch = bio->bio_arg;

    if (bio->bio_error != 0)
        poke(&batch->error, -1);
    /* Pairs with the consume in io_is_over: the data and the error are seen before the count. */
    if (amo_add_acqrel(&batch->pending, -1) == 1)
        wakeup(batch);
}

void io_start(struct iobatch *batch, struct bio *bio, uint32 block, void *data, bool write)
{
    bio->bio_block = block;
    bio->bio_data = data;
    bio->bio_write = write;
    bio->bio_error = 0;
    bio->bio_done = io_done;
    bio->bio_arg = batch;
    amo_add(&batch->pending, 1);
    root_blkdev->strategy(root_blkdev, bio);
}

/* All requests of the batch have ended. */
static bool io_is_over(void *arg)
{
    struct iobatch *batch = arg;

    return consume(&batch->pending) == 0; /* pairs with the AMO in io_done */
}

int io_wait(struct iobatch *batch)
{
    /* If this is the last one, nobody will wake us; pairs with the AMO in io_done. */
    if (amo_add_acqrel(&batch->pending, -1) != 1)
        tsleep_until(batch, 0, "disk", io_is_over, batch);
    return peek(&batch->error);
}

static int io_block(uint32 block, void *data, bool write)
{
    struct iobatch batch;
    struct bio bio;

    io_batch_init(&batch);
    io_start(&batch, &bio, block, data, write);
    return io_wait(&batch);
}

int io_read(uint32 block, void *data)
{
    return io_block(block, data, false);
}

int io_write(uint32 block, void *data)
{
    return io_block(block, data, true);
}

int io_flush(void)
{
    return root_blkdev->flush(root_blkdev);
}
