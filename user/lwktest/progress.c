/* SPDX-License-Identifier: BSD-3-Clause
 * Reports about scenes that hang, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/progress.c"
