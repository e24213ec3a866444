/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about the life of threads, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/lifesteps.c"
