/* SPDX-License-Identifier: BSD-3-Clause
 * Upcalls (kernel/upcall.h): the kernel interrupts a program as a hart is interrupted, by a call of its
 * handler between two of its instructions.
 *
 *   upcall_notify(pid)   any process          news |= NEWS_NOTIFY; tell the thread
 *   the time comes       a timer interrupt    news |= NEWS_TIMER; tell the thread
 *   upcall_deliver       its own thread,      news = 0; UPCALL_TIMER; if something is pending and not
 *                        to user mode         masked: the frame onto the user's stack; the handler
 *
 * No event is lost. Its bit in `pending` is set before the news, and the thread is told after both. It
 * takes the news before it reads `masked` and `pending`. So either it makes the upcall; or it finds
 * `masked` set, and the program, which clears that word later, looks at `pending` after that. The look
 * at the news is the last thing before user mode that may wait, and whoever tells the thread later than
 * that makes its cpu look again (AST_SIGNAL; kill.c).
 *
 * The program may have put any value into its registers and its struct upcall. If the frame cannot be
 * stored, the process ends.
 */
#include "kernel/upcall.h"

#include "kernel/syscall.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lwkt/ipiq.h"
#include "mm/zone.h"
#include "proc/proctable.h"
#include "sync/sleep.h"

#define MASKED offsetof(struct upcall, masked)
#define PENDING offsetof(struct upcall, pending)

/* A trap frame begins as the program's frame does. */
_Static_assert(offsetof(struct trapframe, sepc) == offsetof(struct upcall_frame, pc), "frames");

/* --- news --- */

/* Tell td, which the caller has held, that there is news; u is its process's, and may be gone. */
static void tell(const struct upcalls *u, thread_t td)
{
    wakeup(u); /* it may be in upcall_wait() */
    proc_tell(td);
}

/* int upcall_notify(int pid): if that process has a handler, have it look at its `pending`. */
int64 sys_upcall_notify(const uint64 *arg)
{
    struct upcalls *u = NULL;
    thread_t td = NULL;

    spin_lock(&proctable_lock);
    struct proc *p = find_proc((int)arg[0]);
    if (p != NULL && (u = p->p_upcalls) != NULL) {
        td = p->p_thread;
        amo_or_rel(&u->news, NEWS_NOTIFY); /* pairs with the acquire in upcall_deliver */
        lwkt_hold(td);
    }
    spin_unlock(&proctable_lock);
    if (td == NULL)
        return -1;
    tell(u, td);
    return 0;
}

/* In the timer interrupt of the cpu on which it was set. The process is there: it takes the timer back
 * before it ends. */
static void time_has_come(struct systimer *st)
{
    struct proc *p = st->st_arg;

    amo_or_rel(&p->p_upcalls->news, NEWS_TIMER); /* as above */
    lwkt_hold(p->p_thread);
    tell(p->p_upcalls, p->p_thread);
}

static void cancel_here(void *arg)
{
    systimer_del(arg);
}

/* Take the timer back from the cpu that has it, which may be another one by now. */
static void cancel_timer(struct upcalls *u)
{
    globaldata_t gd = u->timer_gd;

    u->timer_gd = NULL;
    if (gd != NULL)
        lwkt_wait_ipiq(gd, lwkt_send_ipiq(gd, cancel_here, &u->timer));
}

/* int upcall_timer(uint64 when): set UPCALL_TIMER at that time of the time CSR; ~0: never. */
int64 sys_upcall_timer(const uint64 *arg)
{
    struct proc *p = curproc();
    struct upcalls *u = p->p_upcalls;

    if (u == NULL)
        return -1;
    cancel_timer(u);
    amo_and(&u->news, ~NEWS_TIMER);
    if (arg[0] == ~0UL)
        return 0;
    crit_enter();
    u->timer_gd = mycpu;
    systimer_init_oneshot(&u->timer, time_has_come, p, arg[0]);
    crit_exit();
    return 0;
}

static bool has_news(void *arg)
{
    return peek((uint32 *)arg) != 0;
}

