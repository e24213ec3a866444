/* SPDX-License-Identifier: BSD-3-Clause
 * What the library's common half asks of Linux, and what the core calls of lib/: cpus are pthreads, the
 * first of them the process's own; printf; the trace, which is written at the end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inside.h"
#include "linux/machine_inside.h"
#include "lwkt/ktr.h"

void *host_memory(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p == MAP_FAILED ? NULL : p;
}

/* --- lib/ --- */

/* One write, so that lines of different threads do not mix; no lock, so that any context may call it. */
int vprintf(const char *fmt, va_list ap)
{
    char text[1024];
    int n = vsnprintf(text, sizeof(text), fmt, ap);

    if (n > 0 &&
        write(STDOUT_FILENO, text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1) < 0)
        return -1;
    return n;
}

int printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vprintf(fmt, ap);
    va_end(ap);
    return n;
}

/* --- the trace --- */

static void trace_begin(void)
{
    if (getenv("LWKT_TRACE") == NULL)
        return;
    for (int cpu = 0; cpu < ncpus; cpu++)
        for (int i = 0; i < KTR_PAGES; i++) {
            struct ktr_entry *page = host_memory(KTR_PER_PAGE * sizeof(*page));
            if (page == NULL) {
                printf("liblwkt: no memory for a trace\n");
                exit(2);
            }
            ktr_attach(cpu, i, page);
        }
    ktr_set_mask(KTR_ALL & ~KTR_TICKS);
}

/* ktr_print_last prints to standard output, which becomes the file meanwhile. */
static void trace_end(void)
{
    const char *name = getenv("LWKT_TRACE");
    int file, out;

    if (name == NULL || (file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0666)) < 0)
        return;
    ktr_set_mask(0);
    out = dup(STDOUT_FILENO);
    dup2(file, STDOUT_FILENO);
    printf("ktr dropped=%lu\n", ktr_dropped());
    ktr_print_last(KTR_ENTRIES);
    dup2(out, STDOUT_FILENO);
    printf("the trace is in %s; to see it: tools/trace %s\n", name, name);
}

void lwkt_finish(int status)
{
    crit_enter();
    trace_end();
    _exit(status);
}

/* --- the beginning and the end --- */

void host_exit(int status)
{
    exit(status);
}

void host_abort(void)
{
    abort();
}

void host_tick(void) {}

static struct thread *const *idle_threads;

static void *enter(void *arg)
{
    int cpu = (int)(long)arg;

    machine_enter(&cpus[cpu], idle_threads[cpu]);
    return NULL;
}

void host_run(int n, struct thread *const *idle)
{
    pthread_t pthread;

    idle_threads = idle;
    machine_init();
    trace_begin();
    for (int i = 1; i < n; i++)
        if (pthread_create(&pthread, NULL, enter, (void *)(long)i) != 0) {
            printf("liblwkt: the host gives no thread for cpu %d\n", i);
            exit(2);
        }
    enter(NULL);
    __builtin_unreachable();
}
