/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/memlayout.h for programs, with names that xv6's programs use. They try addresses of the
 * kernel, which lies elsewhere here, and has to refuse them just as well.
 */
#include_next "kernel/memlayout.h"

#ifndef XV6_MEMLAYOUT_H
#define XV6_MEMLAYOUT_H

#define PHYSTOP (KERNBASE + 128 * 1024 * 1024)
#define TRAMPOLINE (TRAPFRAME + 0x1000) /* nothing lies there */

#endif
