/* SPDX-License-Identifier: BSD-3-Clause
 * System calls: from the number in a7 to the handler. A handler gets the argument registers and checks
 * their values; its result goes to a0.
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

static int64 call_under_giant(syscall_fn handler, const uint64 *arg)
{
    int64 result;

    get_mplock();
    result = handler(arg);
    rel_mplock();
    return result;
}

void proc_syscall(struct trapframe *tf)
{
    uint64 n = tf->a7;

    if (n < NSYSCALL && handlers[n] != NULL) {
        if (ktr_on(mycpu)) {
            ktr_record(KTR_SYSCALL, n, tf->a0);
            ktr_record(KTR_ARGS, tf->a1, tf->a2);
        }
        if (peek(&kern_giant))
            tf->a0 = (uint64)call_under_giant(handlers[n], &tf->a0);
        else
            tf->a0 = (uint64)handlers[n](&tf->a0);
        ktr(KTR_SYSRET, n, tf->a0);
    } else {
        printf("pid %d %s: unknown system call %ld\n", curproc()->p_pid, curproc()->p_name,
               (long)n);
        tf->a0 = (uint64)-1;
    }
}
