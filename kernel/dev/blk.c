/* SPDX-License-Identifier: BSD-3-Clause
 * Choice of the disk with the root file system.
 */
#include "dev/blk.h"

#include "dev/disks.h"
#include "lib/printf.h"

struct blkdev *root_blkdev;

/* A user who passes an image in memory wants it to be used, so it comes first: in deterministic mode a
 * real disk, which works at the host's pace, must not be touched. */
void blk_init(void)
{
    root_blkdev = ramdisk_init();
    if (root_blkdev == NULL)
        root_blkdev = virtio_disk_init();
    if (root_blkdev == NULL)
        printf("disk: none: the device tree has neither an initrd nor a usable virtio disk\n");
}
