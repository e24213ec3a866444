/* SPDX-License-Identifier: BSD-3-Clause
 * What the search's files share: explore.c (executions), turns.c (where the choices are), schedule.c (a schedule
 * as text).
 */
#ifndef SIM_SEARCH_H
#define SIM_SEARCH_H

#include "cpu.h"
#include "explore.h"

#define DECISIONS_MAX (1 << 20)
#define OUTCOMES_MAX 4096
#define SITES_MAX 2048
#define WORDS_USED (1 << 20)

/* What is chosen: who goes on, at a cost, or where a cpu waits; whether an interrupt is delayed, a delayed one is
 * taken, a timer's or a device's comes early; which store a load returns. */
enum kind { CHOICE_CPU, CHOICE_TURN, CHOICE_DELAY, CHOICE_TAKE, CHOICE_FIRE, CHOICE_READ };
#define CHOICE_LETTERS "ctdkfr"

struct decision {
    uint64 point;
    int64 word;
    uint8 kind, n, chosen;
};

/* A choice that a schedule as text asks for. */
struct wish {
    char letter;
    uint64 point;
    uint32 alternative;
};

/* In memory that no restore touches. */
extern struct keep {
    struct decision decision[DECISIONS_MAX];
    uint32 depth; /* of the decisions to be repeated, or that were made */
    int budget[NBUDGETS];
    bool everywhere; /* switch at every primitive */
    bool grown;      /* a word has more users than in the search so far */
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
    uint16 now[WORDS_MAX],
        seen[WORDS_MAX];     /* of words: what counts in this search, what was learnt */
    uint32 word[WORDS_USED]; /* those that were seen */
    uint32 nwords;
} * keep;

/* Of this execution: its first point; how much of each budget it has used. */
extern uint64 mark_point;
extern int budget_used[NBUDGETS];

/* The number of the alternative, of n. / The same where each but the first costs one of a budget. */
uint32 choose(enum kind kind, uint32 n, int64 word);
uint32 choose_at_cost(enum kind kind, int what, uint32 n, int64 word);

/* Whether something is left of that budget. */
static inline bool affordable(int what)
{
    return keep->replay || budget_used[what] < keep->budget[what];
}

/* From the mark to the end, or to a failure. */
void execute(void);

/* The alternative that the schedule that is played again asks for here. */
uint32 wished(enum kind kind, uint32 n);

#endif
