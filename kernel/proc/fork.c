/* SPDX-License-Identifier: BSD-3-Clause
 * The beginning of a process: fork makes a copy of its parent; the first process is made from nothing.
 */
#include "fs/vfs.h"
#include "kernel/syscall.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "proc/proctable.h"
#include "riscv/fdt.h"
#include "riscv/power.h"
#include "riscv/trap.h"

_Static_assert(sizeof(((struct proc *)0)->p_name) == sizeof(((thread_t)0)->td_comm), "names");

/* The first code that a forked process's thread runs; its frame is at the top of its stack. */
static void enter_user_mode(void *arg)
{
    (void)arg;
    trap_prepare_user_return();
    user_return();
}

/* Free a new process that never ran. */
static void discard(struct proc *p)
{
    struct vmspace *vm = p->p_thread->td_vmspace;

    proc_discard_thread(p);
    if (vm != NULL)
        vmspace_destroy(vm);
    proc_free(p);
}

/*
 * Put the child, which is complete, among its parent's children. The child of a shell is a command in
 * the foreground, and may use the reserve; its own children may not. A parent that was killed has a
 * child that was killed (kill.c).
 */
static void adopt(struct proc *parent, struct proc *child)
{
    thread_t td = child->p_thread;

    spin_lock(&proctable_lock);
    child->p_parent = parent;
    child->p_state = P_ALIVE;
    child->p_job = parent->p_job;
    if (parent->p_job == JOB_SHELL) {
        child->p_job = JOB_FOREGROUND;
        usched_favor(parent);
        usched_favor(child);
        poke(&td->td_flags, td->td_flags | TDF_RESERVE);
    }
    if (thread_killed())
        poke(&td->td_killed, peek(&curthread->td_killed));
    list_insert_tail(&parent->p_children, &child->p_sibling);
    spin_unlock(&proctable_lock);
}

/* The memory of a new child: the caller's own, or a copy of it, which shares pages until one of them
 * writes to it. NULL: no memory. */
static struct vmspace *child_memory(struct proc *child, bool shared)
{
    struct vmspace *vm = shared ? curthread->td_vmspace : vmspace_create();

    child->p_thread->td_vmspace = vm;
    if (shared)
        vmspace_share(vm);
    else if (vm != NULL && vmspace_fork(vm, curthread->td_vmspace) < 0)
        return NULL;
    return vm;
}

/* func(arg) with this stack, instead of a return from the system call. */
static void begin_with(struct trapframe *tf, const struct fork_start *start)
{
    tf->sepc = start->func;
    tf->a0 = start->arg;
    tf->sp = start->stack & ~15UL;
    tf->ra = tf->s0 = 0; /* the end of the chain of frames */
}

int proc_fork(const struct fork_start *start)
{
    struct proc *parent = curproc(), *child = proc_alloc();
    int pid;

    if (child == NULL)
        return -1;
    struct vmspace *vm = child_memory(child, start != NULL);
    if (vm == NULL) {
        discard(child);
        return -1;
    }
    filedesc_copy(&child->p_filedesc, &parent->p_filedesc);
    cpu_thread_setup(child->p_thread, enter_user_mode, NULL);
    memcpy(proc_trapframe(child), proc_trapframe(parent), sizeof(struct trapframe));
    proc_trapframe(child)->a0 = 0;
    if (start != NULL)
        begin_with(proc_trapframe(child), start);
    memcpy(child->p_name, parent->p_name, sizeof(child->p_name));
    child->p_upri = parent->p_upri;
    child->p_affinity = parent->p_affinity;
    child->p_vruntime = parent->p_vruntime;
    child->p_thread->td_mach.md_satp = vmspace_satp(vm);
    child->p_size = parent->p_size;
    memcpy(child->p_thread->td_comm, parent->p_name, sizeof(child->p_thread->td_comm));
    pid = child->p_pid;

    adopt(parent, child);
    usched_setrunqueue(child);
    return pid;
}

/* /init cannot be run. Without commands to be run, somebody at the console can mend that with a
 * shell. */
static void run_rescue_shell(void)
{
    static char *const argv[] = {"sh", NULL};

    printf("/init is missing, or is not a program\n");
    if (bootarg("run", (char[2]){0}, 2) != NULL || proc_exec("/sh", argv) < 0) {
        printf("no program to start with: make the disk anew (rm build/fs.img; make)\n");
        machine_halt(HALT_DISK_ERROR);
    }
    printf("this is /sh instead: replace /init (rm, ln), then halt\n");
}

/* The first code that process 1's thread runs, in kernel mode: become /init. */
static void become_init(void *arg)
{
    static char *const argv[] = {"init", NULL};
    struct filedesc *fdp = &curproc()->p_filedesc;

    (void)arg;
    fdp->fd_cwd = inode_root();
    if (fdp->fd_cwd == NULL || filedesc_open_console(fdp) < 0)
        panic("no memory for the first process");
    if (proc_exec("/init", argv) < 0)
        run_rescue_shell();
    trap_prepare_user_return();
    user_return();
}

/* Start process 1. Thread context, at boot, with the file system mounted. */
void proc_start_init(void)
{
    struct proc *p = proc_alloc();

    if (p == NULL || (p->p_thread->td_vmspace = vmspace_create()) == NULL)
        panic("no memory for the first process");
    strlcpy(p->p_name, "init", sizeof(p->p_name));
    lwkt_set_comm(p->p_thread, "init");
    cpu_thread_setup(p->p_thread, become_init, NULL);
    memset(proc_trapframe(p), 0, sizeof(struct trapframe));
    p->p_thread->td_mach.md_satp = vmspace_satp(p->p_thread->td_vmspace);
    p->p_state = P_ALIVE;
    p->p_job = JOB_SHELL;
    poke(&p->p_thread->td_flags, p->p_thread->td_flags | TDF_RESERVE);
    init_proc = p;
    usched_setrunqueue(p);
}
