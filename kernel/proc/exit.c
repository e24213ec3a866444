/* SPDX-License-Identifier: BSD-3-Clause
 * The end of a process: exit leaves a zombie, and the parent's wait removes it.
 */
#include "lib/panic.h"
#include "proc/caps_service.h"
#include "proc/proctable.h"
#include "sync/sleep.h"

/* Leave the address space, which ends with its last process. */
static void release_memory(void)
{
    struct vmspace *vm = curthread->td_vmspace;

    crit_enter();
    cpu_thread_leave(curthread);
    curthread->td_mach.md_satp = 0;
    crit_exit();
    curthread->td_vmspace = NULL;
    vmspace_release(vm);
}

/* Give all children in one of p's lists to init. Table lock held. */
static void give_to_init(struct list *from, struct list *to)
{
    while (!list_empty(from)) {
        struct list *node = list_first(from);
        list_remove(node);
        list_entry(node, struct proc, p_sibling)->p_parent = init_proc;
        list_insert_tail(to, node);
    }
}

/* Give p's children to init. True: one of them is a zombie, so init must be woken. Table lock held. */
static bool orphan_children(struct proc *p)
{
    bool zombies = !list_empty(&p->p_zombies);

    give_to_init(&p->p_children, &init_proc->p_children);
    give_to_init(&p->p_zombies, &init_proc->p_zombies);
    return zombies;
}

/*
 * End the calling process. Its parent's wait gets the status. From P_ZOMBIE on the parent may free p at
 * any time, so this thread is then a thread without a process.
 */
void proc_exit(int status)
{
    struct proc *p = curproc();
    struct proc *parent;
    bool wake_init;

    if (p == init_proc)
        panic("init exited with status %d", status);
    caps_exit(curthread); /* first: when the parent knows, the names are free */
    filedesc_release(&p->p_filedesc);
    upcall_forget(p);
    release_memory(); /* it passes turns, for which p may need a cpu once more */
    usched_exit(p);

    spin_lock(&proctable_lock);
    wake_init = orphan_children(p);
    parent = p->p_parent;
    list_remove(&p->p_sibling);
    list_insert_tail(&parent->p_zombies, &p->p_sibling);
    p->p_status = status;
    p->p_thread = NULL;
    p->p_state = P_ZOMBIE;
    curthread->td_proc = NULL;
    spin_unlock(&proctable_lock);
    wakeup(parent);
    if (wake_init)
        wakeup(init_proc);
    lwkt_exit();
}

struct wait {
    struct proc *parent;
    struct proc *zombie; /* found among its children, or NULL */
};

/* The wait is over: there is a zombie, or no child at all. */
static bool find_zombie(void *arg)
{
    struct wait *w = arg;

    spin_lock(&proctable_lock);
    struct list *first = list_first(&w->parent->p_zombies);
    bool over = first != NULL || list_empty(&w->parent->p_children);
    spin_unlock(&proctable_lock);
    if (first != NULL)
        w->zombie = list_entry(first, struct proc, p_sibling); /* only its parent frees it */
    return over;
}

/*
 * Wait for a child to exit, and store its status at user address ustatus unless that is 0. Returns the
 * child's pid; -1: no children, killed, or a bad address, after which wait can still get the child.
 */
int proc_wait(uint64 ustatus)
{
    struct wait w = {.parent = curproc(), .zombie = NULL};

    tsleep_until(w.parent, PCATCH, "wait", find_zombie, &w);
    if (w.zombie == NULL)
        return -1;
    if (ustatus != 0 && copyout(ustatus, &w.zombie->p_status, sizeof(int)) < 0)
        return -1;
    int pid = w.zombie->p_pid;
    proc_free(w.zombie);
    return pid;
}
