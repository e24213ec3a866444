/* SPDX-License-Identifier: BSD-3-Clause
 * Patterns in registers, in a program.
 */
#include "kernel/ktest/pattern.S"
