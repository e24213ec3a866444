/* SPDX-License-Identifier: BSD-3-Clause
 * The way back to a mark: before each execution that is explored, memory is what it was there.
 *
 * That is the program's variables, the objects of the arena, and of each stack the part that was in use. The
 * stacks' parts are small. Of the rest an execution touches little, so it is write-protected by pages: the first
 * store to a page lifts its protection for ever, and puts the page on the list of those that are copied back. A
 * replay does without (snapshot_watch is not called), because a debugger would stop at each such store.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "cpu.h"

#define PAGE 4096UL
#define PAGES_MAX 2048

extern char __data_start[], _end[]; /* the linker's */

struct part {
    char *live, *copy;
    size_t size;
};

static struct snapshot {
    struct part variables, objects, stack[STACKS];
    int nstacks;
    bool watched;
    struct part touched[PAGES_MAX]; /* whole pages, but for the first and the last of variables */
    int ntouched;
} * snap;

/* What a restore leaves as it is: the counters of a build that measures coverage. */
#define SPARED_MAX 8192
static struct spared {
    char *p;
    size_t size;
    char kept[256];
} * spared;
static int nspared;

/* Where the thread that owns the stack left it: with the turn, off the cpu, or never begun. */
static uint64 stack_pointer(uint64 low, uint64 high, uint64 mark_sp)
{
    uint64 sp = low;

    for (int i = 0; i < ncpus; i++)
        list_foreach(node, &globaldata_of[i]->gd_tdallq)
        {
            uint64 p = list_entry(node, struct thread, td_allq)->td_mach.md_sp;
            if (p > low && p < high)
                sp = p;
        }
    for (int i = 0; i < ncpus; i++)
        if (i != self && cpus[i].sp > low && cpus[i].sp < high)
            sp = cpus[i].sp;
    return mark_sp > low && mark_sp < high ? mark_sp : sp;
}

static struct part copy_of(char *p, size_t size)
{
    return (struct part){.live = p, .copy = memcpy(host_alloc(size), p, size), .size = size};
}

static void put_back(const struct part *p)
{
    memcpy(p->live, p->copy, p->size);
}

/* --- pages --- */

static char *page_of(const void *p)
{
    return (char *)((uint64)p & ~(PAGE - 1));
}

static void protect(const struct part *p, int how)
{
    char *start = page_of(p->live);

    if (mprotect(start, (size_t)(page_of(p->live + p->size - 1) - start) + PAGE, how) < 0)
        panic("mprotect");
}

/* The part of p that is in that page; false: none is. */
static bool touch(const struct part *p, char *page)
{
    char *start = page > p->live ? page : p->live, *end = p->live + p->size;

    if (start >= end || page + PAGE <= p->live || snap->ntouched == PAGES_MAX)
        return false;
    end = page + PAGE < end ? page + PAGE : end;
    snap->touched[snap->ntouched++] = (struct part){
        .live = start, .copy = p->copy + (start - p->live), .size = (size_t)(end - start)};
    return true;
}

/* The signal handler: the first store to a page, or else a bad access of what is explored. */
static void first_store(int sig, siginfo_t *info, void *context)
{
    char *page = page_of(info->si_addr);
    struct part whole = {.live = page, .size = PAGE};

    (void)context;
    if (snap->watched && (touch(&snap->variables, page) || touch(&snap->objects, page)))
        protect(&whole, PROT_READ | PROT_WRITE);
    else if (running)
        panic("a fault at %p", info->si_addr);
    else
        signal(sig, SIG_DFL); /* it is met again, and ends the program */
}

static void handle_faults(void)
{
    struct sigaction action = {.sa_sigaction = first_store,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    if (sigaction(SIGSEGV, &action, NULL) < 0)
        panic("no signal handler");
}

void snapshot_take(uint64 mark_sp)
{
    char *base;
    size_t size;

    snap = host_alloc(sizeof(*snap));
    while (sim_stack(snap->nstacks, &base, &size)) {
        char *sp = (char *)stack_pointer((uint64)base, (uint64)base + size, mark_sp);
        snap->stack[snap->nstacks++] = copy_of(sp, (size_t)(base + size - sp));
    }
    snap->objects = copy_of((char *)ARENA, sim_objects());
    snap->variables = copy_of(__data_start, (size_t)(_end - __data_start));
    handle_faults();
}

void snapshot_watch(void)
{
    if (snap->watched)
        return;
    snapshot_restore();
    snap->watched = true;
    protect(&snap->variables, PROT_READ);
    protect(&snap->objects, PROT_READ);
}

/* --- back --- */

void snapshot_spare(char *p, size_t size)
{
    if (spared == NULL)
        spared = host_alloc(SPARED_MAX * sizeof(*spared));
    for (; size > 0 && nspared < SPARED_MAX; nspared++) {
        size_t part = size < sizeof(spared->kept) ? size : sizeof(spared->kept);
        spared[nspared].p = p;
        spared[nspared].size = part;
        p += part;
        size -= part;
    }
}

void snapshot_restore(void)
{
    const struct snapshot *s = snap;

    for (int i = 0; i < nspared; i++)
        memcpy(spared[i].kept, spared[i].p, spared[i].size);
    if (s->watched) {
        for (int i = 0; i < s->ntouched; i++)
            put_back(&s->touched[i]);
    } else {
        put_back(&s->variables);
        put_back(&s->objects);
    }
    for (int i = 0; i < s->nstacks; i++)
        put_back(&s->stack[i]);
    for (int i = 0; i < nspared; i++)
        memcpy(spared[i].p, spared[i].kept, spared[i].size);
}
