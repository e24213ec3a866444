/* SPDX-License-Identifier: BSD-3-Clause
 * Assertions. KASSERT is for invariants: on by default (INVARIANTS=1), gone in `make INVARIANTS=0`,
 * where its condition is not evaluated. A failure panics with file, line, cpu, thread and the
 * values that the format shows.
 */
#ifndef LIB_ASSERT_H
#define LIB_ASSERT_H

void panic(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#ifdef INVARIANTS
#define KASSERT(cond, fmt, ...)                                             \
    do {                                                                    \
        if (__builtin_expect(!(cond), 0))                                   \
            panic("%s:%d: assertion (%s) failed: " fmt, __FILE__, __LINE__, \
                  #cond __VA_OPT__(, ) __VA_ARGS__);                        \
    } while (0)
#else
#define KASSERT(cond, fmt, ...) ((void)sizeof(!(cond)))
#endif

#define KKASSERT(cond) KASSERT(cond, "invariant broken")

/* The body of a function that a lab leaves to the student (marked "lab 4" and so on in the sources). */
#define not_implemented(lab) panic("not implemented: %s (lab %d)", __func__, lab)

#endif
