/*
 * Points in the threading core at which a test can make something happen: a stall in the middle of a
 * protocol, for example, so that a race that is rare becomes certain. What the knobs do is in
 * ktest/knobs.c, and takes the boot argument ktest=1. When no knob is set, a point costs a load, a test
 * and a branch; without INVARIANTS it costs nothing.
 */
#ifndef LWKT_KNOB_H
#define LWKT_KNOB_H

#include "kernel/ktest.h"
#include "lib/atomic.h"

extern uint32 knobs_on;                            /* bit k: knob k is set. AMO, peek */
extern uint32 (*knob_reached)(enum kt_knob which); /* what a set knob does; set once, at boot */

/* The caller has reached the point of that knob. Returns the knob's value; 0: it is not set. */
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
