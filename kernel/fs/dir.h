/*
 * Directories and paths: inside kernel/fs. Names are at most DIRSIZ bytes; a name in a buffer of
 * DIRSIZ bytes is padded with NULs, as on the disk.
 */
#ifndef FS_DIR_H
#define FS_DIR_H

#include "fs/inode.h"

/* dir.c: dp is a locked directory. */
/* The inode number of a name; 0: not there; -1: out of memory, or an I/O error. */
int64 dir_lookup(struct inode *dp, const char *name);
/* Enter a name that is not there, inside a transaction. 0; -1: the disk or memory is full, an I/O
 * error, or no name to be entered; nothing has changed then. */
int dir_link(struct inode *dp, const char *name, uint32 inum);
/* Remove a name that is there, inside a transaction: 0, or -1: I/O error. */
int dir_unlink(struct inode *dp, const char *name);
/* True when it has no names but "." and ".."; false also when it can't be read. */
bool dir_empty(struct inode *dp);
/* A directory that dir_empty() was true for has lost its name: from now on ".." is not there. As long
 * as it was in its parent, the parent could not be removed, and its number given to another one. */
void dir_forget_parent(struct inode *dp);
/* Drop what memory knows of a directory. Its lock is held, or nobody else has it. */
void dir_index_free(struct inode *dp);
void dir_init(void);

/* path.c: the directory that the last name of the path is to be found in, referenced, not locked, and
 * that name. No transaction. NULL: no such directory, or the path has no last name. */
struct inode *path_parent(const char *path, char *name);

#endif
