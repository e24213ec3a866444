/* SPDX-License-Identifier: BSD-3-Clause
 * Ending other processes: kill(), and the keys of the console (dev/console.c).
 *
 * A process is marked (td_killed), and told by a message to its thread's cpu, where the thread then
 * ends a sleep or looks at the mark on its way to user mode. The mark is made under the table's lock,
 * and proc_fork passes it on under the same lock: so a key that ends many processes at a time leaves
 * no child of theirs, even if all of them fork without end.
 */
#include "kernel/syscall.h"
#include "lwkt/ipiq.h"
#include "proc/proctable.h"

/*
 * On the thread's cpu: make a running process look at td_killed, and at news of its upcalls, when it
 * returns to user mode; after a kill, end a sleep that a kill may end, or a wait for a turn. The sender
 * holds td. IPI body.
 *
 * A thread that has left this cpu and not arrived at its new one (TDF_MIGRATING) is left alone: it may
 * arrive at any moment, exit there, and its process may be freed while this function runs. It looks at
 * td_killed after its arrival. With the two fences, either this function sees the new cpu, or that look
 * sees the kill.
 */
static void tell_here(void *arg)
{
    thread_t td = arg;

    fence(); /* td_killed, before td_gd; the other half: become_current */
    uint32 flags = consume(&td->td_flags); /* before td_gd, as in lwkt_schedule */
    globaldata_t owner = peek(&td->td_gd);

    if (owner != mycpu) {
        lwkt_send_ipiq(owner, tell_here, td);
        return;
    }
    /* td may be running, or preempted by the interrupt thread that this message interrupts. It would
     * then go on without a look, so the cpu is asked for one. That costs other threads little. */
    amo_or(&mycpu->gd_astflags, AST_SIGNAL);
    if (peek(&td->td_killed) == 0)
        ; /* it has news, which can wait for its turn */
    else if ((flags & (TDF_SINTR | TDF_TSLEEPQ)) == (TDF_SINTR | TDF_TSLEEPQ))
        lwkt_schedule(td);
    else if ((flags & TDF_MIGRATING) == 0 && td->td_proc != NULL)
        usched_killed(td->td_proc);
    lwkt_rele(td);
}

void proc_tell(thread_t td)
{
    lwkt_send_ipiq(peek(&td->td_gd), tell_here, td);
}

/* Mark p's thread, which will exit with that status. False: it has exited. Table lock held. */
static bool mark(struct proc *p, int status)
{
    thread_t td = p->p_thread;

    if (td == NULL)
        return false;
    if (peek(&td->td_killed) == 0)
        poke(&td->td_killed, (uint32)-status);
    return true;
}

/* Tell p's thread, which is marked. Takes the table's lock, which is held, off: the ring orders the
 * mark before the message. */
static void tell_and_unlock(struct proc *p)
{
    thread_t td = p->p_thread;

    lwkt_hold(td);
    spin_unlock(&proctable_lock);
    proc_tell(td);
}

int proc_kill(int pid)
{
    spin_lock(&proctable_lock);
    struct proc *p = find_proc(pid);
    /* The machine would end with init. What fork is still making has no thread that may be told: it
     * may be discarded at any time. */
    if (p == init_proc || (p != NULL && p->p_state == P_UNUSED))
        p = NULL;
    if (p != NULL && mark(p, EXIT_KILLED)) {
        tell_and_unlock(p);
        return 0;
    }
    spin_unlock(&proctable_lock);
    return p != NULL ? 0 : -1;
}

/* --- the console's keys --- */

/* Mark all that the key ends. True: something in the foreground was among them. */
static bool mark_jobs(bool all)
{
    bool foreground = false;

    spin_lock(&proctable_lock);
    list_foreach(node, &proc_all)
    {
        struct proc *p = list_entry(node, struct proc, p_all);
        if (p->p_state != P_ALIVE)
            continue;
        if (p->p_job == JOB_FOREGROUND)
            foreground |= mark(p, EXIT_INTERRUPTED);
        else if (all && p->p_job == JOB_BACKGROUND)
            mark(p, EXIT_INTERRUPTED);
    }
    spin_unlock(&proctable_lock);
    return foreground;
}

/* Tell the first marked process with a p_order above *order, which becomes its own. False: there is
 * none. */
static bool tell_next(uint64 *order)
{
    spin_lock(&proctable_lock);
    list_foreach(node, &proc_all)
    {
        struct proc *p = list_entry(node, struct proc, p_all);
        if (p->p_order > *order && p->p_thread != NULL && peek(&p->p_thread->td_killed) != 0) {
            *order = p->p_order;
            tell_and_unlock(p);
            return true;
        }
    }
    spin_unlock(&proctable_lock);
    return false;
}

bool proc_interrupt(bool all)
{
    bool foreground = mark_jobs(all);
    uint64 order = 0;

    while (tell_next(&order))
        ;
    return foreground;
}

int proc_setjob(int job)
{
    struct proc *p = curproc();
    int old;

    if (job < JOB_BACKGROUND || job > JOB_SHELL || (job == JOB_SHELL && !thread_may_use_reserve()))
        return -1;
    spin_lock(&proctable_lock);
    old = p->p_job;
    p->p_job = job;
    spin_unlock(&proctable_lock);
    return old;
}
