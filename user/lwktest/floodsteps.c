/* SPDX-License-Identifier: BSD-3-Clause
 * Steps that fill rings, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/floodsteps.c"
