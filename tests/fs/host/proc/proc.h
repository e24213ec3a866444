/*
 * Stand-in for kernel/proc/proc.h on the host: each thread is a process, and user memory is the
 * host's, but for addresses below BAD_BELOW and from BAD_FROM on.
 */
#ifndef PROC_PROC_H
#define PROC_PROC_H

#include "kernel/param.h"
#include "kernel/types.h"
#include "lib/atomic.h"

#define BAD_BELOW 0x1000UL
#define BAD_FROM 0x4000000000000000UL

struct proc {
    struct file *p_file[NOFILE];
    struct inode *p_cwd;
    uint32 p_killed;
};

extern _Thread_local struct proc *host_proc;

static inline struct proc *curproc(void)
{
    return host_proc;
}

static inline _Bool proc_killed(struct proc *p)
{
    return peek(&p->p_killed) != 0;
}

int copyin(void *dst, uint64 usrc, uint64 len);
int copyout(uint64 udst, const void *src, uint64 len);
int64 copyinstr(char *dst, uint64 usrc, uint64 max);
int proc_exec(const char *path, char *const argv[]);

#endif