/* int upcall_wait(void): sleep until something is pending. */
int64 sys_upcall_wait(const uint64 *arg)
{
    struct upcalls *u = curproc()->p_upcalls;
    uint32 pending;

    (void)arg;
    if (u == NULL || copyin(&pending, u->area + PENDING, sizeof(pending)) < 0)
        return -1;
    /* The bit comes before its news, so if it is not there yet, the news ends the sleep. */
    return pending != 0 || tsleep_until(u, PCATCH, "upcall", has_news, &u->news) == 0 ? 0 : -1;
}

/* --- handlers --- */

static void set_upcalls(struct proc *p, struct upcalls *u)
{
    spin_lock(&proctable_lock); /* upcall_notify */
    p->p_upcalls = u;
    p->p_thread->td_mach.md_whole = u != NULL; /* upcall_deliver stores and loads them all */
    spin_unlock(&proctable_lock);
}

void upcall_forget(struct proc *p)
{
    struct upcalls *u = p->p_upcalls;

    if (u == NULL)
        return;
    cancel_timer(u);
    set_upcalls(p, NULL);
    kfree(u);
}

/* The next return to user mode looks at the news. */
static void look_again(struct upcalls *u)
{
    amo_or(&u->news, NEWS_NOTIFY);
    amo_or(&mycpu->gd_astflags, AST_SIGNAL);
}

/* int upcall(void (*handler)(struct upcall_frame *), struct upcall *area); handler 0: no upcalls any
 * more. */
int64 sys_upcall(const uint64 *arg)
{
    struct proc *p = curproc();
    struct upcalls *u = NULL;

    if (arg[0] != 0 &&
        (vm_set_bits(curthread->td_vmspace, arg[1], 0) < 0 || (u = kmalloc(sizeof(*u))) == NULL))
        return -1;
    upcall_forget(p);
    if (u == NULL)
        return 0;
    u->handler = arg[0];
    u->area = arg[1];
    set_upcalls(p, u);
    look_again(u); /* something may be pending already */
    return 0;
}

/*
 * int upcall_return(struct upcall_frame *frame): go on as the frame says, with upcalls unmasked. The
 * result is a0 of the frame, because the caller of this function stores it there.
 */
int64 sys_upcall_return(const uint64 *arg)
{
    struct proc *p = curproc();
    struct upcalls *u = p->p_upcalls;
    struct upcall_frame frame;
    struct upcall state = {0};

    if (u == NULL || copyin(&frame, arg[0], sizeof(frame)) < 0 ||
        copyout(u->area + MASKED, &state.masked, sizeof(state.masked)) < 0 ||
        copyin(&state, u->area, sizeof(state)) < 0)
        return -1;
    memcpy(proc_trapframe(p), &frame, sizeof(frame));
    if (state.pending != 0)
        look_again(u);
    return (int64)proc_trapframe(p)->a0;
}

/* Store the frame below sp, and go to the handler. False: something cannot be stored. */
static bool make_upcall(const struct upcalls *u, struct trapframe *tf)
{
    uint64 sp = (tf->sp & ~15UL) - sizeof(struct upcall_frame);
    uint32 masked = 1;

    if (copyout(sp, tf, sizeof(struct upcall_frame)) < 0 ||
        copyout(u->area + MASKED, &masked, sizeof(masked)) < 0)
        return false;
    tf->sepc = u->handler;
    tf->sp = tf->a0 = sp;
    return true;
}

void upcall_deliver(struct proc *p)
{
    struct upcalls *u = p->p_upcalls;
    struct trapframe *tf = proc_trapframe(p);
    struct upcall state;

    if (peek(&u->news) == 0)
        return;
    uint32 news = amo_swap_acq(&u->news, 0); /* pairs with the releases above */
    if (((news & NEWS_TIMER) == 0 ||
         vm_set_bits(curthread->td_vmspace, u->area + PENDING, UPCALL_TIMER) == 0) &&
        copyin(&state, u->area, sizeof(state)) == 0 &&
        (state.masked != 0 || state.pending == 0 || make_upcall(u, tf)))
        return;
    printf("pid %d %s: no place for an upcall, pc %p, sp %p: killed\n", p->p_pid, p->p_name,
           (void *)tf->sepc, (void *)tf->sp);
    proc_exit(EXIT_KILLED);
}
