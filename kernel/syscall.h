/*
 * System call numbers: a7 on ecall, arguments in a0..a5, the result in a0.
 * 1 to 21 are xv6's; what is Nymph's own starts at 32.
 */
#ifndef KERNEL_SYSCALL_H
#define KERNEL_SYSCALL_H

#define SYS_fork 1
#define SYS_exit 2
#define SYS_wait 3
#define SYS_pipe 4
#define SYS_read 5
#define SYS_kill 6
#define SYS_exec 7
#define SYS_fstat 8
#define SYS_chdir 9
#define SYS_dup 10
#define SYS_getpid 11
#define SYS_sbrk 12
#define SYS_sleep 13 /* newer xv6: pause */
#define SYS_pause 13
#define SYS_uptime 14
#define SYS_open 15
#define SYS_write 16
#define SYS_mknod 17
#define SYS_unlink 18
#define SYS_link 19
#define SYS_mkdir 20
#define SYS_close 21

#define SYS_getcpu 32      /* int getcpu(void): cpu number of the caller, a hint */
#define SYS_yield 33       /* int yield(void): let equals run */
#define SYS_setpri 34      /* int setpri(int level): USER_PRI_*; the old level, or -1 */
#define SYS_setaffinity 35 /* int setaffinity(uint64 mask): cpus the caller may use; 0, or -1 */
#define SYS_sysctl 36 /* int sysctl(const char *name, uint64 *old, const uint64 *new); SYSCTL_* */
#define SYS_sysctlname 37 /* int sysctlname(int i, char *buf, int len): i-th name, or -1 */
#define SYS_halt 38       /* int halt(int status): sync, end the machine; HALT_DISK_ERROR */
#define SYS_getprocs 39   /* int getprocs(struct procinfo *buf, int max): count filled in */
#define SYS_ktest 40      /* int ktest(...): the scheduler tests, see kernel/ktest.h */
#define SYS_sync 41       /* int sync(void): 0 when all that was written is on the disk */
#define SYS_bootarg 42    /* int bootarg(const char *name, char *buf, int len): length, or -1 */
#define SYS_ktrace 43     /* int ktrace(int cpu, uint64 first, struct ktr_entry *buf, int max) */

/* CAPS, messages between processes by name: limits in kernel/caps.h, contracts in proc/capscall.c. */
#define SYS_caps_register 48 /* int caps_register(const char *name): id */
#define SYS_caps_connect 49  /* int caps_connect(const char *name): id */
#define SYS_caps_call \
    50                    /* int caps_call(int id, const void *buf, int len, void *reply,
                                    int max): length of the reply */
#define SYS_caps_wait 51  /* int caps_wait(int id, void *buf, int max, int *len): request */
#define SYS_caps_reply 52 /* int caps_reply(int id, int request, const void *buf, int len): 0 */
#define SYS_caps_close 53 /* int caps_close(int id): 0 */
#define NSYSCALL 64

#define SYSCTL_UNKNOWN (-2)  /* results of sysctl(): no such name */
#define SYSCTL_READONLY (-3) /* it cannot be set */
#define SYSCTL_RANGE (-4)    /* not to that value */

#define HALT_DISK_ERROR 74 /* the machine's status, whatever halt()'s was: the disk has failed */

#define USER_PRI_IDLE 0 /* levels of setpri(): runs only when nothing else would */
#define USER_PRI_NORMAL 1
#define USER_PRI_REAL 2 /* before all normal processes */

#endif
