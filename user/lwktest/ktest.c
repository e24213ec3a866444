/* SPDX-License-Identifier: BSD-3-Clause
 * The player of scenes, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/ktest.c"
