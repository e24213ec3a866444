/* SPDX-License-Identifier: BSD-3-Clause
 * The search: plays a scene with every schedule within a budget.
 *
 * An execution is a function of its choices. The first one takes the first alternative each time; then
 * the last choice that has another alternative takes it, what came before is played again, and so on,
 * until no choice has one left. At each choice that is repeated, kind, place and number of alternatives
 * must be what they were: else something is not deterministic, and nothing of the result would hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "search.h"
#include "views.h"

struct keep *keep;
uint64 mark_point;
bool marked;
bool explore_over;

/* Of this execution. */
static uint32 position; /* next decision */
int budget_used[NBUDGETS];
static uint64 mark_sp;

/* --- choices --- */

uint32 choose(enum kind kind, uint32 n, int64 word)
{
    struct decision *d = &keep->decision[position];

    if (keep->replay)
        return wished(kind, n);
    if (position++ < keep->depth) {
        if (d->kind != kind || d->n != n || d->point != points || d->word != word) {
            keep->diverged = true;
            panic("choice %u is %c of %u at point %lu, word %ld, and was %c of %u at %lu, %ld",
                  position - 1, CHOICE_LETTERS[kind], n, points, word, CHOICE_LETTERS[d->kind],
                  d->n, d->point, d->word);
        }
        return d->chosen;
    }
    if (position == DECISIONS_MAX)
        panic("too many choices in one execution");
    *d = (struct decision){.point = points, .word = word, .kind = (uint8)kind, .n = (uint8)n};
    keep->depth = position;
    return 0;
}

/* A choice whose first alternative costs nothing. */
uint32 choose_at_cost(enum kind kind, int what, uint32 n, int64 word)
{
    if (n < 2 || !affordable(what))
        return 0;

    uint32 k = choose(kind, n, word);

    budget_used[what] += k != 0;
    return k;
}
/* --- executions --- */

/* Each execution begins here, with nothing ordered and all seen. */
void explore_mark(void)
{
    keep->marked = true;
    jump(&mark_sp, host_sp, NULL);
    races_begin();
    memory_begin(!lines_watched()); /* such a scene is too long for old values */
    mark_point = points;
    marked = true;
}

void explore_end(void)
{
    if (points - mark_point > keep->longest)
        keep->longest = points - mark_point;
    marked = false;
    explore_over = true;
    memory_sync_all();
}

void explore_failed(const char *message)
{
    keep->failed = true;
    strncpy(keep->message, message, sizeof(keep->message) - 1);
    loops_failed();
    end_run();
}

void explore_outcome(uint64 value)
{
    uint32 i = 0;

    while (i < keep->noutcomes && keep->outcome[i] != value)
        i++;
    if (i == keep->noutcomes && i < OUTCOMES_MAX)
        keep->outcome[keep->noutcomes++] = value;
}

void explore_used(const struct sim_site *site)
{
    if (site->number >= 0)
        keep->used[site->number] = true;
}

void explore_print_used(void)
{
    printf("sites:");
    for (int i = 0; i < SITES_MAX; i++)
        if (keep->used[i])
            printf(" %d", i);
    printf("\n");
}

void explore_overlap(void)
{
    keep->overlap = true;
}

bool explore_setup(const struct scene *s, int ncpu)
{
    keep = host_alloc(sizeof(*keep));
    report_begin();
    loops_begin();
    exploring = true;
    lwkt_ipiq_optimized = 1;
    run_begin(s, ncpu);
    if (keep->failed || !keep->marked) {
        fprintf(stderr, "%s, before its mark: %s\n", s->name, keep->message);
        loops_print();
        return false;
    }
    snapshot_take(mark_sp);
    return true;
}

/* From the mark to the end, or to a failure. */
void execute(void)
{
    snapshot_restore();
    loops_anew();
    events_wanted |= keep->replay;
    keep->failed = false;
    jump(&host_sp, mark_sp, curthread);
    if (!keep->failed && !keep->replay && position < keep->depth) {
        keep->diverged = keep->failed = true;
        strcpy(keep->message, "an execution has ended before all its choices were repeated");
    }
}

/* The next schedule; false: there is none. */
static bool advance(void)
{
    while (keep->depth > 0) {
        struct decision *d = &keep->decision[keep->depth - 1];
        if (d->chosen + 1u < d->n) {
            d->chosen++;
            return true;
        }
        keep->depth--;
    }
    return false;
}

static void begin_anew(void)
{
    for (uint32 i = 0; i < keep->nwords; i++)
        keep->now[keep->word[i]] = keep->seen[keep->word[i]];
    keep->grown = false;
    keep->depth = 0;
    keep->noutcomes = 0;
    keep->longest = 0;
}

/* Of the processor: others may use the machine, too. */
static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    uint64 x = *(const uint64 *)a, y = *(const uint64 *)b;

    return x < y ? -1 : x > y;
}

static uint64 hash_outcomes(void)
{
    uint64 h = 0xcbf29ce484222325UL;

    qsort(keep->outcome, keep->noutcomes, sizeof(uint64), compare);
    for (uint32 i = 0; i < keep->noutcomes; i++)
        h = (h ^ keep->outcome[i]) * 0x100000001b3UL;
    return h;
}

struct verdict explore_search(const int *budget, double limit, bool everywhere)
{
    struct verdict v = {0};
    double start = seconds();
    bool more = true;

    memcpy(keep->budget, budget, sizeof(keep->budget));
    keep->everywhere = everywhere;
    begin_anew();
    snapshot_watch();
    while (more) {
        execute();
        v.executions++;
        v.failed = keep->failed;
        if (keep->diverged) {
            fprintf(stderr, "not deterministic: %s\n", keep->message);
            exit(3);
        }
        if (v.failed)
            break; /* and its choices stay, to be printed */
        if (keep->grown)
            begin_anew();
        else
            more = advance();
        if ((v.executions & 31) == 0 && seconds() - start > limit)
            break;
    }
    v.complete = !more && !v.failed;
    v.seconds = seconds() - start;
    v.outcomes = keep->noutcomes;
    v.outcomes_hash = hash_outcomes();
    v.longest = keep->longest;
    v.overlap = keep->overlap;
    return v;
}
