/* SPDX-License-Identifier: BSD-3-Clause
 * Directories and paths, for the files of fs/ alone.
 */
#ifndef FS_DIR_H
#define FS_DIR_H

#include "fs/inode.h"

/* A name of at most DIRSIZ bytes as it stands in a directory: padded with NULs, after an inode number,
 * which is 0 here. So it is compared as two words. */
union name {
    struct dirent de;
    uint64 word[2];
};

extern const union name dir_self, dir_parent; /* "." and ".." */

/* dir.c: dp is a locked directory. */
/* The inode number of a name; 0: not there; -1: out of memory, or an I/O error. */
int64 dir_lookup(struct inode *dp, const union name *name);
/* Enter a name that is not there, inside a transaction. 0; -1: the disk or memory is full, an I/O
 * error, or the name is not allowed; nothing has changed then. */
int dir_link(struct inode *dp, const union name *name, uint32 inum);
/* Remove a name that is there, inside a transaction: 0, or -1: I/O error. */
int dir_unlink(struct inode *dp, const union name *name);
/* True when it has no names except "." and ".."; false also when it can't be read. */
bool dir_empty(struct inode *dp);
/* An empty directory (dir_empty) has lost its name: remove its "..". While it was in its parent, the
 * parent could not be removed; from now on it can, and its number may be given to another inode. */
void dir_forget_parent(struct inode *dp);
/* Free the index of a directory. The caller holds its lock, or no other thread has a reference. */
void dir_index_free(struct inode *dp);
void dir_init(void);

/* path.c: the directory of the path's last name, referenced, not locked, and that name. Not inside a
 * transaction. NULL: there is no such directory, or the path has no last name. */
struct inode *path_parent(const char *path, union name *name);

#endif
