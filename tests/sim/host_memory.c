/* SPDX-License-Identifier: BSD-3-Clause
 * Pages, zones and sleep queues for the explorer's scenes, and what else kernel/sync asks of the kernel.
 * Nothing here is a point: another cpu's turn or an interrupt may come before or after, as well.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpu.h"
#include "views.h"
#include "host.h"
#include "kernel/riscv.h"
#include "lib/backtrace.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "sync/sleep.h"

static void *last_page;
static uint64 *queues[SIM_CPUS]; /* a cpu's page of sleep queues, if tsleep has taken one */
static int npages, nobjects;

/* --- pages and zones --- */

void *page_alloc(void)
{
    npages++;
    last_page = sim_alloc(PGSIZE, "page");
    return last_page;
}

void page_unref(void *page)
{
    npages--;
    races_written(page, PGSIZE); /* all who have used it are before */
    sim_free(page, PGSIZE);
}

struct zone {
    size_t size;
    const char *name;
};

struct zone *zone_create(const char *name, size_t size)
{
    struct zone *z = sim_alloc(sizeof(*z), "struct zone");

    z->size = size;
    z->name = name;
    return z;
}

void *zalloc(struct zone *z)
{
    nobjects++;
    return sim_alloc(z->size, z->name);
}

void zfree(struct zone *z, void *obj)
{
    nobjects--;
    races_written(obj, z->size);
    sim_free(obj, z->size);
}

int host_memory_used(void)
{
    return npages + nobjects;
}

/* --- sleep queues --- */

static void init_here(void *arg)
{
    int before = npages;

    (void)arg;
    tsleep_init_cpu();
    queues[mycpuid] = npages != before ? last_page : NULL;
    npages = before;
}

void host_sleep_init(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, init_here, NULL));
}

/* However the queues are laid out: the words of an empty one point to no memory but the page's own. */
void host_sleep_audit(void)
{
    for (int cpu = 0; cpu < ncpus; cpu++)
        for (uint64 *p = queues[cpu]; p != NULL && p < queues[cpu] + PGSIZE / sizeof(*p); p++)
            CHECK(word_of((void *)*p) < 0 || *p - (uint64)queues[cpu] < PGSIZE,
                  "a thread is on a sleep queue of cpu %d", cpu);
}

/* --- printf: the linker sends all calls here (--wrap) --- */

int __wrap_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int __wrap_vprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

static uint64 printed;

int __wrap_printf(const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = __wrap_vprintf(fmt, ap);
    va_end(ap);
    return n;
}

int __wrap_vprintf(const char *fmt, va_list ap)
{
    static char text[2000];
    int n = vsnprintf(text, sizeof(text), fmt, ap);

    printed++;
    if (!running)
        fputs(text, stdout);
    return n;
}

uint64 host_printed(void)
{
    return printed;
}

/* --- the check of lock orders: no names of functions here --- */

void backtrace_save(uint64 fp, uint64 *calls, int n)
{
    (void)fp;
    memset(calls, 0, (size_t)n * sizeof(*calls));
}

void backtrace_names(char *text, size_t size, const uint64 *calls, int n)
{
    (void)calls;
    (void)n;
    if (size > 0)
        text[0] = '\0';
}
