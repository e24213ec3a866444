/* SPDX-License-Identifier: BSD-3-Clause
 * Free blocks of the disk. Inside a transaction; may sleep.
 */
#ifndef FS_ALLOC_H
#define FS_ALLOC_H

#include <stdbool.h>

#include "kernel/fs.h"

/* The mounted file system's superblock; constant after fs_init. */
extern struct superblock superblock;

/* Whether a number that was read from the disk can be the number of a file's block. */
static inline bool block_ok(uint32 block)
{
    return block >= superblock.datastart && block < superblock.size;
}

/* A free block, now in use; its content is arbitrary. 0: the disk is full, or an I/O error. May
 * modify one block (of the bitmap). */
uint32 block_alloc(void);

/* Free a block, whose content need not be written any more. May modify one block. An I/O error stops
 * the log (log_stop). */
void block_free(uint32 block);

#endif
