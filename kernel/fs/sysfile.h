/* SPDX-License-Identifier: BSD-3-Clause
 * Shared by the two files of system calls, sysfd.c (descriptors) and sysfile.c (path names).
 */
#ifndef FS_SYSFILE_H
#define FS_SYSFILE_H

#include "kernel/types.h"

struct file;

/* Give f the lowest free descriptor of the calling process, or -1. It takes over the reference. */
int fd_alloc(struct file *f);

#endif
