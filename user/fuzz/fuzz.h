/* SPDX-License-Identifier: BSD-3-Clause
 * What the parts of the system call fuzzer share: main.c starts processes and counts; calls.c and
 * shared.c make the calls.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "kernel/types.h"

#define HOME "/fuzz.tmp" /* where the calls create their files */
#define REPORT_FD 15     /* a worker writes a byte there for each STEP calls */
#define STEP 16
#define GRANDCHILD_CALLS 20 /* of a process that a worker makes */

/* Whether the fuzzer needs this process, so that no call may kill it. */
int is_protected(int pid);

/* Make n calls, which the seed determines; then return, or not. File descriptors other than REPORT_FD
 * are closed at first. */
void make_calls(uint64 seed, int n);

/* What shared.c uses of calls.c: random numbers below n, or of any kind; addresses; calls. */
uint64 rnd(uint64 n);
uint64 number(void);
void *pointer(void);
void call_fd(void);
void call_sbrk(void);

/* shared.c: calls about shared memory; one more process with the caller's memory. */
void call_shared(void);
void call_fork_shared(void);

#endif
