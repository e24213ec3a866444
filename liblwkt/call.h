/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/riscv/machine.h's cpu_call_rarely(), for machines where it does not matter which registers a
 * caller saves: an ordinary call.
 */
#ifndef LIBLWKT_CALL_H
#define LIBLWKT_CALL_H

#include "kernel/types.h"

/* The assembly hides from the compiler that func may have fewer arguments. */
#define cpu_call_rarely(func, a, b, c)                                                   \
    ({                                                                                   \
        void *cpu_rare_ = (void *)(func);                                                \
        __asm__("" : "+r"(cpu_rare_));                                                   \
        ((void (*)(uint64, uint64, uint64, uint64))cpu_rare_)(                           \
            (uint64)(a), (uint64)(b), (uint64)(c), (uint64)__builtin_return_address(0)); \
    })

#endif
