/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about wait queues, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/waitsteps.c"
