/* SPDX-License-Identifier: BSD-3-Clause
 * System calls: from the number in a7 to the handler. A handler gets the argument registers and checks
 * their values; its result goes to a0 of the program.
 */
#include "kernel/syscall.h"

#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lib/sysent.h"
#include "lwkt/ktr.h"
#include "lwkt/mplock.h"
#include "proc/proc.h"
#include "proc/usertrap.h"

static int kern_giant; /* 1: every system call runs under the MP lock. Read with peek() */
SYSCTL_FLAG(kern_giant, "kern.giant", kern_giant);

syscall_fn ktest_syscall;

int64 sys_ktest(const uint64 *arg)
{
    return ktest_syscall != NULL ? ktest_syscall(arg) : -1;
}

#define HANDLER(number, name) [number] = sys_##name,
static const syscall_fn handlers[NSYSCALL] = {SYSCALLS(HANDLER)};

static int64 unknown_call(const struct trapframe *tf)
{
    printf("pid %d %s: unknown system call %ld\n", curproc()->p_pid, curproc()->p_name,
           (long)tf->a7);
    return -1;
}

/* A call that is traced, or runs under the MP lock. */
static int64 __attribute__((noinline)) call_with_care(struct trapframe *tf, syscall_fn handler)
{
    uint64 n = tf->a7;
    bool giant = peek(&kern_giant);

    ktr(KTR_SYSCALL, n, tf->a0);
    ktr(KTR_ARGS, tf->a1, tf->a2);
    if (giant)
        get_mplock();
    int64 result = handler(&tf->a0);
    if (giant)
        rel_mplock();
    ktr(KTR_SYSRET, n, (uint64)result);
    return result;
}

/* Ends in the handler's call, so it needs no stack frame. */
int64 proc_syscall(struct trapframe *tf)
{
    uint64 n = tf->a7;

    if (n >= NSYSCALL || handlers[n] == NULL)
        return unknown_call(tf);
    if (ktr_on(mycpu) || peek(&kern_giant))
        return call_with_care(tf, handlers[n]);
    return handlers[n](&tf->a0);
}
