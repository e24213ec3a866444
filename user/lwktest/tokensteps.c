/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about tokens, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/tokensteps.c"
