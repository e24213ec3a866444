/* SPDX-License-Identifier: BSD-3-Clause
 * What stands in for the rest of the kernel when kernel/fs runs on the host (host.c), and the disk
 * that it runs on (disk.c).
 */
#ifndef FS_TEST_HOST_H
#define FS_TEST_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "dev/blk.h"
#include "fs/vfs.h"
#include "fs/sysfile.h"
#include "kernel/fcntl.h"
#include "lib/sysent.h"
#include "lwkt/thread.h"
#include "mm/vm.h"

/* --- host.c --- */

/* Pages and zone objects in use, and the largest number of them that may be in use. */
extern unsigned host_pages, host_page_limit;

/* Whether lwkt_create starts a thread. If not, the log is committed only when it has to be. */
extern bool host_threads;

/* Whether a panic that begins with "fs: " means that a mount was refused, which is allowed. */
extern bool host_refuses;

/* Whether a thread that holds an inode's lock is delayed before it takes another one's, so that threads that
 * take them in different orders meet. */
extern bool host_delays;

/* Threads in lwkt_block. */
extern unsigned host_blocked;

/* The calling thread becomes a process, in the root directory. */
void host_become_process(struct filedesc *fdp);

/* A failed test: say why, and end. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A random number below n, from the thread's own sequence. */
extern _Thread_local unsigned long host_seed;
unsigned rnd(unsigned n);

/* System calls as a program makes them. */
int t_open(const char *path, int mode);
int t_close(int fd);
long t_read(int fd, void *buf, long n);
long t_write(int fd, const void *buf, long n);
int t_mkdir(const char *path);
int t_mknod(const char *path, int major, int minor);
int t_link(const char *old, const char *new);
int t_unlink(const char *path);
int t_chdir(const char *path);
int t_fstat(int fd, struct stat *st);
int t_dup(int fd);
int t_pipe(int fds[2]);
int t_sync(void);

/* --- disk.c --- */

struct write {      /* a write that the disk has received */
    unsigned block; /* ~0: a flush */
    unsigned state; /* the model's state number at that time */
    char data[BSIZE];
};

/* The disk is `nblocks` blocks at image. With trace, writes are recorded there, max at most. With
 * threads, requests end later, in any order, on another thread. */
void disk_init(char *image, unsigned nblocks);
void disk_trace(struct write *trace, unsigned *count, unsigned max, unsigned *state);
void disk_use_threads(void);

/* Whether the disk's threads stop before the next request; whether there is one. / How often this block
 * was written. */
void disk_hold(bool hold);
bool disk_has_requests(void);
extern unsigned disk_counted_block, disk_count;

/* The n-th next request or flush fails, or all from there on. / The n-th next write ends the process,
 * as if the power failed. 0: none. */
extern unsigned disk_fail_after, disk_dies_after;
extern bool disk_fails_for_good;

#endif
