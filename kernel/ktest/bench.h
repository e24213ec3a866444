/* SPDX-License-Identifier: BSD-3-Clause
 * The benchmarks of benchcore.c. Each does n operations on cpu 0, in a kernel thread, and returns their
 * cost in all, or 0 if it cannot be measured here.
 */
#ifndef KTEST_BENCH_H
#define KTEST_BENCH_H

#include "kernel/types.h"

uint64 bench_ipi_send(int n);
uint64 bench_ipi_process(int n);
uint64 bench_ipi_batch(int n);
uint64 bench_interrupt(int n);
uint64 bench_yield_many(int n);

#endif
