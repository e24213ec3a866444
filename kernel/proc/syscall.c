/*
 * System calls: from the number in a7 to the handler. Handlers get the argument registers and check
 * what is in them; their result goes to a0.
 */
#include "kernel/syscall.h"

#include "lib/printf.h"
#include "lwkt/ktr.h"
#include "lwkt/mplock.h"
#include "proc/proc.h"
#include "proc/sysent.h"
#include "riscv/trap.h"

syscall_fn ktest_syscall;

static int64 sys_ktest(const uint64 *arg)
{
    return ktest_syscall != NULL ? ktest_syscall(arg) : -1;
}

static const syscall_fn handlers[NSYSCALL] = {
    [SYS_fork] = sys_fork,
    [SYS_exit] = sys_exit,
    [SYS_wait] = sys_wait,
    [SYS_pipe] = sys_pipe,
    [SYS_read] = sys_read,
    [SYS_kill] = sys_kill,
    [SYS_exec] = sys_exec,
    [SYS_fstat] = sys_fstat,
    [SYS_chdir] = sys_chdir,
    [SYS_dup] = sys_dup,
    [SYS_getpid] = sys_getpid,
    [SYS_sbrk] = sys_sbrk,
    [SYS_pause] = sys_pause,
    [SYS_uptime] = sys_uptime,
    [SYS_open] = sys_open,
    [SYS_write] = sys_write,
    [SYS_mknod] = sys_mknod,
    [SYS_unlink] = sys_unlink,
    [SYS_link] = sys_link,
    [SYS_mkdir] = sys_mkdir,
    [SYS_close] = sys_close,
    [SYS_getcpu] = sys_getcpu,
    [SYS_yield] = sys_yield,
    [SYS_setpri] = sys_setpri,
    [SYS_setaffinity] = sys_setaffinity,
    [SYS_sysctl] = sys_sysctl,
    [SYS_sysctlname] = sys_sysctlname,
    [SYS_halt] = sys_halt,
    [SYS_getprocs] = sys_getprocs,
    [SYS_ktest] = sys_ktest,
    [SYS_sync] = sys_sync,
    [SYS_bootarg] = sys_bootarg,
    [SYS_caps_register] = sys_caps_register,
    [SYS_caps_connect] = sys_caps_connect,
    [SYS_caps_call] = sys_caps_call,
    [SYS_caps_wait] = sys_caps_wait,
    [SYS_caps_reply] = sys_caps_reply,
    [SYS_caps_close] = sys_caps_close,
    [SYS_ktrace] = sys_ktrace,
};

static int64 call_under_giant(syscall_fn handler, const uint64 *arg)
{
    int64 result;

    get_mplock();
    result = handler(arg);
    rel_mplock();
    return result;
}

void upcall_syscall(struct trapframe *tf)
{
    uint64 n = tf->a7;

    if (n < NSYSCALL && handlers[n] != NULL) {
        ktr(KTR_SYSCALL, n, tf->a0);
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
