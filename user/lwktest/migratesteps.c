/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about migration, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/migratesteps.c"
