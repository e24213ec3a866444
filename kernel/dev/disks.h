/* SPDX-License-Identifier: BSD-3-Clause
 * The kinds of disk that blk.c chooses from. Each function looks for its device and sets it up, at
 * boot, in thread context. NULL: there is no such device, or it is not usable, and the reason was
 * printed.
 */
#ifndef DEV_DISKS_H
#define DEV_DISKS_H

#include "dev/blk.h"

struct blkdev *ramdisk_init(void);
struct blkdev *virtio_disk_init(void);

#endif
