/* SPDX-License-Identifier: BSD-3-Clause
 * Events and the audit, in a program.
 */
#include "lwkt.h"

#include "kernel/ktest/events.c"
