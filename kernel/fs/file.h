/*
 * Open files, devices, and what the rest of the kernel uses of the file system.
 * All in a process's (or init's) thread context; any of these may sleep.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include <stdbool.h>

#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "kernel/types.h"

struct inode;

/* Mount the root file system on root_blkdev, replaying its log. Panics when it can't be, saying
 * why. */
void fs_init(void);

/* Write all that is only in memory to the disk and wait. 0; -1: nothing is written any more, after an
 * I/O error. */
int fs_sync(void);

/* A file's further reference (dup, fork) / one less; the last closes it. */
struct file *file_dup(struct file *f);
void file_close(struct file *f);

/* Inodes. namei: a referenced, unlocked inode, or NULL (relative to the calling process's directory).
 * Between inode_lock and inode_unlock its fields and content are stable. inode_close gives the
 * reference up, which may free the inode on the disk. No transaction around namei and inode_close. */
struct inode *namei(const char *path);
struct inode *inode_root(void);
struct inode *inode_dup(struct inode *ip);
void inode_lock(struct inode *ip);
void inode_unlock(struct inode *ip);
void inode_close(struct inode *ip);
short inode_type(struct inode *ip);
uint64 inode_size(struct inode *ip);

/* Copy n bytes from offset off of a locked inode to kernel memory; bytes read, short at the end of
 * the file; -1: I/O error. */
int64 inode_read(struct inode *ip, void *dst, uint64 off, uint64 n);

#endif
