/* SPDX-License-Identifier: BSD-3-Clause
 * A model of a file tree, in plain memory: what the file system must look like after the same calls.
 * Paths are absolute. Each call returns what the system call must return.
 */
#ifndef FS_TEST_MODEL_H
#define FS_TEST_MODEL_H

#include "kernel/fs.h"

#define MODEL_FILE_MAX (20u * BSIZE) /* bytes of a file: direct and indirect blocks */
#define MODEL_FDS 6

void model_init(void);

/* A digest of the tree: names, types, link counts, sizes, contents. */
unsigned long model_digest(void);

/* The digest of the tree in the file system, read through system calls. */
unsigned long fs_digest(void);

/* fd: an index below MODEL_FDS that is not open. Both return 0 or -1. */
int model_open(int fd, const char *path, int mode);
void model_close(int fd);
int model_is_open(int fd);
/* The number of bytes that a read returns, and where they are; -1: not open for reading. */
long model_read(int fd, const char **data, long n);
/* Where the next read or write starts, and whether all n bytes can be written there. */
unsigned model_offset(int fd);
int model_can_write(int fd, long n);
void model_write(int fd, const char *data, long n);
int model_create(const char *path, int type, int major, int minor);
int model_link(const char *old, const char *new);
int model_unlink(const char *path);

#endif
