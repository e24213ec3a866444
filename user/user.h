/*
 * What a user program may call: xv6-riscv's whole API, both generations of it, with the same
 * prototypes, and Nymph's own calls on top. A program written for xv6 compiles unchanged.
 *
 * System calls return -1 when they fail, and nothing else has happened then. Their numbers and the
 * exact contracts of Nymph's own are in kernel/syscall.h.
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
int wait(int *status);                     /* pid of an ended child; status may be 0 */
int pipe(int *fds);                        /* fds[0] reads what fds[1] writes */
int write(int fd, const void *buf, int n); /* bytes written, fewer than n after an error */
int read(int fd, void *buf, int n);        /* bytes read; 0: end of file */
int close(int fd);
int kill(int pid);
int exec(const char *path, char **argv); /* returns only when it fails */
int open(const char *path, int flags);   /* O_* of kernel/fcntl.h; the lowest free fd */
int mknod(const char *path, short major, short minor);
int unlink(const char *path);
int fstat(int fd, struct stat *st);
int link(const char *old, const char *new);
int mkdir(const char *path);
int chdir(const char *path);
int dup(int fd);
int getpid(void);
int sleep(int ticks); /* ticks of uptime(): UHZ of them a second */
int pause(int ticks); /* newer xv6's name for sleep() */
int uptime(void);

/* The end of the heap moves by n bytes; the old end, or SBRK_ERROR. sbrk() gets the memory at once;
 * with sbrklazy() each page comes when it is first touched, and the process dies if none is left. */
#define SBRK_EAGER 1
#define SBRK_LAZY 2
#define SBRK_ERROR ((char *)-1)
char *sbrk(int n);
char *sbrklazy(int n);
char *sys_sbrk(int n, int how);

/* --- Nymph's own system calls --- */

int getcpu(void);             /* cpu the caller was on, a hint */
int yield(void);              /* let equals run */
int setpri(int level);        /* USER_PRI_*; returns the level before */
int setaffinity(uint64 cpus); /* one bit for each cpu the caller may use */
int halt(int status);         /* end the machine; returns only when it fails */
int sync(void);               /* all that was written is on the disk */

/* A value of the kernel's by its name: read it, set it; old or new is 0 when not wanted. When it
 * fails: -1, or one of SYSCTL_*. sysctlname: the i-th name, from 0; its length. */
int sysctl(const char *name, uint64 *old, const uint64 *new);
int sysctlname(int i, char *buf, int len);

/* Processes and kernel threads, entries of a trace ring: how many were filled in. */
int getprocs(struct procinfo *buf, int max);
int ktrace(int cpu, uint64 first, struct ktr_entry *buf, int max);

int bootarg(const char *name, char *buf, int len); /* the value of a boot argument; its length */
int ktest(int op, void *arg, int len);             /* the scheduler tests */

/* CAPS: messages between processes, by name (limits in kernel/caps.h). Ids are the caller's own: a
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
char *gets(char *buf, int max); /* a line of fd 0 with its '\n'; "" at the end */
uint strlen(const char *s);
void *memset(void *dst, int c, uint n);
void *malloc(uint n); /* aligned to 16; 0 when memory is out */
void free(void *p);
int atoi(const char *s); /* digits only: no sign */
int memcmp(const void *a, const void *b, uint n);
void *memcpy(void *dst, const void *src, uint n);

#endif
