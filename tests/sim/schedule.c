/* SPDX-License-Identifier: BSD-3-Clause
 * A schedule as text, and its replay: what differs from the first alternatives, in the order in which it came. A
 * choice is a letter (CHOICE_LETTERS), the point, and the alternative: c190:1.
 */
#include <stdio.h>

#include "search.h"

static int next_wish; /* in this execution */

uint32 wished(enum kind kind, uint32 n)
{
    const struct wish *w = &keep->wish[next_wish];

    if (next_wish == keep->nwishes || w->letter != CHOICE_LETTERS[kind] || w->point != points)
        return 0;
    next_wish++;
    return w->alternative < n ? w->alternative : 0;
}

void explore_print_schedule(void)
{
    const char *space = "";

    for (uint32 i = 0; i < keep->depth; i++) {
        const struct decision *d = &keep->decision[i];
        if (d->chosen != 0) {
            printf("%s%c%lu:%u", space, CHOICE_LETTERS[d->kind], d->point, d->chosen);
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
