/* SPDX-License-Identifier: BSD-3-Clause
 * Finding set bits. The base instruction set has no instruction for it (Zbb does), and the compiler's
 * builtins would call its library.
 */
#ifndef LIB_BITS_H
#define LIB_BITS_H

#include "kernel/types.h"

extern const uint8 bits_highest_table[4][256];
extern const uint8 bits_lowest_table[64];

/* Number of the highest set bit, 0..31; x is not 0. */
static inline int bit_highest32(uint32 x)
{
    /* indices are signed, as words are in registers */
    if (x >> 16)
        return x >> 24 ? bits_highest_table[3][(int)(x >> 24)]
                       : bits_highest_table[2][(int)(x >> 16)];
    return x >> 8 ? bits_highest_table[1][(int)(x >> 8)] : bits_highest_table[0][(int)x];
}

/*
 * Number of the lowest set bit, 0..63; x is not 0. x & -x leaves that bit alone, and the product's
 * top six bits differ for each of the 64 powers of two (a de Bruijn sequence).
 */
static inline int bit_lowest64(uint64 x)
{
    return bits_lowest_table[((x & -x) * 0x03f79d71b4cb0a89UL) >> 58];
}

#endif
