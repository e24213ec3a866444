/* SPDX-License-Identifier: BSD-3-Clause
 * Patterns in registers, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/pattern.c"
