/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about interrupts, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/intrsteps.c"
