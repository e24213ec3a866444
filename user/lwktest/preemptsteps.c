/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about preemption, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/preemptsteps.c"
