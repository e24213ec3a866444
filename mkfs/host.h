/* SPDX-License-Identifier: BSD-3-Clause
 * What mkfs needs from the host: whole files in memory, and output that appears whole or not at all.
 *
 * Everything is written under a temporary name in the same directory, and renamed at the end. die()
 * removes what is not finished, wherever it is called. (This is separate from the rest because the host
 * and the kernel both have a struct stat.)
 */
#ifndef MKFS_HOST_H
#define MKFS_HOST_H

#include "kernel/types.h"

/* Print "mkfs: ..." on stderr, remove unfinished output, and exit with status 1. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The content of a regular file, private to this process: writes to it stay in memory. Sets *len to its
 * size in bytes. Dies with the reason when the file cannot be read. Valid until the process ends. */
uint8 *host_map(const char *path, uint64 *len);

/* Zeroed memory. Dies when there is none. */
void *host_alloc(uint64 n);

/* Begin to make a file or a directory. One at a time. */
void host_begin_file(const char *path);
void host_begin_dir(const char *path);

/* Write n bytes at offset off of the file; gaps become holes. host_end_file makes the file `size` bytes
 * long and gives it its name, in place of an older file of that name. */
void host_write(const void *buf, uint64 n, uint64 off);
void host_end_file(uint64 size);

/* In the directory that is being made: `rel` is a path below it. After host_open_sub, host_write writes
 * to this file, until host_close_sub, which sets its size. */
void host_mkdir_sub(const char *rel);
void host_open_sub(const char *rel);
void host_close_sub(uint64 size);
/* Give the directory its name, which must not exist. */
void host_end_dir(void);

#endif
