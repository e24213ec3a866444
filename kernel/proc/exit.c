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

/* Give p's children to init. True: one of them is a zombie, so init must be woken. Table lock held. */
static bool orphan_children(struct proc *p)
{
    bool zombies = false;

    while (!list_empty(&p->p_children)) {
        struct proc *child = list_entry(list_first(&p->p_children), struct proc, p_sibling);
        list_remove(&child->p_sibling);
        child->p_parent = init_proc;
        if (child->p_state == P_ZOMBIE) {
            list_insert_head(&init_proc->p_children, &child->p_sibling);
            zombies = true;
        } else {
            list_insert_tail(&init_proc->p_children, &child->p_sibling);
        }
    }
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
    usched_exit(p);
    release_memory();

    spin_lock(&proctable_lock);
    wake_init = orphan_children(p);
    parent = p->p_parent;
    list_remove(&p->p_sibling);
    list_insert_head(&parent->p_children, &p->p_sibling); /* wait looks at the head first */
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
    bool over = list_empty(&w->parent->p_children);
    list_foreach(node, &w->parent->p_children)
    {
        struct proc *child = list_entry(node, struct proc, p_sibling);
        if (child->p_state == P_ZOMBIE) {
            w->zombie = child;
            over = true;
            break;
        }
    }
    spin_unlock(&proctable_lock);
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
