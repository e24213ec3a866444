/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about the switch, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/switchsteps.c"
