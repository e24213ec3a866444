/* SPDX-License-Identifier: BSD-3-Clause
 * Processes for the explorer's scenes: what kernel/proc asks of fork, exit, traps and devices.
 *
 * User mode is a loop that interrupts leave and come back to (boot/trap.c: trap_prepare_user_return). At
 * each entry to it the user scheduler's promises are checked: the process is its cpu's current one, and no
 * thread that may not be deferred waits for it.
 */
#include <string.h>

#include "cpu.h"
#include "views.h"
#include "dev/console.h"
#include "host.h"
#include "kernel/syscall.h"
#include "lwkt/wait.h"
#include "proc/clock.h"
#include "proc/proctable.h"
#include "proc/usertrap.h"
#include "riscv/plic.h"

#define PROCS_MAX 8

static struct {
    struct proc proc __attribute__((aligned(CACHE_LINE)));
    void (*main)(struct proc *p);
} procs[PROCS_MAX];
static int nprocs;

/* --- the beginning and the end --- */

static void run_main(void *arg)
{
    struct proc *p = arg;

    for (int i = 0; i < nprocs; i++)
        if (p == &procs[i].proc)
            procs[i].main(p);
    proc_exit(0);
}

typedef thread_t (*make_thread)(int cpu, int pri, void (*func)(void *), void *arg,
                                const char *name);

static struct proc *new_proc(make_thread make, int cpu, void (*main)(struct proc *p),
                             const char *name)
{
    CHECK(nprocs < PROCS_MAX, "more than %d processes", PROCS_MAX);
    if (nprocs == 0)
        usched_init();
    struct proc *p = &procs[nprocs].proc;

    procs[nprocs++].main = main;
    p->p_pid = nprocs;
    p->p_order = (uint64)nprocs;
    p->p_state = P_ALIVE;
    p->p_upri = USER_PRI_NORMAL;
    p->p_affinity = ~0UL;
    p->p_target = -1;
    proc_enter(p);
    p->p_thread = make(cpu, TDPRI_KERN_USER, run_main, p, name);
    p->p_thread->td_proc = p;
    return p;
}

struct proc *host_proc(int cpu, void (*main)(struct proc *p), const char *name)
{
    return new_proc(explore_thread, cpu, main, name);
}

struct proc *host_proc_stopped(int cpu, void (*main)(struct proc *p), const char *name)
{
    return new_proc(explore_stopped, cpu, main, name);
}

/* What exit.c does for the user scheduler, and for kill. From then on the process may be freed. */
void proc_exit(int status)
{
    struct proc *p = curproc();

    usched_exit(p);
    spin_lock(&proctable_lock);
    p->p_status = status;
    p->p_thread = NULL;
    p->p_state = P_ZOMBIE;
    curthread->td_proc = NULL;
    spin_unlock(&proctable_lock);
    explore_leave();
}

void host_reap(struct proc *p)
{
    bool gone = false;

    while (!gone) {
        lwkt_pause(20);
        spin_lock(&proctable_lock);
        gone = p->p_state == P_ZOMBIE;
        spin_unlock(&proctable_lock);
    }
    races_free(p, sizeof(*p));
}

void host_proc_audit(void)
{
    for (int i = 0; i < nprocs; i++) {
        const struct proc *p = &procs[i].proc;
        CHECK(p->p_state == P_ZOMBIE, "process %d lives", i);
        CHECK(!p->p_queued && p->p_target < 0, "process %d waits for a cpu", i);
    }
    for (int cpu = 0; cpu < ncpus; cpu++) {
        CHECK(globaldata_of[cpu]->gd_uschedcp == NULL, "cpu %d has a current process", cpu);
        CHECK(globaldata_of[cpu]->gd_uschedparked == NULL, "a process is parked on cpu %d", cpu);
    }
}

/* --- user mode --- */

static void check_user_mode(struct proc *p)
{
    globaldata_t gd = mycpu;

    CHECK(gd->gd_uschedcp == p, "%s is not the current process", curthread->td_comm);
    CHECK(p->p_target < 0 && !p->p_queued, "%s waits", curthread->td_comm);
    CHECK(gd->gd_uschedparked == NULL, "a process is parked");
    CHECK(p->p_affinity & CPUMASK(gd->gd_cpuid), "%s may not be here", curthread->td_comm);
    CHECK(curthread->td_critcount == 0, "%d sections", curthread->td_critcount);
    CHECK(gd->gd_runqmask >> (TDPRI_KERN_USER + 1) == 0, "a better thread waits for a tick: %x",
          gd->gd_runqmask);
}

static bool ready(void)
{
    return (peek(&mycpu->gd_reqflags) | peek(&mycpu->gd_astflags)) == 0 &&
           curthread->td_release != NULL;
}

void host_user(struct proc *p)
{
    cpu_intr_disable();
    while (!ready()) {
        cpu_intr_enable();
        if (peek(&mycpu->gd_reqflags) != 0)
            splz();
        proc_user_return();
        cpu_intr_disable();
    }
    check_user_mode(p);
    cpu_intr_enable();
}

/* A turn for the others. Unlike cpu_relax, it asks the kernel for nothing. */
static void user_step(void)
{
    struct cpu *c = &cpus[self];

    ++now;
    ++points;
    c->relaxed = true;
    pass_turn(self);
    if (pending(&cpus[self]))
        take_interrupt();
}

void host_user_until(struct proc *p, const uint32 *flag)
{
    host_user(p);
    while (consume(flag) == 0) {
        user_step();
        host_user(p);
    }
}

/* --- of other layers --- */

void (*console_show_threads)(void);
bool (*console_interrupt)(bool all);

void sysctl_init(void) {}

void caps_init(void) {}

bool clock_slow[NCPU];
void clock_hurry(void) {}

bool plic_reaches(uint32 irq, int cpu)
{
    (void)irq;
    return cpu == 0;
}

void plic_enable(uint32 irq, int cpu)
{
    (void)irq;
    (void)cpu;
}

void plic_complete(int cpu, uint32 irq)
{
    sim_irq_complete(cpu, (int)irq);
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    if (size > 0) {
        strncpy(dst, src, size - 1);
        dst[size - 1] = '\0';
    }
    return n;
}

int vm_fault(struct vmspace *vm, uint64 va, uint32 access)
{
    (void)vm;
    (void)va;
    (void)access;
    return -1;
}

/* No space is shared, and no process has upcalls. */
void vm_hold(const struct vmspace *vm, struct lwkt_tokref *ref)
{
    (void)vm;
    (void)ref;
}

void vm_drop(const struct vmspace *vm, struct lwkt_tokref *ref)
{
    (void)vm;
    (void)ref;
}

bool vm_is_guard(struct vmspace *vm, uint64 va)
{
    (void)vm;
    (void)va;
    return false;
}

void upcall_deliver(struct proc *p)
{
    (void)p;
}
