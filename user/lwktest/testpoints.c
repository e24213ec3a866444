/* SPDX-License-Identifier: BSD-3-Clause
 * Test points, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/testpoints.c"
