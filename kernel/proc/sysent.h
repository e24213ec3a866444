/*
 * The handlers of the system calls, wherever they live. arg: the registers a0 to a5. Each runs in the
 * calling process's thread, with interrupts on, and may sleep.
 */
#ifndef PROC_SYSENT_H
#define PROC_SYSENT_H

#include "kernel/types.h"

/* sysctl kern.giant: 1, every system call runs under the MP lock. Read with peek(). */
extern int kern_giant;

/* proc/sysproc.c */
int64 sys_fork(const uint64 *arg);
int64 sys_exit(const uint64 *arg);
int64 sys_wait(const uint64 *arg);
int64 sys_kill(const uint64 *arg);
int64 sys_getpid(const uint64 *arg);
int64 sys_sbrk(const uint64 *arg);
int64 sys_pause(const uint64 *arg);
int64 sys_uptime(const uint64 *arg);
int64 sys_getcpu(const uint64 *arg);
int64 sys_yield(const uint64 *arg);
int64 sys_setpri(const uint64 *arg);
int64 sys_setaffinity(const uint64 *arg);
int64 sys_sysctl(const uint64 *arg);
int64 sys_sysctlname(const uint64 *arg);
int64 sys_halt(const uint64 *arg);
int64 sys_getprocs(const uint64 *arg);
int64 sys_bootarg(const uint64 *arg);

/* proc/ktrace.c */
int64 sys_ktrace(const uint64 *arg);

/* proc/capscall.c */
int64 sys_caps_register(const uint64 *arg);
int64 sys_caps_connect(const uint64 *arg);
int64 sys_caps_call(const uint64 *arg);
int64 sys_caps_wait(const uint64 *arg);
int64 sys_caps_reply(const uint64 *arg);
int64 sys_caps_close(const uint64 *arg);

/* fs/sysfile.c */
int64 sys_pipe(const uint64 *arg);
int64 sys_read(const uint64 *arg);
int64 sys_exec(const uint64 *arg);
int64 sys_fstat(const uint64 *arg);
int64 sys_chdir(const uint64 *arg);
int64 sys_dup(const uint64 *arg);
int64 sys_open(const uint64 *arg);
int64 sys_write(const uint64 *arg);
int64 sys_mknod(const uint64 *arg);
int64 sys_unlink(const uint64 *arg);
int64 sys_link(const uint64 *arg);
int64 sys_mkdir(const uint64 *arg);
int64 sys_close(const uint64 *arg);
int64 sys_sync(const uint64 *arg);

/* syscall.c: the scheduler tests' system call. ktest/ktest.c sets it before there are processes, if the
 * kernel was booted for tests; otherwise it is NULL, and the call returns -1. */
extern syscall_fn ktest_syscall;

#endif
