/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/fs.h for programs. They see as MAXFILE what xv6 computes from an inode's direct blocks and its first
 * block of block numbers, 1,036 blocks (4 MiB), since they write files of that size and expect them to fit on
 * the disk. The kernel's own limit is larger.
 */
#include_next "kernel/fs.h"

#ifndef XV6_FS_H
#define XV6_FS_H

#undef MAXFILE
#define MAXFILE (NDIRECT + NINDIRECT)

#endif
