/* SPDX-License-Identifier: BSD-3-Clause
 * The search: plays a scene with every schedule within a budget.
 *
 * An execution is a function of its choices. The first one takes the first alternative each time; then
 * the last choice that has another alternative takes it, what came before is played again, and so on,
 * until no choice has one left. At each choice that is repeated, kind, place and number of alternatives
 * must be what they were: else something is not deterministic, and nothing of the result would hold.
 *
 * Where another cpu may go on:
 *   - before a primitive, if its word is one that several cpus use and somebody writes. A switch before
 *     any other access is as good as one before the next of these: nothing orders plain accesses, so one
 *     that mattered would be a race, which is an error itself. It costs a preemption.
 *   - where a cpu waits, for nothing. One that relaxes goes on when another has made a step; and when
 *     it relaxes again, those that have not had a turn in between come first, so no cpu is kept out for
 *     ever by two that wait.
 *
 * When an interrupt comes: at once. Or it is delayed, which costs one, until any later access to a word
 * that interrupts of this cpu touch (race freedom does not cover these); or, if it is a timer's or one that
 * the scene has armed, it comes early, which costs one, too. Interrupts that never came do when all wait.
 *
 * What a load returns: the newest value. An older one, as far as memory.c allows, costs a stale read. So
 * a spin sees the newest after finitely many looks.
 *
 * Which words several cpus use, and which an interrupt touches, is learnt while exploring: when it
 * grows, the search begins anew.
 */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu.h"

#define DECISIONS_MAX (1 << 20)
#define RELAXES_MAX 3000    /* without an end: a livelock */
#define POINTS_MAX 20000000 /* the same, whatever it is that goes on */
#define OUTCOMES_MAX 4096
#define SITES_MAX 2048
#define WORDS_USED (1 << 20)

enum kind { CHOICE_CPU, CHOICE_TURN, CHOICE_DELAY, CHOICE_TAKE, CHOICE_FIRE, CHOICE_READ };
static const char letters[] = "ctdkfr";

struct decision {
    uint64 point;
    int64 word;
    uint8 kind, n, chosen;
};

/* What is known of a word: who uses it by primitives (a bit a cpu), */
#define WORD_WRITTEN 0x10u
#define WORD_BODY(cpu) (0x100u << (cpu)) /* and on which cpus an interrupt's work touches it. */

struct wish {
    char letter;
    uint64 point;
    uint32 alternative;
};

/* In memory that no restore touches. */
static struct keep {
    struct decision decision[DECISIONS_MAX];
    uint32 depth; /* of the decisions to be repeated, or that were made */
    int budget[NBUDGETS];
    bool everywhere; /* switch at every primitive */
    bool grown;
    bool failed, marked, diverged;
    char message[400];
    uint64 longest;
    bool overlap;
    bool used[SITES_MAX]; /* sites, by number */
    uint64 outcome[OUTCOMES_MAX];
    uint32 noutcomes;
    struct wish wish[1000];
    int nwishes;
    bool replay;
    uint16 now[WORDS_MAX], seen[WORDS_MAX]; /* what counts in this search, what was learnt */
    uint32 word[WORDS_USED];                /* those that were seen */
    uint32 nwords;
} * keep;

/* Of this execution. */
static uint32 position; /* next decision */
static int used[NBUDGETS], next_wish;
static uint64 mark_point, mark_sp, relaxes;
static bool marked; /* between the marks */
bool explore_over;

/* --- choices --- */

static uint32 wished(enum kind kind, uint32 n)
{
    const struct wish *w = &keep->wish[next_wish];

    if (next_wish == keep->nwishes || w->letter != letters[kind] || w->point != points)
        return 0;
    next_wish++;
    return w->alternative < n ? w->alternative : 0;
}

static uint32 choose(enum kind kind, uint32 n, int64 word)
{
    struct decision *d = &keep->decision[position];

    if (keep->replay)
        return wished(kind, n);
    if (position++ < keep->depth) {
        if (d->kind != kind || d->n != n || d->point != points || d->word != word) {
            keep->diverged = true;
            panic("choice %u is %c of %u at point %lu, word %ld, and was %c of %u at %lu, %ld",
                  position - 1, letters[kind], n, points, word, letters[d->kind], d->n, d->point,
                  d->word);
        }
        return d->chosen;
    }
    if (position == DECISIONS_MAX)
        panic("too many choices in one execution");
    *d = (struct decision){.point = points, .word = word, .kind = (uint8)kind, .n = (uint8)n};
    keep->depth = position;
    return 0;
}

