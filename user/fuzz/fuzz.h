/* SPDX-License-Identifier: BSD-3-Clause
 * What the two halves of the system call fuzzer share: main.c starts processes and counts; calls.c
 * makes the calls.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "kernel/types.h"

#define HOME "/fuzz.tmp" /* where the calls create their files */
#define REPORT_FD 15     /* a worker writes a byte there for each STEP calls */
#define STEP 16

/* Whether the fuzzer needs this process, so that no call may kill it. */
int is_protected(int pid);

/* Make n calls, which the seed determines; then return, or not. File descriptors other than REPORT_FD
 * are closed at first. */
void make_calls(uint64 seed, int n);

#endif
