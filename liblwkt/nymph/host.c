/* SPDX-License-Identifier: BSD-3-Clause
 * What the library's common half asks of Nymph, and what the core calls of lib/. The process that calls
 * lwkt_run becomes no cpu: it starts a process for each, waits for the first one to end, for whatever
 * reason, kills the others, and ends with that one's status. Should it be killed itself, the cpus see
 * that at their next tick, and end, too.
 */
#include "kernel/syscall.h"
#include "kernel/upcall.h"
#include "nymph/machine_inside.h"

static struct upcall of_parent = {.masked = 1}; /* so that upcall_notify() tells whether it lives */
static int parent;

/* --- lib/ --- */

/* In a buffer of the caller's stack, so that any context may call it, and in one write. */
int vprintf(const char *fmt, va_list ap)
{
    char text[256];
    int n = vsnprintf(text, sizeof(text), fmt, ap);

    write(1, text, n < (int)sizeof(text) ? n : (int)sizeof(text) - 1);
    return n;
}

void *host_memory(size_t size)
{
    char *p = malloc((uint)(size + CACHE_LINE));

    if (p == NULL)
        return NULL;
    memset(p, 0, (uint)(size + CACHE_LINE));
    return p + (-(uint64)p & (CACHE_LINE - 1));
}

/* --- the beginning and the end --- */

void host_exit(int status)
{
    exit(status);
}

void host_abort(void)
{
    exit(EXIT_KILLED);
}

void lwkt_finish(int status)
{
    exit(status);
}

void host_tick(void)
{
    if (upcall_notify(parent) < 0)
        exit(EXIT_KILLED);
}

/* A cpu's first function, on the stack of its idle thread. */
static void enter(void *idle)
{
    curthread = idle;
    struct cpu *c = cpu_self();

    c->host.pid = getpid();
    machine_enter(c);
    curthread->td_mach.md_func(curthread->td_mach.md_arg);
}

static int start_cpu(struct thread *idle)
{
    int pid = fork_shared(enter, idle, (char *)idle->td_kstack + idle->td_kstack_size);

    if (pid < 0)
        printf("liblwkt: no process for a cpu\n");
    return pid;
}

/* If not all cpus can be started, it ends as if one of them had, with status 2. */
void host_run(int n, struct thread *const *idle)
{
    int pids[LWKT_CPUS_MAX], started = 0, status = 2, ended = -1;

    parent = getpid();
    upcall((void (*)(struct upcall_frame *))enter, &of_parent); /* it is masked for ever */
    while (started < n && (pids[started] = start_cpu(idle[started])) >= 0)
        started++;
    if (started == n)
        ended = wait(&status);
    for (int i = 0; i < started; i++)
        if (pids[i] != ended)
            kill(pids[i]);
    while (wait(0) > 0)
        continue;
    exit(status);
}
