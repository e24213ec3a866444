/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/fs.h for programs. They see xv6's block size, because they keep a block on a stack of one
 * page, and as the largest file 4 MiB: they write one of that size and expect it to fit on the
 * disk, and fill the disk with fewer than 70 of them. A file may have any size up to the kernel's
 * own limit all the same.
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
#define MAXFILE 4096UL
#define NINDIRECT (MAXFILE - NDIRECT)

#endif
