/*
 * Backtraces by frame pointer, for panics.
 */
#ifndef BOOT_BACKTRACE_H
#define BOOT_BACKTRACE_H

#include <stdbool.h>

#include "kernel/types.h"

struct thread;
struct trapframe;

/* Whether td can be a thread at all: an aligned address in the kernel's memory. */
bool backtrace_valid_thread(const struct thread *td);

/* Print the callers from frame fp on, a line each. With a trap frame, what was trapped comes first. */
void backtrace_print(const struct thread *td, uint64 fp, const struct trapframe *tf);

/* Print the innermost few names only, on one line. */
void backtrace_print_short(const struct thread *td, uint64 fp);

#endif
