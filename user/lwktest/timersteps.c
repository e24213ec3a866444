/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about systimers, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/timersteps.c"
