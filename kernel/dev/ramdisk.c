/* SPDX-License-Identifier: BSD-3-Clause
 * The RAM disk: the file-system image that the boot loader put into memory (initrd) as a block
 * device. A request is a copy, finished before strategy returns; what is written is lost when the
 * machine stops. No lock: the callers make sure that there is only one request for a block at a time.
 * There is no driver thread either, as the virtio disk has one: nothing is ever waited for here, and a
 * thread would only add two switches to each copy.
 */
#include "dev/disks.h"

#include "kernel/fs.h"
#include "kernel/memlayout.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "riscv/fdt.h"

static void ramdisk_strategy(struct blkdev *dev, struct bio *b)
{
    char *block = (char *)PA_TO_KVA(board.initrd_start) + b->bio_block * BSIZE;

    b->bio_error = b->bio_block < dev->nblocks ? 0 : -1;
    if (b->bio_error == 0 && b->bio_write)
        memcpy(block, b->bio_data, BSIZE);
    else if (b->bio_error == 0)
        memcpy(b->bio_data, block, BSIZE);
    b->bio_done(b);
}

/* There is nothing more stable than the memory itself. */
static int ramdisk_flush(struct blkdev *dev)
{
    (void)dev;
    return 0;
}

static struct blkdev ramdisk = {
    .name = "ramdisk",
    .strategy = ramdisk_strategy,
    .flush = ramdisk_flush,
};

struct blkdev *ramdisk_init(void)
{
    if (board.initrd_start == 0 || board.initrd_end <= board.initrd_start)
        return NULL;
    ramdisk.nblocks = (board.initrd_end - board.initrd_start) / BSIZE;
    printf("disk: ramdisk, %lu blocks of %d bytes\n", ramdisk.nblocks, BSIZE);
    return &ramdisk;
}
