/* SPDX-License-Identifier: BSD-3-Clause
 * Backtraces by frame pointer, for panics and for the check of lock orders. See boot/backtrace.c.
 */
#ifndef LIB_BACKTRACE_H
#define LIB_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/types.h"

struct thread;
struct trapframe;

/* Whether td can be a thread: an aligned address in the kernel's memory. */
bool backtrace_valid_thread(const struct thread *td);

/* Print the callers from frame fp on, a line each. With a trap frame, what was trapped comes first. */
void backtrace_print(const struct thread *td, uint64 fp, const struct trapframe *tf);

/* Print the innermost few names only, on one line. */
void backtrace_print_short(const struct thread *td, uint64 fp);

/* Store the n innermost return addresses of the calling thread, from frame fp on; 0 where there are no
 * more. Any context. / The names of such addresses, as text that is cut to `size` bytes. */
void backtrace_save(uint64 fp, uint64 *calls, int n);
void backtrace_names(char *text, size_t size, const uint64 *calls, int n);

#endif
