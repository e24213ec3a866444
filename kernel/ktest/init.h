/* SPDX-License-Identifier: BSD-3-Clause
 * The scheduler tests' machinery, for the code that starts the kernel.
 */
#ifndef KTEST_INIT_H
#define KTEST_INIT_H

/* With the boot argument ktest=1: set the test points that other boot arguments name, and register the
 * system call ktest. Thread context, on cpu 0, after the other harts have started and before the first
 * process. */
void ktest_init(void);

#endif
