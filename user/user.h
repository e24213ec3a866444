/* SPDX-License-Identifier: BSD-3-Clause
 * What a user program may call: xv6-riscv's whole API, of its older and its newer version (2020 and
 * later), with the same prototypes, and Nymph's own calls. A program written for it compiles unchanged.
 *
 * System calls return -1 when they fail. docs/syscalls.md says of each what it does, what its errors
 * are, and what a failure can have changed.
 */
#ifndef USER_USER_H
#define USER_USER_H

#include "kernel/types.h"

struct stat;
struct procinfo;
struct ktr_entry;

/* --- xv6's system calls --- */

int fork(void); /* 0 in the child, its pid in the parent */
int exit(int status) __attribute__((noreturn));
int wait(int *status);                     /* pid of a child that has ended; status may be 0 */
int pipe(int *fds);                        /* what is written to fds[1] is read from fds[0] */
int write(int fd, const void *buf, int n); /* bytes written, fewer than n after an error */
int read(int fd, void *buf, int n);        /* bytes read; 0: end of file */
int close(int fd);
int kill(int pid);
int exec(const char *path, char **argv); /* returns only when it fails */
int open(const char *path, int flags);   /* O_* of kernel/fcntl.h; returns the lowest free fd */
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int fstat(int fd, struct stat *st);
int link(const char *old, const char *new);
int mkdir(const char *path);
int chdir(const char *path);
int dup(int fd);
int getpid(void);
int pause(int ticks); /* ticks of uptime(): a second has UHZ of them */
#ifndef OWN_SLEEP     /* the Makefile defines it for a file that has a sleep() of its own */
int sleep(int ticks); /* the older xv6's name of pause() */
#endif
int uptime(void);

/* Move the end of the heap by n bytes; return the old end, or SBRK_ERROR. sbrk() gets the memory at
 * once; sbrklazy() gets each page when it is first touched, and the process dies if none is left. */
#define SBRK_EAGER 1
#define SBRK_LAZY 2
#define SBRK_ERROR ((char *)-1)
char *sbrk(int n);
char *sbrklazy(int n);
char *sys_sbrk(int n, int how);

/* --- Nymph's own system calls --- */

int getcpu(void);             /* the cpu that the caller was on: a hint */
int yield(void);              /* let processes of the same level run */
int setpri(int level);        /* USER_PRI_*; returns the old level */
int setaffinity(uint64 cpus); /* one bit for each cpu the caller may use */
int setjob(int job);          /* JOB_*: which keys of the console end it; returns the old one */
int halt(int status);         /* end the machine; returns only when it fails */
int sync(void);               /* wait until everything written is on the disk */

/* Processes that share memory: the child begins with func(arg), on a stack that ends at `stack`; its
 * pid. guard_page: a page of the heap that kills whoever touches it (on: 1), or no longer does (0). */
int fork_shared(void (*func)(void *arg), void *arg, void *stack);
int guard_page(void *page, int on);

/* Upcalls (kernel/upcall.h): register a handler, or none (0); go on where an upcall interrupted;
 * one at a time of the time CSR (~0: never); sleep until something is pending; have pid look. */
struct upcall;
struct upcall_frame;
int upcall(void (*handler)(struct upcall_frame *), struct upcall *area);
int upcall_return(struct upcall_frame *frame);
int upcall_timer(uint64 when);
int upcall_wait(void);
int upcall_notify(int pid);

/* Read a value of the kernel into *old, then set it from *new; old or new may be 0. When it fails: -1,
 * or one of SYSCTL_*. sysctlname: store the i-th name, from 0, in buf; return its length. */
int sysctl(const char *name, uint64 *old, const uint64 *new);
int sysctlname(int i, char *buf, int len);

/* Describe processes; copy entries of a cpu's trace ring. Return how many were filled in. */
int getprocs(struct procinfo *buf, int max);
int ktrace(int cpu, uint64 first, struct ktr_entry *buf, int max);

int bootarg(const char *name, char *buf, int len); /* a boot argument's value; its length */
int ktest(int op, void *arg, int len);             /* the scheduler tests */

/* CAPS: messages between processes, by name (limits in kernel/caps.h). Ids belong to the caller: a
 * child has none. A request that does not fit stays the next; a reply that does not fit is lost. */
int caps_register(const char *name);                                   /* serve this name: an id */
int caps_connect(const char *name);                                    /* an id for caps_call() */
int caps_call(int id, const void *buf, int len, void *reply, int max); /* reply's length */
int caps_wait(int id, void *buf, int max, int *len); /* a request: its number; len may be 0 */
int caps_reply(int id, int request, const void *buf, int len);
int caps_close(int id); /* calls that wait for its server fail */

/* --- The library (user/lib) --- */

int stat(const char *path, struct stat *st);
char *strcpy(char *dst, const char *src);
void *memmove(void *dst, const void *src, int n);
char *strchr(const char *s, char c);
int strcmp(const char *a, const char *b);
void fprintf(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *gets(char *buf, int max); /* read a line of fd 0, with its '\n'; "" at the end */
uint strlen(const char *s);
void *memset(void *dst, int c, uint n);
void *malloc(uint n); /* aligned to 16; 0 when there is no memory */
void free(void *p);
int atoi(const char *s); /* digits only: no sign */
int memcmp(const void *a, const void *b, uint n);
void *memcpy(void *dst, const void *src, uint n);

#endif
