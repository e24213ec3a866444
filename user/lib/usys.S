/* SPDX-License-Identifier: BSD-3-Clause
 * System call stubs, made from the list in kernel/syscall.h: the number goes to a7, the arguments are
 * in a0 to a5 already, and the result comes back in a0. All are weak, so that a program that has a
 * function of such a name (yield or sleep, say) gets its own.
 */
#include "kernel/syscall.h"

.macro STUB name, number
        .weak \name
        .type \name, @function
\name:
        li a7, \number
        ecall
        ret
        .size \name, . - \name
.endm

/* sbrk() itself is in ulib.c: it gives the call its second argument. */
#define sbrk sys_sbrk
#define STUB_OF(number, name) STUB name, number;

        .text
        SYSCALLS(STUB_OF)
        STUB sleep, SYS_sleep
