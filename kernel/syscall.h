/* SPDX-License-Identifier: BSD-3-Clause
 * The system calls: number in a7 on ecall, arguments in a0 to a5, result in a0. 1 to 21 are xv6's;
 * Nymph's own start at 32. docs/syscalls.md describes each; user/user.h has the prototypes.
 *
 * This list is the only one: from it come the numbers SYS_name, the table of handlers
 * (proc/syscall.c: sys_name) and the stubs of the user library (user/lib/usys.S). To add a call, add
 * a row, write the handler, and declare the function in user/user.h.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

/* clang-format off */
#define SYSCALLS(X) \
    X(1, fork)           \
    X(2, exit)           \
    X(3, wait)           \
    X(4, pipe)           \
    X(5, read)           \
    X(6, kill)           \
    X(7, exec)           \
    X(8, fstat)          \
    X(9, chdir)          \
    X(10, dup)           \
    X(11, getpid)        \
    X(12, sbrk)          \
    X(13, pause)         \
    X(14, uptime)        \
    X(15, open)          \
    X(16, write)         \
    X(17, mknod)         \
    X(18, unlink)        \
    X(19, link)          \
    X(20, mkdir)         \
    X(21, close)         \
    X(32, getcpu)        \
    X(33, yield)         \
    X(34, setpri)        \
    X(35, setaffinity)   \
    X(36, sysctl)        \
    X(37, sysctlname)    \
    X(38, halt)          \
    X(39, getprocs)      \
    X(40, ktest)         \
    X(41, sync)          \
    X(42, bootarg)       \
    X(43, ktrace)        \
    X(44, setjob)        \
    X(48, caps_register) \
    X(49, caps_connect)  \
    X(50, caps_call)     \
    X(51, caps_wait)     \
    X(52, caps_reply)    \
    X(53, caps_close)    \
    X(54, fork_shared)   \
    X(55, guard_page)    \
    X(56, upcall)        \
    X(57, upcall_return) \
    X(58, upcall_timer)  \
    X(59, upcall_wait)   \
    X(60, upcall_notify)
/* clang-format on */

#ifdef __ASSEMBLER__
#define SYSCALL_NUMBER(number, name) .equ SYS_##name, number;
SYSCALLS(SYSCALL_NUMBER)
#else
#define SYSCALL_NUMBER(number, name) SYS_##name = (number),
enum { SYSCALLS(SYSCALL_NUMBER) };
#endif

#define SYS_sleep SYS_pause /* older xv6's name */
#define NSYSCALL 64

#define SYSCTL_UNKNOWN (-2)  /* results of sysctl(): no such name */
#define SYSCTL_READONLY (-3) /* it cannot be set */
#define SYSCTL_RANGE (-4)    /* not to that value */

#define HALT_DISK_ERROR 74 /* the machine's status, whatever halt()'s was: the disk has failed */

#define EXIT_KILLED (-1)      /* statuses of wait(): ended by kill(), or by an exception */
#define EXIT_INTERRUPTED (-2) /* ended by a key of the console */

#define JOB_BACKGROUND 0 /* kinds of setjob(): only ^\ ends it */
#define JOB_FOREGROUND 1 /* ^C ends it, too */
#define JOB_SHELL 2      /* no key ends it */

#define USER_PRI_IDLE 0 /* levels of setpri(): runs only when nothing else would */
#define USER_PRI_NORMAL 1
#define USER_PRI_REAL 2 /* before all normal processes */

#endif
