# SPDX-License-Identifier: BSD-3-Clause
"""Patterns that the rules of several labs look for."""

FAULT = r"in the kernel, address|page fault|access fault|misaligned|illegal instruction|breakpoint"
SECTIONS = r"crit_exit without|outside all critical sections|\d critical sections|outside a critical section"
