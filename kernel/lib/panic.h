/*
 * The end of the kernel: who may ask for it, and what the other harts do about it. panic() itself is
 * declared in lib/assert.h.
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include <stdbool.h>

#include "kernel/types.h"
#include "lib/atomic.h"

struct trapframe;

/* 0, or 1 + the cpu that panicked first. Set once. */
extern uint32 panic_owner;

/* Panic about a trap: as panic(), and shows the registers and the backtrace of what was trapped. */
void panic_trap(const struct trapframe *tf, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* True on the cpu that is printing its panic: locks are not to be waited for any more. */
bool panic_is_mine(void);

/* Stops this hart for good, unless it is the one that panics. */
void panic_stop(void);

/* For each software interrupt and every loop that waits: stop here when another hart has panicked. */
static inline void panic_stop_if_asked(void)
{
    if (__builtin_expect(peek(&panic_owner) != 0, 0))
        panic_stop();
}

#endif