static bool affordable(int what)
{
    return keep->replay || used[what] < keep->budget[what];
}

/* A choice whose first alternative costs nothing. */
static uint32 choose_at_cost(enum kind kind, int what, uint32 n, int64 word)
{
    if (n < 2 || !affordable(what))
        return 0;

    uint32 k = choose(kind, n, word);

    used[what] += k != 0;
    return k;
}

/* --- words --- */

static bool several_cpus(uint32 w)
{
    uint32 users = w & 0xf;

    return (w & WORD_WRITTEN) && (users & (users - 1)) != 0;
}

/* Not one that only this cpu uses, or that nobody writes. */
bool explore_shared(uint64 address)
{
    int64 word = word_of((void *)address);

    return word < 0 || several_cpus(keep->seen[word]);
}

bool explore_marked(void)
{
    return marked;
}

static bool in_interrupt(void)
{
    return mycpu->gd_intr_nesting_level > 0 || curthread->td_nest_count > 0 ||
           curthread->td_preempted != NULL;
}

static void learn(int kind, int64 word, bool write)
{
    uint32 w = keep->seen[word], old = w;

    if (kind == POINT_PRIMITIVE)
        w |= 1u << self | (write ? WORD_WRITTEN : 0);
    if (in_interrupt())
        w |= WORD_BODY(self);
    if (w == old)
        return;
    if (old == 0 && keep->nwords < WORDS_USED)
        keep->word[keep->nwords++] = (uint32)word;
    keep->seen[word] = (uint16)w;
    if (several_cpus(w) != several_cpus(keep->now[word]) || (w & ~keep->now[word]) >> 8)
        keep->grown = true;
}

/* --- interrupts --- */

static bool touched(int kind, int64 word)
{
    return kind == POINT_BARRIER || keep->replay || word < 0 ||
           (keep->now[word] & WORD_BODY(self)) != 0;
}

/* One that is pending comes. False: not yet. */
static bool comes(int kind, int64 word)
{
    struct cpu *c = &cpus[self];

    if (c->delayed)
        return touched(kind, word) && choose(CHOICE_TAKE, 2, word) != 0;
    c->delayed = choose_at_cost(CHOICE_DELAY, BUDGET_INTERRUPTS, 2, word) != 0;
    return !c->delayed;
}

/* One that is not due yet comes all the same. */
static void come_early(int64 word)
{
    struct cpu *c = &cpus[self];
    bool timer = c->timer_on && c->timer != ~0UL;
    uint32 n = 1 + timer + (uint32)__builtin_popcount(c->ext_armed);
    uint32 k = choose_at_cost(CHOICE_FIRE, BUDGET_INTERRUPTS, n, word);

    if (k == 0)
        return;
    if (timer && k == n - 1) {
        now = c->timer;
    } else {
        uint32 armed = c->ext_armed;
        while (--k > 0)
            armed &= armed - 1;
        armed &= -armed;
        c->ext_armed &= ~armed;
        c->ext |= armed;
    }
    ++points;
    explore_note('i', "takes an interrupt, early");
    take_interrupt();
}

static void interrupts(int kind, int64 word)
{
    while (cpus[self].intr_on && pending(&cpus[self])) {
        if (!comes(kind, word))
            return;
        ++points;
        explore_note('i', "takes an interrupt");
        take_interrupt();
    }
    if (cpus[self].intr_on && touched(kind, word))
        come_early(word);
}

/* --- turns --- */

/* Cpus that may have the turn, those after `from` first. */
static uint32 candidates(int from, bool with_self, int *list)
{
    uint32 n = 0, ready = 0;

    for (int i = 0; i < ncpus; i++)
        ready |= (uint32)runnable(&cpus[i]) << i;
    for (int k = 1; k <= ncpus; k++) {
        int i = (from + k) % ncpus;
        if ((ready & 1u << i) == 0 || cpus[i].relaxed || (cpus[i].behind & ready) != 0)
            continue;
        if (i != self || with_self)
            list[n++] = i;
    }
    return n;
}

static void preempt(int64 word)
{
    int list[SIM_CPUS];

    if (word >= 0 && !several_cpus(keep->now[word]) && !keep->everywhere && !keep->replay)
        return;
    if (!affordable(BUDGET_PREEMPTIONS))
        return;

    uint32 n = candidates(self, false, list);
    uint32 k = choose_at_cost(CHOICE_CPU, BUDGET_PREEMPTIONS, n + 1, word);

    if (k != 0) {
        explore_note('!', "loses its turn");
        give_turn(list[k - 1]);
    }
}

