/*
 * Points in the threading core at which a test may make something happen: a stall in the middle of a
 * protocol, say, so that a race that is rare becomes certain. The knobs themselves are in
 * ktest/knobs.c, behind the boot argument ktest=1. Off, a point is a load, a test and a branch; without
 * INVARIANTS it is nothing.
 */
#ifndef LWKT_KNOB_H
#define LWKT_KNOB_H

#include "kernel/ktest.h"
#include "lib/atomic.h"

extern uint32 knobs_on;                            /* bit k: knob k is set. AMO, peek */
extern uint32 (*knob_reached)(enum kt_knob which); /* what a set knob does; set once, at boot */

/* The caller is at the point of that knob. What the knob says: 0 when it is off. */
static inline uint32 knob_point(enum kt_knob which)
{
#ifdef INVARIANTS
    if (__builtin_expect(peek(&knobs_on) & (1u << which), 0))
        return knob_reached(which);
#endif
    (void)which;
    return 0;
}

#endif
