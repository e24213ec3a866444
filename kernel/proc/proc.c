/* SPDX-License-Identifier: BSD-3-Clause
 * The table of processes: making one, finding one, and what ps shows. fork.c has the beginning of a
 * process's life, exit.c its end.
 */
#include "proc/proc.h"

#include "dev/console.h"
#include "kernel/syscall.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/sysctl.h"
#include "lwkt/ipiq.h"
#include "mm/zone.h"
#include "proc/caps_service.h"
#include "proc/proctable.h"

#define PID_CHAINS 256
#define RESERVED_PROCS 16 /* kept for the user at the console (thread_may_use_reserve) */

/* Fewer than 1,000 by default, because xv6's forktest expects so many forks to fail. */
static int proc_max = 960;

struct spinlock proctable_lock = SPINLOCK("proctable");
struct list proc_all = {&proc_all, &proc_all};
struct proc *init_proc;
static struct proc *pid_chain[PID_CHAINS]; /* proctable_lock */

static struct zone *proc_zone;
static int proc_count;    /* proctable_lock */
static int last_pid;      /* proctable_lock */
static uint64 last_order; /* proctable_lock */
static bool reused;       /* pids have begun anew, so some are taken. proctable_lock */

static void proc_dump(void);

void proc_init(void)
{
    proc_zone = zone_create("proc", sizeof(struct proc));
    console_show_threads = proc_dump;
    console_interrupt = proc_interrupt;
    sysctl_init();
    usched_init();
    caps_init();
}

/* The link, in the chain of that pid's hash, that names its process or is the last one, NULL. Table
 * lock held. */
static struct proc **pid_link(int pid)
{
    struct proc **link = &pid_chain[(uint32)pid % PID_CHAINS];

    while (*link != NULL && (*link)->p_pid != pid)
        link = &(*link)->p_pidnext;
    return link;
}

struct proc *find_proc(int pid)
{
    return *pid_link(pid);
}

void proc_enter(struct proc *p)
{
    list_insert_tail(&proc_all, &p->p_all);
    p->p_pidnext = NULL;
    *pid_link(p->p_pid) = p;
}

/* The next pid that no process has. Table lock held. */
static int next_pid(void)
{
    do {
        if (last_pid == 0x7fffffff) {
            last_pid = 0;
            reused = true;
        }
        last_pid++;
    } while (reused && find_proc(last_pid) != NULL);
    return last_pid;
}

struct proc *proc_alloc(void)
{
    struct proc *p = zalloc(proc_zone);
    thread_t td = p != NULL ? lwkt_alloc_thread(NULL, LWKT_PROC_STACK, -1) : NULL;
    bool room;

    if (td == NULL) {
        if (p != NULL)
            zfree(proc_zone, p);
        return NULL;
    }
    lwkt_setpri(td, TDPRI_KERN_USER); /* now: fork may return on another cpu than td's */
    p->p_thread = td;
    td->td_proc = p;
    td->td_filedesc = &p->p_filedesc;
    p->p_upri = USER_PRI_NORMAL;
    p->p_affinity = ~0UL;
    p->p_target = -1;
    list_init(&p->p_sibling);
    list_init(&p->p_children);
    list_init(&p->p_zombies);
    list_init(&p->p_all);

    spin_lock(&proctable_lock);
    room = proc_count < proc_max - RESERVED_PROCS ||
           (proc_count < proc_max && thread_may_use_reserve());
    if (room) {
        proc_count++;
        p->p_pid = next_pid();
        p->p_order = ++last_order;
        proc_enter(p);
    }
    spin_unlock(&proctable_lock);
    if (!room) {
        proc_discard_thread(p);
        zfree(proc_zone, p);
        return NULL;
    }
    return p;
}

/* A thread that was never scheduled. p may be in the table, where others find its thread (describe). */
void proc_discard_thread(struct proc *p)
{
    thread_t td = p->p_thread;

    spin_lock(&proctable_lock);
    p->p_thread = NULL;
    spin_unlock(&proctable_lock);
    td->td_proc = NULL;
    lwkt_rele(td);
}

