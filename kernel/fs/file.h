/* SPDX-License-Identifier: BSD-3-Clause
 * Open files and pipes, for the files of fs/ alone. The functions for other layers are in vfs.h.
 */
#ifndef FS_FILE_H
#define FS_FILE_H

#include "fs/inode.h"

struct pipe;

enum filetype { FD_PIPE, FD_INODE, FD_DEVICE };

/* An open file, shared by all descriptors that dup and fork have made of it. */
struct file {
    uint32 f_ref;         /* descriptors: AMO */
    enum filetype f_type; /* this and the next five: constant once it has a descriptor */
    bool f_readable;
    bool f_writable;
    bool f_append;
    short f_major;         /* FD_DEVICE */
    struct pipe *f_pipe;   /* FD_PIPE */
    struct inode *f_inode; /* FD_INODE, FD_DEVICE */
    uint64 f_off;          /* FD_INODE: where the next read or write starts; f_inode's lock */
};

/* file.c */
void file_init(void);
/* A new file with one reference and nothing in it; NULL: NFILE files are open (fewer, unless
 * the caller may use the reserve), or memory is out. */
struct file *file_alloc(void);
/* Give back a file from file_alloc that is still empty. */
void file_free(struct file *f);
/* Read and write for the calling process, n >= 0. They return the bytes done, fewer than n when an
 * error came up on the way; -1: nothing was done. */
int64 file_read(struct file *f, uint64 udst, int n);
int64 file_write(struct file *f, uint64 usrc, int n);
/* 0; -1: a pipe. */
int file_stat(struct file *f, struct stat *st);

/* pipe.c */
void pipe_init(void);
/* A new pipe with both ends open; NULL: memory is out. */
struct pipe *pipe_create(void);
/* Close one end. Closing the second frees the pipe. */
void pipe_close(struct pipe *pipe, bool writer);
/* Wait until there is something, and read it. Returns the bytes read; 0: the end of the stream; -1:
 * killed, or a bad address before the first byte. */
int64 pipe_read(struct pipe *pipe, uint64 udst, uint64 n);
/* Write n bytes, waiting for room. It ends early when the process is killed, when no reader is left, or
 * at a bad address: then it returns the bytes written so far, or -1 if there are none. */
int64 pipe_write(struct pipe *pipe, uint64 usrc, uint64 n);

#endif
