/* SPDX-License-Identifier: BSD-3-Clause
 * Where the search has choices.
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
#include <stdio.h>

#include "search.h"

#define RELAXES_MAX 3000    /* without an end: a livelock */
#define POINTS_MAX 20000000 /* the same, whatever it is that goes on */

/* What is known of a word: who uses it by primitives (a bit a cpu), */
#define WORD_WRITTEN 0x10u
#define WORD_BODY(cpu) (0x100u << (cpu)) /* and on which cpus an interrupt's work touches it. */

static uint64 relaxes; /* in this execution */

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

static bool in_interrupt(void)
{
    return mycpu->gd_intr_nesting_level > 0 || curthread->td_nest_count > 0 ||
           curthread->td_preempted != NULL;
}

static void learn(int kind, int64 word, bool write)
{
    uint32 old = keep->seen[word], w = old;

    if (kind == POINT_PRIMITIVE)
        w |= 1u << self | (write ? WORD_WRITTEN : 0);
    if ((w & WORD_BODY(self)) == 0 && in_interrupt())
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
    const struct cpu *c = &cpus[self];

    while (c->intr_on && pending(c)) {
        if (!comes(kind, word))
            return;
        ++points;
        explore_note('i', "takes an interrupt");
        take_interrupt();
        c = &cpus[self];
    }
    if (c->intr_on && affordable(BUDGET_INTERRUPTS) && touched(kind, word))
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

    if (!affordable(BUDGET_PREEMPTIONS))
        return;
    if (word >= 0 && !several_cpus(keep->now[word]) && !keep->everywhere && !keep->replay)
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
