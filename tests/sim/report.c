/* SPDX-License-Identifier: BSD-3-Clause
 * A failure's timeline: a row a cpu, a column an event, and what each event was. Kept only while one
 * schedule is played again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "explore.h"

#define EVENTS_MAX 100000
#define SHOWN 400 /* the last so many; what comes before is set-up, mostly */
#define WIDTH 100 /* columns of a row */

struct event {
    uint64 point;
    int cpu;
    char thread[16];
    const struct sim_site *site; /* a primitive, or NULL: */
    const char *what;            /* something else, */
    char letter;                 /* and its letter */
    uint64 address, value;
    uint32 age;
    uint32 times; /* it was repeated */
};

static struct report {
    struct event event[EVENTS_MAX];
    uint32 n;
    bool on;
} * report;

bool
    events_wanted; /* set before the mark, for the list of sites; by each execution that is replayed */

void report_begin(void)
{
    report = host_alloc(sizeof(*report));
}

void report_start(void)
{
    report->on = true;
    report->n = 0;
}

static struct event *add(void)
{
    struct event *e = &report->event[report->n < EVENTS_MAX ? report->n++ : EVENTS_MAX - 1];

    *e = (struct event){.point = points, .cpu = self, .times = 1};
    memcpy(e->thread, curthread->td_comm, sizeof(e->thread));
    return e;
}

void record_event(const struct sim_site *site, const volatile void *p, uint64 v, uint32 age)
{
    if (!explore_marked())
        return;
    explore_used(site);
    if (!report->on)
        return;

    struct event *e = add();

    e->site = site;
    e->address = (uint64)p;
    e->value = v;
    e->age = age;
}

void explore_note(char letter, const char *what)
{
    if (!exploring || !report->on || !explore_marked())
        return;

    struct event *e = add();

    e->letter = letter;
    e->what = what;
}

/* A value as a person wants it: a cpu's or a thread's address is its name. */
static const char *name_of(uint64 v)
{
    static char text[40];

    for (int i = 0; i < ncpus; i++) {
        if (v == (uint64)globaldata_of[i])
            snprintf(text, sizeof(text), "cpu %d", i);
        else
            continue;
        return text;
    }
    snprintf(text, sizeof(text), v < 10 ? "%lu" : "0x%lx", v);
    return text;
}

static char letter_of(const struct event *e)
{
    if (e->site == NULL)
        return e->letter;
    if (e->age > 0)
        return 'o';
    switch (e->site->name[0]) {
    case 'c':
        return 'L';
    case 'f':
        return 'F';
    case 'a':
        return 'A';
    default:
        return e->site->name[1] == 'e' ? 'l' : e->site->name[1] == 'o' ? 's' : 'S';
    }
}

static void print_event(uint32 i, const struct event *e)
{
    printf("%5u  cpu %d  %-12.16s ", i, e->cpu, e->thread);
    if (e->site == NULL) {
        printf("%s%s", e->letter == '>' ? "switches to " : "", e->what);
    } else {
        printf("%s %s", e->site->name, e->site->word);
        if (e->address != 0)
            printf(" = %s", name_of(e->value));
        if (e->age > 0)
            printf(", which is %u stores old", e->age);
        if (e->site->line != 0)
            printf("    %s:%d", e->site->file, e->site->line);
    }
    if (e->times > 1)
        printf("   (and so on, %u events)", e->times);
    printf("\n");
}

/* Whether what begins at i is what was before it, `period` events ago. */
static bool repeats(uint32 i, uint32 period)
{
    for (uint32 k = i; k < i + period; k++) {
        const struct event *a = &report->event[k], *b = &report->event[k - period];
        if (k >= report->n || a->cpu != b->cpu || a->site != b->site || a->what != b->what)
            return false;
    }
    return true;
}

/* Leave out the rounds of a loop that only waits. */
static void fold(void)
{
    uint32 out = 0;

    for (uint32 i = 0; i < report->n;) {
        uint32 period = 0, skipped = 0;
        for (uint32 p = 1; p <= 60 && p <= i && period == 0; p++)
            if (repeats(i, p) && repeats(i + p, p))
                period = p;
        while (period != 0 && repeats(i + skipped, period))
            skipped += period;
        if (skipped > 0) {
            report->event[out - 1].times += skipped;
            for (uint32 k = 0; k < period && i + skipped + k < report->n; k++)
                report->event[i + k] = report->event[i + skipped + k];
            memmove(&report->event[i], &report->event[i + skipped],
                    (report->n - i - skipped) * sizeof(struct event));
            report->n -= skipped;
            continue;
        }
        report->event[out++] = report->event[i++];
    }
    report->n = out;
}

static void print_rows(uint32 first, uint32 last)
{
    printf("\n         ");
    for (uint32 i = first; i < last; i += 10)
        printf("%-10u", i);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        printf("\n  cpu %d  ", cpu);
        for (uint32 i = first; i < last; i++)
            putchar(report->event[i].cpu == cpu ? letter_of(&report->event[i]) : ' ');
    }
    printf("\n");
}

/* Leave out looks at words that are this cpu's own, or that nobody writes. */
static void thin(void)
{
    uint32 out = 0;

    for (uint32 i = 0; i < report->n; i++) {
        const struct event *e = &report->event[i];
        if (e->site == NULL || e->age > 0 || explore_shared(e->address))
            report->event[out++] = *e;
    }
    report->n = out;
}

/* message: what went wrong, or NULL. */
void report_print(const char *message)
{
    thin();
    fold();

    uint32 first = report->n > SHOWN ? report->n - SHOWN : 0;

    printf("l peek  L consume  o an old value  s poke  S publish  A amo  F fence  i interrupt  "
           "> switches thread\n! loses its turn  ~ relaxes  z waits\n");
    for (uint32 i = first; i < report->n; i += WIDTH)
        print_rows(i, i + WIDTH < report->n ? i + WIDTH : report->n);
    printf("\n");
    for (uint32 i = first; i < report->n; i++)
        print_event(i, &report->event[i]);
    printf("\n%s\n", message != NULL ? message : "nothing went wrong");
    fflush(stdout);
    if (message != NULL)
        print_cpus();
    report->on = false;
}
