/* SPDX-License-Identifier: BSD-3-Clause
 * System calls about processes and the system.
 */
#include "fs/vfs.h"
#include "kernel/syscall.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/sysent.h"
#include "mm/page.h"
#include "proc/clock.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "riscv/power.h"
#include "sync/sleep.h"

#define SBRK_LAZY 2

int64 sys_fork(const uint64 *arg)
{
    (void)arg;
    return proc_fork(NULL);
}

/* fork_shared(func, arg, stack) */
int64 sys_fork_shared(const uint64 *arg)
{
    const struct fork_start start = {.func = arg[0], .arg = arg[1], .stack = arg[2]};

    return proc_fork(&start);
}

/* guard_page(addr, on) */
int64 sys_guard_page(const uint64 *arg)
{
    return vm_guard_page(curthread->td_vmspace, arg[0], (int)arg[1] != 0);
}

int64 sys_exit(const uint64 *arg)
{
    proc_exit((int)arg[0]);
}

int64 sys_wait(const uint64 *arg)
{
    return proc_wait(arg[0]);
}

int64 sys_kill(const uint64 *arg)
{
    return proc_kill((int)arg[0]);
}

int64 sys_setjob(const uint64 *arg)
{
    return proc_setjob((int)arg[0]);
}

int64 sys_getpid(const uint64 *arg)
{
    (void)arg;
    return curproc()->p_pid;
}

int64 sys_sbrk(const uint64 *arg)
{
    struct vmspace *vm = curthread->td_vmspace;
    int64 old = vm_sbrk(vm, (int)arg[0], (int)arg[1] != SBRK_LAZY);

    poke(&curproc()->p_size, vm->vm_size);
    return old;
}

/*
 * Sleep for arg[0] ticks of UHZ. 0; -1: killed meanwhile. tsleep takes an int of ticks of HZ, so a long
 * sleep consists of several.
 */
int64 sys_pause(const uint64 *arg)
{
    int ticks = (int)arg[0];
    uint64 now, end;
    static char ident;

    if (ticks <= 0)
        return 0;
    end = cpu_time() + (uint64)ticks * (cpu_timebase / UHZ);
    while ((now = cpu_time()) < end) {
        uint64 left = (end - now) / (cpu_timebase / HZ) + 1;
        int timo = left < 1000000 ? (int)left : 1000000;
        if (tsleep(&ident, PCATCH, "pause", timo) == EINTR)
            return -1;
    }
    return 0;
}

int64 sys_uptime(const uint64 *arg)
{
    (void)arg;
    return (int64)clock_uticks();
}

int64 sys_getcpu(const uint64 *arg)
{
    (void)arg;
    return mycpuid;
}

int64 sys_yield(const uint64 *arg)
{
    (void)arg;
    usched_yield(curproc());
    return 0;
}

int64 sys_setpri(const uint64 *arg)
{
    return usched_setpri(curproc(), (int)arg[0]);
}

int64 sys_setaffinity(const uint64 *arg)
{
    return usched_setaffinity(curproc(), arg[0]);
}

/* halt(status): write all to the disk and end the machine with that exit status, 0 to 255; after an I/O
 * error it ends, too, with HALT_DISK_ERROR. */
int64 sys_halt(const uint64 *arg)
{
    int status = (int)arg[0];

    if (status < 0 || status > 255)
        return -1;
    if (fs_sync() < 0) {
        printf("halt: the file system has become read-only: status %d\n", HALT_DISK_ERROR);
        status = HALT_DISK_ERROR;
    }
    machine_halt(status);
}

/* getprocs(buf, max): list the processes, a page of entries at a time. A process that exists during the
 * whole call is listed once; one that begins or ends meanwhile may be missing. */
int64 sys_getprocs(const uint64 *arg)
{
    int max = (int)arg[1], done = 0, n;
    int per_page = (int)(PGSIZE / sizeof(struct procinfo));
    struct procinfo *page;
    uint64 order = 0;

    if (max < 0 || (page = page_alloc()) == NULL)
        return -1;
    do {
        int want = max - done < per_page ? max - done : per_page;
        n = proc_list(page, want, &order);
        uint64 to = arg[0] + (uint64)done * sizeof(*page);
        if (copyout(to, page, (uint64)n * sizeof(*page)) < 0) {
            done = -1;
            break;
        }
        done += n;
    } while (n == per_page);
    page_unref(page);
    return done;
}

/* bootarg(name, buf, len): copy out the value, with its NUL. Returns its length; -1: there is no such
 * argument, or no room. */
int64 sys_bootarg(const uint64 *arg)
{
    char name[32];
    char *value;
    int64 result = -1;
    int len = (int)arg[2];

    if (copyinstr(name, arg[0], sizeof(name)) < 0 || len <= 0)
        return -1;
    if ((value = page_alloc()) == NULL)
        return -1;
    if (bootarg(name, value, (int)PGSIZE) != NULL) {
        size_t n = strlen(value);
        if (n < (size_t)len && copyout(arg[1], value, n + 1) == 0)
            result = (int64)n;
    }
    page_unref(value);
    return result;
}
