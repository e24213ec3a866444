/* SPDX-License-Identifier: BSD-3-Clause
 * Limits of the system, by xv6's names. User programs may include this file.
 */
#ifndef KERNEL_PARAM_H
#define KERNEL_PARAM_H

#define NCPU 64        /* harts that can be used; one bit each in a uint64 */
#define NPROC 1024     /* processes at one time */
#define NOFILE 16      /* open files of one process */
#define NFILE 512      /* open files of the system */
#define NDEV 10        /* major device numbers */
#define ROOTDEV 1      /* device number of the root file system */
#define MAXARG 32      /* arguments of exec */
#define MAXPATH 128    /* bytes of a path name, with its NUL */
#define MAXOPBLOCKS 24 /* blocks that one file system operation may write */
#define LOGBLOCKS 512  /* data blocks in the on-disk log (without its header) */
#define NBUF 2048      /* buffers of the block cache, at most */
#define FSSIZE 32768   /* default size of the image that mkfs makes, in blocks */
#define USERSTACK 1 /* user stack, in pages, as in xv6; a program may ask for more (proc/elf.h), */
#define USERSTACKMAX 64 /* up to this */
#define HZ 100          /* scheduling ticks per second, on a hart that is not idle */
#define UHZ 10          /* ticks per second in uptime(), sleep() and pause(), as in xv6 */

#endif
