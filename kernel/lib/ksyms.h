/* SPDX-License-Identifier: BSD-3-Clause
 * Names of the kernel's functions, for backtraces. The table is made by tools/mkksyms from the first
 * link of the kernel and added in the second; without it every look-up fails.
 */
#ifndef LIB_KSYMS_H
#define LIB_KSYMS_H

#include <stdbool.h>

#include "kernel/types.h"

/* The function that holds the address addr, and how many bytes into it. False: none is known. Any
 * context; reads constant data only. */
bool ksym_lookup(uint64 addr, const char **name, uint64 *offset);

#endif
