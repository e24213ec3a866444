/* SPDX-License-Identifier: BSD-3-Clause
 * Panics: what the cpu that panics and the others need of each other. panic() itself is declared in
 * lib/assert.h, and boot/panic.c implements all of it.
 */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

#include <stdbool.h>

#include "kernel/types.h"
#include "lib/atomic.h"

struct trapframe;

/* 0, or 1 + the cpu that panicked first. Set once. */
extern uint32 panic_owner;

/* As panic(), about a trap: also shows the registers and the backtrace of the trapped code. */
void panic_trap(const struct trapframe *tf, const char *fmt, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* True on the cpu that is printing its panic, which must not wait for locks any more. */
bool panic_is_mine(void);

/* Stop this hart for good, unless it is the one that panics. */
void panic_stop(void);

/* Stop here if another hart has panicked. Each software interrupt and each waiting loop calls this. */
static inline void panic_stop_if_asked(void)
{
    if (__builtin_expect(peek(&panic_owner) != 0, 0))
        panic_stop();
}

#endif
