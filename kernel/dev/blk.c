/*
 * Choice of the disk with the root file system.
 */
#include "dev/blk.h"

#include "dev/disks.h"
#include "lib/printf.h"

struct blkdev *root_blkdev;

/* Who passes an image in memory means it, so that goes first: in deterministic mode a real disk,
 * which works at the host's pace, must not be touched. */
void blk_init(void)
{
    root_blkdev = ramdisk_init();
    if (root_blkdev == NULL)
        root_blkdev = virtio_disk_init();
    if (root_blkdev == NULL)
        printf(
            "disk: none: the device tree has neither an initrd nor a virtio disk that will do\n");
}
