/* SPDX-License-Identifier: BSD-3-Clause
 * For graders, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/layout.c"
