/* SPDX-License-Identifier: BSD-3-Clause
 * What fstat() returns about a file, by xv6's names and layout.
 */
#ifndef KERNEL_STAT_H
#define KERNEL_STAT_H

#define T_DIR 1    /* directory */
#define T_FILE 2   /* file */
#define T_DEVICE 3 /* device */

struct stat {
    int dev;     /* disk that holds the file */
    uint ino;    /* inode number */
    short type;  /* one of T_* */
    short nlink; /* directory entries that name it */
    uint64 size; /* bytes */
};

#endif
