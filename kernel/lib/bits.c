/* SPDX-License-Identifier: BSD-3-Clause
 * Tables for bits.h: the highest set bit of each byte of a word; the number of a bit by its de
 * Bruijn product.
 */
#include "lib/bits.h"

#define TWICE(...) __VA_ARGS__, __VA_ARGS__
#define TIMES4(n) TWICE(n), TWICE(n)
#define TIMES16(n) TIMES4(n), TIMES4(n), TIMES4(n), TIMES4(n)
#define TIMES64(n) TIMES16(n), TIMES16(n), TIMES16(n), TIMES16(n)
/* For each value of a byte its highest bit; bit 0 of the byte has number n. */
#define HIGHEST(n)                                                                       \
    {                                                                                    \
        n, n, TWICE((n) + 1), TIMES4((n) + 2), TWICE(TIMES4((n) + 3)), TIMES16((n) + 4), \
            TWICE(TIMES16((n) + 5)), TIMES64((n) + 6), TWICE(TIMES64((n) + 7))           \
    }

const uint8 bits_highest_table[4][256] = {HIGHEST(0), HIGHEST(8), HIGHEST(16), HIGHEST(24)};

const uint8 bits_lowest_table[64] = {
    0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,  62, 55, 59, 36, 53, 51,
    43, 22, 45, 39, 33, 30, 24, 18, 12, 5,  63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21,
    44, 32, 23, 11, 46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
};
