/*
 * What the two files of system calls share: sysfd.c (descriptors) and sysfile.c (path names).
 */
#ifndef FS_SYSFILE_H
#define FS_SYSFILE_H

#include "kernel/types.h"

struct file;

/* Give f the lowest free descriptor of the calling process, or -1. It takes over the reference. */
int fd_alloc(struct file *f);

/* System call handlers, for the table in proc/syscall.c. */
int64 sys_chdir(const uint64 *arg);
int64 sys_close(const uint64 *arg);
int64 sys_dup(const uint64 *arg);
int64 sys_exec(const uint64 *arg);
int64 sys_fstat(const uint64 *arg);
int64 sys_link(const uint64 *arg);
int64 sys_mkdir(const uint64 *arg);
int64 sys_mknod(const uint64 *arg);
int64 sys_open(const uint64 *arg);
int64 sys_pipe(const uint64 *arg);
int64 sys_read(const uint64 *arg);
int64 sys_sync(const uint64 *arg);
int64 sys_unlink(const uint64 *arg);
int64 sys_write(const uint64 *arg);

#endif
