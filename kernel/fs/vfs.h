/* SPDX-License-Identifier: BSD-3-Clause
 * The file system, as the layers above see it. Thread context of a process (or of init); all of these
 * may sleep.
 */
#ifndef FS_VFS_H
#define FS_VFS_H

#include <stdbool.h>

#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "kernel/types.h"

struct inode;

/* Mount the root file system on root_blkdev, replaying its log. If that is impossible, says why
 * and ends the machine. */
void fs_init(void);

/* Write to the disk all that is only in memory, and wait. 0; -1: after an I/O error, nothing is written
 * any more. */
int fs_sync(void);

/* Add a reference to an open file (dup, fork) / drop one; dropping the last closes the file. */
struct file *file_dup(struct file *f);
void file_close(struct file *f);

/* Inodes. namei returns a referenced, unlocked inode, or NULL; it starts at the calling process's
 * directory. Between inode_lock and inode_unlock the inode's fields and content are stable. inode_close
 * drops the reference, which may free the inode on the disk. Neither namei nor inode_close may be
 * called inside a transaction. */
struct inode *namei(const char *path);
struct inode *inode_root(void);
struct inode *inode_dup(struct inode *ip);
void inode_lock(struct inode *ip);
void inode_unlock(struct inode *ip);
void inode_close(struct inode *ip);
short inode_type(struct inode *ip);
uint64 inode_size(struct inode *ip);

/* Copy n bytes from offset off of a locked inode to kernel memory. Returns the bytes read, fewer at the
 * end of the file; -1: I/O error. */
int64 inode_read(struct inode *ip, void *dst, uint64 off, uint64 n);

#endif
