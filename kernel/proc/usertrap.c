/* SPDX-License-Identifier: BSD-3-Clause
 * Page faults, other exceptions and the return to user mode, as processes see them.
 */
#include "proc/usertrap.h"

#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "lib/printf.h"
#include "lwkt/runq.h"
#include "mm/turn.h"
#include "proc/proc.h"

static bool __attribute__((noinline)) fault_in_shared(struct vmspace *vm, uint64 va, uint32 access)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    int result = vm_fault(vm, va, access);
    vm_drop(vm, &ref);
    return result == 0;
}

bool proc_page_fault(uint64 va, uint64 cause)
{
    uint32 access = cause == EXC_STORE_PAGE ? VM_WRITE : cause == EXC_INST_PAGE ? VM_EXEC : VM_READ;
    struct vmspace *vm = curthread->td_vmspace;

    return vm_is_shared(vm) ? fault_in_shared(vm, va, access) : vm_fault(vm, va, access) == 0;
}

/* Whether the unmapped page below the stack was touched: most likely, the stack has overflowed. */
static bool in_stack_guard(const struct trapframe *tf)
{
    uint64 guard = curthread->td_vmspace->vm_guard;

    return (tf->scause == EXC_LOAD_PAGE || tf->scause == EXC_STORE_PAGE) &&
           tf->stval - guard < PGSIZE;
}

static uint64 stack_pages(void)
{
    const struct vmspace *vm = curthread->td_vmspace;

    return (vm->vm_heap - vm->vm_guard) / PGSIZE - 1;
}

/* Why a page fault ends the process. The heap's pages may be read and written, so what fails there is a
 * lack of memory. */
static const char *fault_reason(const struct trapframe *tf)
{
    struct vmspace *vm = curthread->td_vmspace;

    if (tf->stval < PGSIZE)
        return "null pointer";
    if (tf->scause == EXC_INST_PAGE)
        return "jump to a bad address";
    if (vm_is_guard(vm, tf->stval))
        return "guard page (stack overflow of a thread?)";
    if (tf->stval >= vm->vm_heap && tf->stval < vm->vm_size)
        return "no memory is left for its heap";
    return tf->scause == EXC_LOAD_PAGE ? "load from a bad address" : "store to a bad address";
}

void proc_user_exception(const struct trapframe *tf)
{
    struct proc *p = curproc();
    bool fault =
        tf->scause == EXC_LOAD_PAGE || tf->scause == EXC_STORE_PAGE || tf->scause == EXC_INST_PAGE;

    if (in_stack_guard(tf))
        printf("pid %d %s: stack overflow (more than %lu pages), pc %p, address %p: killed\n",
               p->p_pid, p->p_name, stack_pages(), (void *)tf->sepc, (void *)tf->stval);
    else if (fault)
        printf("pid %d %s: %s, pc %p, address %p: killed\n", p->p_pid, p->p_name, fault_reason(tf),
               (void *)tf->sepc, (void *)tf->stval);
    else
        printf("pid %d %s: unexpected exception %ld, pc %p, address %p: killed\n", p->p_pid,
               p->p_name, (long)tf->scause, (void *)tf->sepc, (void *)tf->stval);
    proc_exit(EXIT_KILLED);
}

static void __attribute__((noinline)) wait_and_deliver(struct proc *p)
{
    usched_userexit(p);
    upcall_deliver(p);
}

/*
 * The process may exit here, wait for its turn, and move to another cpu. The last look at td_killed
 * sees a kill that comes before it. A kill that comes later finds the process running, and its message
 * sets AST_SIGNAL, which makes the trap call this again. The same holds for news of an upcall, whose
 * delivery may wait, too: then the process has lost its turn, and the trap calls this again. If another
 * process is current here, AST_SIGNAL is left to that: it was designated while it was off the cpu, and
 * does not come here by itself.
 */
void proc_user_return(void)
{
    struct proc *p = curproc();

    if ((peek(&mycpu->gd_astflags) & AST_SIGNAL) &&
        (curthread->td_release != NULL || peek(&mycpu->gd_uschedcp) == NULL))
        amo_and(&mycpu->gd_astflags, ~AST_SIGNAL);
    if (__builtin_expect(p->p_upcalls != NULL, 0))
        wait_and_deliver(p);
    else
        usched_userexit(p);
    if (thread_killed())
        proc_exit(-(int)peek(&curthread->td_killed));
}

/*
 * A process that was killed does not wait for its turn (it ends soon), but lets the threads of its own
 * priority run. Kernel threads have no turn to wait for.
 */
void proc_pass_turn(void)
{
    struct proc *p = curproc();

    if (p == NULL || curthread->td_critcount > 0)
        return;
    usched_userexit(p);
    if (thread_killed())
        lwkt_yield();
}

/* A process has the kernel's priority when it switches (usched_release); a kernel thread, such as the
 * log's, takes it. */
void proc_pass_turn_locked(void)
{
    int pri = curthread->td_pri;

    if (curthread->td_critcount > 0)
        return;
    if (pri == TDPRI_KERN_USER && mycpu->gd_runqmask >> pri == 1 && runq_is_alone(curthread))
        return; /* the thread that the mask shows is the caller */
    if (pri > TDPRI_KERN_USER)
        lwkt_setpri_self(TDPRI_KERN_USER);
    lwkt_yield();
    if (pri > TDPRI_KERN_USER)
        lwkt_setpri_self(pri);
}
