/* SPDX-License-Identifier: BSD-3-Clause
 * The open files and the current directory of a process. Each process has one of these (td_filedesc of
 * its thread), and only that thread touches it, so it needs no lock.
 */
#ifndef FS_FILEDESC_H
#define FS_FILEDESC_H

#include "kernel/param.h"

struct file;
struct inode;

struct filedesc {
    struct file *fd_file[NOFILE]; /* by descriptor; NULL: free */
    struct inode *fd_cwd;         /* current directory */
};

/* Give dst, which is empty, the same open files and directory as src. / Close all of them. Thread
 * context; these may sleep. */
void filedesc_copy(struct filedesc *dst, const struct filedesc *src);
void filedesc_release(struct filedesc *fdp);

/* Open files 0, 1 and 2 of the first process: the console, whatever has its name in the file system.
 * fd_cwd is set. 0, or -1: no memory. */
int filedesc_open_console(struct filedesc *fdp);

#endif
