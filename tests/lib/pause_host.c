/* SPDX-License-Identifier: BSD-3-Clause
 * pause() on the host, with a clock that moves at each look at it: by whole ticks, if a kernel thread
 * preempts the caller between two looks. However it moves, each sleep is for the time that is left, and
 * the call ends in the first look after its time. tests/test_host.py builds this with kernel/proc/sysproc.c;
 * of that file's functions the linker keeps only the one that is called.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kernel/param.h"
#include "lib/sysent.h"
#include "machine.h"
#include "sync/sleep.h"

#define TICK 1000UL               /* of HZ, in ticks of the clock */
#define UTICK (TICK * (HZ / UHZ)) /* of UHZ, which pause() counts */

uint64 cpu_timebase = TICK * HZ;
static uint64 now, step; /* step: how far the clock moves at each look */
static uint64 asked;     /* when pause() was called */
static int ticks;        /* its argument */

uint64 cpu_time(void)
{
    uint64 seen = now;

    now += step;
    return seen;
}

/* The time that is left from now on is at most what was left at the caller's last look. */
int tsleep(const void *ident, int flags, const char *wmesg, int timo)
{
    uint64 end = asked + (uint64)ticks * UTICK;
    uint64 looked = now - step;

    (void)ident;
    (void)flags;
    if (looked >= end || timo <= 0 || (uint64)timo > (end - looked) / TICK + 1) {
        printf("pause(%d), %lu clock ticks a look: %s for %d ticks at %lu, to end at %lu\n", ticks,
               step, wmesg, timo, looked, end);
        exit(1);
    }
    now += (uint64)timo * TICK;
    return EWOULDBLOCK;
}

int main(void)
{
    for (ticks = 1; ticks <= 30; ticks++)
        for (step = 0; step <= 2 * UTICK; step += TICK / 8) {
            uint64 arg[] = {(uint64)ticks};
            now = asked = 12345;
            if (sys_pause(arg) != 0 || now - step < asked + (uint64)ticks * UTICK) {
                printf("pause(%d), %lu clock ticks a look, ended early\n", ticks, step);
                return 1;
            }
        }
    return 0;
}
