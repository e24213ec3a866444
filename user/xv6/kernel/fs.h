/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/fs.h for programs. They see xv6's block size and largest file, 1,024 bytes and 268 blocks: they keep a
 * block on a stack of one page, write a file of the largest size, and expect it to fit on the disk. A file may
 * have any size up to the kernel's own limit all the same.
 */
#include_next "kernel/fs.h"

#ifndef XV6_FS_H
#define XV6_FS_H

/* This file system's own: bytes of a block, and block numbers in one. */
enum { FS_BLOCK = BSIZE, FS_INDIRECT = NINDIRECT };

#undef BSIZE
#undef NINDIRECT
#undef MAXFILE
#define BSIZE 1024
#define NINDIRECT (BSIZE / sizeof(uint))
#define MAXFILE (NDIRECT + NINDIRECT)

#endif
