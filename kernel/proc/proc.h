/* SPDX-License-Identifier: BSD-3-Clause
 * Processes: a thread (td_proc), an address space, open files. Created by fork, changed by exec, ended
 * by exit and reaped by the parent's wait.
 */
#ifndef PROC_PROC_H
#define PROC_PROC_H

#include "fs/filedesc.h"
#include "kernel/procinfo.h"
#include "lib/sysent.h"
#include "lwkt/runq.h"
#include "lwkt/spin.h"
#include "lwkt/systimer.h"
#include "mm/vm.h"
#include "riscv/trapframe.h"

enum procstate { P_UNUSED, P_ALIVE, P_ZOMBIE };

/* A process's upcalls; see upcall.c. */
struct upcalls {
    uint64 handler; /* user addresses; its own thread's: of the handler, */
    uint64 area;    /* and of the struct upcall */
    uint32 news;    /* NEWS_*: what its thread has to look at before it enters user mode. AMO */
    struct systimer timer;
    globaldata_t timer_gd; /* whose timer may be queued, or NULL. Its own thread's */
};

#define NEWS_NOTIFY 1u /* upcall_notify() was called, or the program may have missed one */
#define NEWS_TIMER 2u  /* its time has come */

struct proc {
    int p_pid;
    uint64 p_order;         /* its place in the order of creation, as in proc_all. Constant */
    enum procstate p_state; /* proctable lock */
    struct thread *p_thread;
    uint64 p_size;              /* the address space's vm_size, for ps: peek, poke */
    struct filedesc p_filedesc; /* its own thread only */
    int p_status;               /* exit status, once P_ZOMBIE */
    struct proc *p_parent;      /* proctable lock */
    struct list p_sibling;      /* in one of the parent's two lists: proctable lock */
    struct list p_children;     /* those that live */
    struct list p_zombies;      /* those that wait for a wait, the first one first */
    struct list p_all;          /* all processes: proctable lock */
    struct proc *p_pidnext;     /* those with the same hash of the pid: proctable lock */
    int p_job;                  /* JOB_*: what the console's keys do to it. proctable lock */
    char p_name[16];

    struct upcalls *p_upcalls; /* NULL: none. Set under the table lock, by its own thread */

    /* The user scheduler's; see usched.c and usched_queue.c. */
    int p_queue;      /* number of the queue where it waits or waited last */
    bool p_queued;    /* it waits there */
    uint32 p_arrival; /* its place among those that came there */
    struct proc *p_heapchild, *p_heapnext, *p_heapprev;
    int p_upri;         /* USER_PRI_* */
    uint64 p_affinity;  /* cpus it may use */
    uint64 p_vruntime;  /* time it has had, in cpu_time() ticks */
    uint64 p_since;     /* when it was last charged */
    uint64 p_heartbeat; /* its cpu's gd_heartbeat when it became the current process there */
    uint64 p_favor;     /* of p_vruntime, what may still be forgiven a shell or its command */
    int p_target;       /* cpu that picked it and waits for it, or -1 */
    bool p_seeks;       /* on its way to a cpu, or to its end: none is passed on to it */
};

/* The calling thread's process; NULL in a kernel thread. */
static inline struct proc *curproc(void)
{
    return curthread->td_proc;
}

/* proc.c, fork.c, exit.c, kill.c; thread context. */
void proc_init(void);
void sysctl_init(void); /* kern_sysctl.c */
void proc_start_init(void);
/* Make a child of the calling process. start NULL: a copy, which returns 0 from the same system call;
 * otherwise it shares the caller's memory. Returns its pid; -1: memory is out or the process table is
 * full. */
struct fork_start {
    uint64 func, arg, stack; /* the child begins with func(arg), on this stack */
};
int proc_fork(const struct fork_start *start);
void proc_exit(int status) __attribute__((noreturn));
int proc_wait(uint64 ustatus); /* pid of a reaped child, or -1 */
int proc_kill(int pid);        /* 0, or -1: no such process, or init */
/* Have td, the thread of a process, look for a kill and for news of its upcalls before it enters user
 * mode; a kill also ends sleeps. The caller has held td for this, and holds no spin lock. Any
 * context. */
void proc_tell(thread_t td);
/* Kill the processes in the foreground; all: those in the background too, everything but the shells and
 * init. False: nothing was in the foreground. Thread context, no spin lock held. */
bool proc_interrupt(bool all);
int proc_setjob(int job);                            /* JOB_*; the old one, or -1: not allowed */
int proc_exec(const char *path, char *const argv[]); /* argc, or -1; argv in kernel memory */
/* List the first max processes with a p_order above *order. Returns how many; *order becomes the last
 * one's. */
int proc_list(struct procinfo *out, int max, uint64 *order);

/* upcall.c. If there is news, make the program's upcall, if it is not masked. Ends the process if it
 * cannot be made. / Forget handler and timer. Both in the process's own thread. */
void upcall_deliver(struct proc *p);
void upcall_forget(struct proc *p);

/* The frame that the process entered the kernel with, at the top of its thread's stack. */
static inline struct trapframe *proc_trapframe(struct proc *p)
{
    return (struct trapframe *)p->p_thread->td_mach.md_stack_top - 1;
}

/* syscall.c: the scheduler tests' system call. ktest/ktest.c sets it before there are processes, if the
 * kernel was booted for tests; otherwise it is NULL, and the call returns -1. */
extern syscall_fn ktest_syscall;

/* usched*.c: which processes may be in user mode, and on which cpu. */
void usched_init(void);
void usched_favor(struct proc *p);       /* a shell, or a command that it starts: for some time */
void usched_setrunqueue(struct proc *p); /* new process: let it run somewhere */
void usched_userexit(struct proc *p);    /* the caller is about to enter user mode; may move it */
void usched_yield(struct proc *p);       /* the caller lets equals go first, at its return */
void usched_killed(struct proc *p);      /* p, of this cpu, was killed; IPI body */
void usched_exit(struct proc *p);        /* the caller will not enter user mode again */
int usched_setpri(struct proc *p, int level);        /* USER_PRI_*; the old level, or -1 */
int usched_setaffinity(struct proc *p, uint64 mask); /* 0, or -1: no such cpu */
void usched_tick(void); /* each tick of a cpu, from its timer interrupt */

/* Before that: processes that wait here at user priority until the current one blocks
 * (usched_pass.c) get kernel priority. In a critical section. */
void usched_raise_others(void);
static inline void usched_raise(void)
{
    thread_t td = curthread;

    if (mycpu->gd_runqmask != 1u << td->td_pri || !runq_is_alone(td))
        usched_raise_others();
}

#endif
