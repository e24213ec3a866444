/*
 * Open files and pipes: inside kernel/fs. The functions for the rest of the kernel are in file.h.
 */
#ifndef FS_OFILE_H
#define FS_OFILE_H

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
/* A file with one reference and nothing in it, or NULL: NFILE are open, or out of memory. */
struct file *file_alloc(void);
/* Take back what file_alloc gave, still empty. */
void file_free(struct file *f);
/* Read and write for the calling process, n >= 0: bytes, fewer than n when an error came up on the
 * way; -1: nothing was done. */
int64 file_read(struct file *f, uint64 udst, int n);
int64 file_write(struct file *f, uint64 usrc, int n);
/* 0; -1: a pipe. */
int file_stat(struct file *f, struct stat *st);

/* pipe.c */
void pipe_init(void);
/* A pipe, with its two ends open; NULL: out of memory. */
struct pipe *pipe_create(void);
/* Close one end; the last frees the pipe. */
void pipe_close(struct pipe *pipe, bool writer);
/* Bytes, 0 at the end of the stream, or -1: killed, or bad address before the first byte. Waits
 * until there is something. */
int64 pipe_read(struct pipe *pipe, uint64 udst, uint64 n);
/* n, or fewer when one of these came up on the way; -1, before the first byte: killed, nobody can read
 * any more, or a bad address. Waits for room. */
int64 pipe_write(struct pipe *pipe, uint64 usrc, uint64 n);

#endif
