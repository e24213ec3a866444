/*
 * What mkfs needs of the host: whole files in memory, and output that appears whole or not at all.
 *
 * Everything is written under a temporary name beside its final one and renamed at the end. die(),
 * from anywhere, removes what is not finished. (Apart from the rest because the host's struct stat
 * and the kernel's are both called that.)
 */
#ifndef MKFS_HOST_H
#define MKFS_HOST_H

#include "kernel/types.h"

/* Say "mkfs: ..." on stderr, remove unfinished output, exit with status 1. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The content of a regular file, private to this process: writes to it stay in memory. Sets *len to
 * its bytes. Dies with the reason when it can't be read. Lives until the process ends. */
uint8 *host_map(const char *path, uint64 *len);

/* Zeroed memory; dies when there is none. */
void *host_alloc(uint64 n);

/* A file or directory that is being made. One at a time. */
void host_begin_file(const char *path);
void host_begin_dir(const char *path);

/* Write n bytes at offset off of the file; gaps become holes. host_end_file makes it `size` bytes
 * long and gives it its name, replacing a file that had it. */
void host_write(const void *buf, uint64 n, uint64 off);
void host_end_file(uint64 size);

/* Inside the directory being made: `rel` is a path below it. A file's descriptor is used for
 * host_write until host_close_sub, which sets its size. */
void host_mkdir_sub(const char *rel);
void host_open_sub(const char *rel);
void host_close_sub(uint64 size);
/* Give the directory its name, which must not exist. */
void host_end_dir(void);

#endif