/* When none is left whose turn it should be, it is the next one's that can run. */
static int any_runnable(void)
{
    for (int k = 1; k <= ncpus; k++) {
        int i = (self + k) % ncpus;
        if (runnable(&cpus[i]))
            return i;
    }
    return -1;
}

/* Who relaxes comes after those that have not had a turn since it last did. */
static void step_back(void)
{
    struct cpu *c = &cpus[self];

    c->behind = ~c->stepped & ((1u << ncpus) - 1) & ~(1u << self);
    c->stepped = 0;
    if (marked && ++relaxes > RELAXES_MAX)
        panic("livelock: cpus wait for each other, %d times", RELAXES_MAX);
}

void explore_pass_turn(int not )
{
    int list[SIM_CPUS], next;
    uint32 n;

    if (not >= 0)
        step_back();
    explore_note(not >= 0 ? '~' : 'z', not >= 0 ? "relaxes" : "waits");
    while ((n = candidates(self, true, list)) == 0 && (next = any_runnable()) < 0)
        sleep_together();
    if (n > 0)
        next = list[marked && n > 1 ? choose(CHOICE_TURN, n, -1) : 0];
    give_turn(next);
}

void explore_point(int kind, const volatile void *p, bool write)
{
    int64 word = p != NULL ? word_of(p) : -1;

    ++points;
    if (!marked) {
        while (cpus[self].intr_on && pending(&cpus[self]))
            take_interrupt();
        return;
    }
    if (points - mark_point > POINTS_MAX)
        panic("livelock: no end after %d points", POINTS_MAX);
    if (word >= 0)
        learn(kind, word, write);
    interrupts(kind, word);
    if (kind == POINT_PRIMITIVE) {
        preempt(word);
        interrupts(kind, word);
    }
}

uint32 explore_stale(uint32 n, const volatile void *p)
{
    return marked ? choose_at_cost(CHOICE_READ, BUDGET_STALE, n, word_of(p)) : 0;
}

/* --- executions --- */

/* Each execution begins here, with nothing ordered and all seen. */
void explore_mark(void)
{
    keep->marked = true;
    jump(&mark_sp, host_sp, NULL);
    races_begin();
    memory_begin(true);
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
    exploring = true;
    lwkt_ipiq_optimized = 1;
    run_begin(s, ncpu);
    if (keep->failed || !keep->marked) {
        fprintf(stderr, "%s, before its mark: %s\n", s->name, keep->message);
        return false;
    }
    snapshot_take(mark_sp);
    return true;
}

/* From the mark to the end, or to a failure. */
static void execute(void)
{
    snapshot_restore();
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
        if ((v.executions & 255) == 0 && seconds() - start > limit)
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

/* --- a schedule, as text: what differs from the first alternatives --- */

void explore_print_schedule(void)
{
    const char *space = "";

    for (uint32 i = 0; i < keep->depth; i++) {
        const struct decision *d = &keep->decision[i];
        if (d->chosen != 0) {
            printf("%s%c%lu:%u", space, letters[d->kind], d->point, d->chosen);
            space = " ";
        }
    }
    printf("\n");
}

const char *explore_message(void)
{
    return keep->message;
}

static void read_schedule(const char *s)
{
    struct wish *w = keep->wish;
    int length;

    while (sscanf(s, " %c%lu:%u%n", &w->letter, &w->point, &w->alternative, &length) == 3) {
        w++;
        s += length;
    }
    keep->nwishes = (int)(w - keep->wish);
}

bool explore_replay(const char *schedule)
{
    read_schedule(schedule);
    report_start();
    keep->replay = true;
    execute();
    bool failed = keep->failed;
    report_print(failed ? keep->message : NULL);
    if (next_wish < keep->nwishes)
        printf("the schedule does not fit: only %d of %d choices came up\n", next_wish,
               keep->nwishes);
    keep->replay = false;
    return failed;
}

void explore_print_outcomes(void)
{
    for (uint32 i = 0; i < keep->noutcomes; i++) {
        uint64 v = keep->outcome[i];
        printf("%s%lu%lu%lu%lu", i > 0 ? " " : "", v >> 24 & 0xff, v >> 16 & 0xff, v >> 8 & 0xff,
               v & 0xff);
    }
    printf("\n");
}
