/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about message ports, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/portsteps.c"