void proc_free(struct proc *p)
{
    spin_lock(&proctable_lock);
    *pid_link(p->p_pid) = p->p_pidnext;
    list_remove(&p->p_all);
    list_remove(&p->p_sibling);
    proc_count--;
    spin_unlock(&proctable_lock);
    zfree(proc_zone, p);
}

/* --- ps and ^P --- */

static int state_of(const struct proc *p)
{
    thread_t td = p->p_thread;

    if (p->p_state == P_ZOMBIE || td == NULL)
        return PI_ZOMBIE;
    if (p->p_state == P_UNUSED)
        return PI_EMBRYO;
    uint32 flags = peek(&td->td_flags);
    if (flags & TDF_RUNNING)
        return PI_RUNNING;
    return (flags & TDF_TSLEEPQ) ? PI_SLEEP : PI_RUNNABLE;
}

/* Fill in one entry. Fields that change meanwhile may be a moment old. Table lock held. */
static void describe(const struct proc *p, struct procinfo *info)
{
    thread_t td = p->p_thread;
    const char *wmesg = td != NULL ? glance(&td->td_wmesg) : NULL;

    memset(info, 0, sizeof(*info));
    info->pid = p->p_pid;
    info->ppid = p->p_parent != NULL ? p->p_parent->p_pid : 0;
    info->state = state_of(p);
    info->cpu = td != NULL ? peek(&td->td_gd)->gd_cpuid : -1;
    info->pri = td != NULL ? glance(&td->td_pri) : 0;
    info->size = info->state != PI_ZOMBIE ? peek(&p->p_size) : 0;
    strlcpy(info->name, p->p_name, sizeof(info->name));
    if (info->state == PI_SLEEP && wmesg != NULL)
        strlcpy(info->wmesg, wmesg, sizeof(info->wmesg));
}

int proc_list(struct procinfo *out, int max, uint64 *order)
{
    int n = 0;

    spin_lock(&proctable_lock);
    list_foreach(node, &proc_all)
    {
        const struct proc *p = list_entry(node, struct proc, p_all);
        if (n == max)
            break;
        if (p->p_order > *order) {
            *order = p->p_order;
            describe(p, &out[n++]);
        }
    }
    spin_unlock(&proctable_lock);
    return n;
}

/* Print the threads of this cpu. IPI body, as only this cpu touches the list. */
static void dump_cpu(void *arg)
{
    (void)arg;
    list_foreach(node, &mycpu->gd_tdallq)
    {
        thread_t td = list_entry(node, struct thread, td_allq);
        const char *state = td == mycpu->gd_curthread ? "run"
                            : td->td_flags & TDF_RUNQ ? "runnable"
                            : td->td_wmesg != NULL    ? td->td_wmesg
                                                      : "-";
        printf("cpu %d  pid %-4d pri %-2d %-10s %s\n", mycpuid,
               td->td_proc != NULL ? td->td_proc->p_pid : 0, td->td_pri, state,
               td->td_proc != NULL ? td->td_proc->p_name : td->td_comm);
    }
}

static void proc_dump(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_send_ipiq_bycpu(cpu, dump_cpu, NULL);
}

static uint64 count_processes(void)
{
    return (uint64)peek(&proc_count);
}

static uint64 get_last_pid(void)
{
    return (uint64)peek(&last_pid);
}

/* The next process gets the next free number after pid. For tests of what follows the largest
 * number. */
static int set_last_pid(uint64 pid)
{
    if (pid > 0x7fffffff)
        return SYSCTL_RANGE;
    spin_lock(&proctable_lock);
    poke(&last_pid, (int)pid);
    reused = true;
    spin_unlock(&proctable_lock);
    return 0;
}

static uint64 get_max(void)
{
    return (uint64)peek(&proc_max);
}

static int set_max(uint64 value)
{
    if (value <= RESERVED_PROCS || value > NPROC)
        return SYSCTL_RANGE;
    poke(&proc_max, (int)value);
    return 0;
}

SYSCTL(kern_maxproc, "kern.maxproc", get_max, set_max);
SYSCTL(kern_last_pid, "kern.last_pid", get_last_pid, set_last_pid);
SYSCTL(kern_processes, "kern.processes", count_processes, NULL);
SYSCTL(kern_threads, "kern.threads", lwkt_thread_count, NULL);
