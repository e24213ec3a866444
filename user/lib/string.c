/* SPDX-License-Identifier: BSD-3-Clause
 * Strings and memory, with xv6's prototypes. The compiler also calls memset, memcpy and memmove, for
 * structures. Sizes are below 2 GiB, as a program's memory is.
 */
#include "user/user.h"

char *strcpy(char *dst, const char *src)
{
    char *d = dst;

    while ((*d++ = *src++) != 0)
        ;
    return dst;
}

int strcmp(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return (uchar)*a - (uchar)*b;
}

uint strlen(const char *s)
{
    const char *p = s;

    while (*p != 0)
        p++;
    return (uint)(p - s);
}

/* The first c in s, or 0. Unlike C's strchr, it does not find the NUL; xv6's programs expect that. */
char *strchr(const char *s, char c)
{
    for (; *s != 0; s++)
        if (*s == c)
            return (char *)(uint64)s;
    return 0;
}

/* True when words can be copied: both addresses are equal modulo 8. */
static int alike(const void *a, const void *b)
{
    return (((uint64)a ^ (uint64)b) & 7) == 0;
}

void *memset(void *dst, int c, uint n)
{
    char *d = dst;
    uint64 word = (uchar)c * 0x0101010101010101UL;

    for (; n > 0 && ((uint64)d & 7) != 0; n--)
        *d++ = (char)c;
    for (; n >= 8; n -= 8, d += 8)
        *(uint64 *)(void *)d = word;
    for (; n > 0; n--)
        *d++ = (char)c;
    return dst;
}

/* Copy from the first byte to the last: right if dst is below src, or the two do not overlap. */
static void copy_up(char *d, const char *s, uint n)
{
    if (alike(d, s)) {
        for (; n > 0 && ((uint64)d & 7) != 0; n--)
            *d++ = *s++;
        for (; n >= 8; n -= 8, d += 8, s += 8)
            *(uint64 *)(void *)d = *(const uint64 *)(const void *)s;
    }
    for (; n > 0; n--)
        *d++ = *s++;
}

static void copy_down(char *d, const char *s, uint n)
{
    while (n-- > 0)
        d[n] = s[n];
}

void *memmove(void *dst, const void *src, int n)
{
    if (n <= 0)
        return dst;
    if ((char *)dst <= (const char *)src || (char *)dst >= (const char *)src + n)
        copy_up(dst, src, (uint)n);
    else
        copy_down(dst, src, (uint)n);
    return dst;
}

void *memcpy(void *dst, const void *src, uint n)
{
    copy_up(dst, src, n);
    return dst;
}

int memcmp(const void *a, const void *b, uint n)
{
    const uchar *p = a, *q = b;

    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

int atoi(const char *s)
{
    int n = 0;

    while (*s >= '0' && *s <= '9')
        n = n * 10 + (*s++ - '0');
    return n;
}
