/* SPDX-License-Identifier: BSD-3-Clause
 * Memory and strings. Any context, any cpu; nothing here blocks or takes a lock.
 *
 * Copying and filling is most of what fork, exec, page faults and files do, so the three mem
 * functions count instructions: they work in doublewords, up to 256 to a turn of the loop, as many as
 * the offset in a load or store reaches (4 KiB copied in some 1,050 instructions, filled in some 530).
 * The compiler must not recognize these loops as memcpy or memset and call the function that it is
 * compiling: the pragma forbids that to gcc, and -ffreestanding forbids it to clang.
 */
#include "lib/string.h"

#include "kernel/types.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

#define WORD sizeof(word)

/* Memory of any type may be read and written as words. */
typedef uint64 __attribute__((may_alias)) word;

/*
 * Four words: as many as can be in flight without saving registers. Words are stored only after all
 * at or below them were read, so a copy to lower addresses may overlap.
 */
static inline __attribute__((always_inline)) void copy4(word *d, const word *s)
{
    word w0 = s[0], w1 = s[1], w2 = s[2], w3 = s[3];

    d[0] = w0;
    d[1] = w1;
    d[2] = w2;
    d[3] = w3;
}

static inline __attribute__((always_inline)) void copy16(word *d, const word *s)
{
    copy4(d, s);
    copy4(d + 4, s + 4);
    copy4(d + 8, s + 8);
    copy4(d + 12, s + 12);
}

static inline __attribute__((always_inline)) void copy64(word *d, const word *s)
{
    copy16(d, s);
    copy16(d + 16, s + 16);
    copy16(d + 32, s + 32);
    copy16(d + 48, s + 48);
}

static inline __attribute__((always_inline)) void copy128(word *d, const word *s)
{
    copy64(d, s);
    copy64(d + 64, s + 64);
}

static inline __attribute__((always_inline)) void fill4(word *d, word v)
{
    d[0] = v;
    d[1] = v;
    d[2] = v;
    d[3] = v;
}

static inline __attribute__((always_inline)) void fill16(word *d, word v)
{
    fill4(d, v);
    fill4(d + 4, v);
    fill4(d + 8, v);
    fill4(d + 12, v);
}

static inline __attribute__((always_inline)) void fill64(word *d, word v)
{
    fill16(d, v);
    fill16(d + 16, v);
    fill16(d + 32, v);
    fill16(d + 48, v);
}

static inline __attribute__((always_inline)) void fill256(word *d, word v)
{
    fill64(d, v);
    fill64(d + 64, v);
    fill64(d + 128, v);
    fill64(d + 192, v);
}

/*
 * Copy n bytes, a multiple of 8, upwards to an aligned address, from one that is not: each word is put
 * together from the two aligned words that it lies across. Each of those holds at least one byte of
 * src, so no foreign page is touched.
 */
static void copy_words_shifted(word *d, const char *src, size_t n)
{
    unsigned int shift = ((uint64)src % WORD) * 8;
    const word *s = (const word *)(const void *)(src - (uint64)src % WORD);
    word low = *s++;

    for (; n > 0; n -= WORD) {
        word high = *s++;
        *d++ = low >> shift | high << (64 - shift);
        low = high;
    }
}

/* memcpy between addresses of which at least one is not aligned. */
static void *__attribute__((noinline)) copy_unaligned(void *dst, const void *src, size_t n)
{
    char *d = dst;
    const char *s = src;

    if (n >= 2 * WORD) {
        for (; (uint64)d % WORD != 0; n--)
            *d++ = *s++;
        if ((uint64)s % WORD == 0) {
            memcpy(d, s, n);
            return dst;
        }
        size_t words = n & ~(WORD - 1);
        copy_words_shifted((word *)(void *)d, s, words);
        d += words;
        s += words;
        n -= words;
    }
    while (n-- > 0)
        *d++ = *s++;
    return dst;
}

void *copy_page(void *dst, const void *src)
{
    word *d = dst;
    const word *s = src, *end = s + 512;

    do {
        copy128(d, s);
        copy128(d + 128, s + 128);
        d += 256;
        s += 256;
    } while (s != end);
    return dst;
}

/*
 * The areas may overlap if dst is below src; memmove relies on it. Each loop copies what is left, from
 * s to end, as long as that is enough for a turn; a loop that does not turn costs two instructions.
 */
void *__attribute__((noinline)) memcpy(void *dst, const void *src, size_t n)
{
    word *d = dst;
    const word *s = src;

    if (((uint64)dst | (uint64)src) % WORD != 0)
        return copy_unaligned(dst, src, n);
    uint64 end = (uint64)src + n;
    if (n >= 64 * WORD) {
        for (; (uint64)s <= end - 128 * WORD; d += 128, s += 128)
            copy128(d, s);
        for (; (uint64)s <= end - 64 * WORD; d += 64, s += 64)
            copy64(d, s);
        if ((uint64)s == end) /* usual: blocks, pages */
            return dst;
    }
    for (; (uint64)s <= end - 16 * WORD; d += 16, s += 16)
        copy16(d, s);
    for (; (uint64)s <= end - 4 * WORD; d += 4, s += 4)
        copy4(d, s);
    while ((uint64)s <= end - WORD)
        *d++ = *s++;
    char *last = (char *)d;
    for (const char *from = (const char *)s; (uint64)from < end;)
        *last++ = *from++;
    return dst;
}

/*
 * Copy downwards, from the last byte to the first.
 */
static void copy_backward(char *d, const char *s, size_t n)
{
    d += n;
    s += n;
    if (((uint64)d ^ (uint64)s) % WORD == 0) {
        for (; n > 0 && (uint64)d % WORD != 0; n--)
            *--d = *--s;
        for (; n >= WORD; n -= WORD) {
            d -= WORD;
            s -= WORD;
            *(word *)(void *)d = *(const word *)(const void *)s;
        }
    }
    while (n-- > 0)
        *--d = *--s;
}

void *memmove(void *dst, const void *src, size_t n)
{
    if ((uint64)dst - (uint64)src >= n) /* below src, or past its end */
        return memcpy(dst, src, n);
    copy_backward(dst, src, n);
    return dst;
}

void *memset(void *dst, int c, size_t n)
{
    char *d = dst;
    uint64 end = (uint64)dst + n;
    word v = (uint8)c * 0x0101010101010101UL;

    for (; (uint64)d % WORD != 0 && (uint64)d < end; d++)
        *d = (char)c;
    word *w = (word *)(void *)d;
    for (; (uint64)w <= end - 256 * WORD; w += 256)
        fill256(w, v);
    for (; (uint64)w <= end - 64 * WORD; w += 64)
        fill64(w, v);
    if ((uint64)w == end)
        return dst;
    for (; (uint64)w <= end - 16 * WORD; w += 16)
        fill16(w, v);
    for (; (uint64)w <= end - 4 * WORD; w += 4)
        fill4(w, v);
    for (; (uint64)w <= end - WORD; w++)
        *w = v;
    for (d = (char *)w; (uint64)d < end; d++)
        *d = (char)c;
    return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8 *p = a, *q = b;

    for (; n > 0; n--, p++, q++)
        if (*p != *q)
            return *p - *q;
    return 0;
}

size_t strlen(const char *s)
{
    const char *p = s;

    while (*p != '\0')
        p++;
    return (size_t)(p - s);
}

size_t strnlen(const char *s, size_t max)
{
    size_t n = 0;

    while (n < max && s[n] != '\0')
        n++;
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b)
        a++, b++;
    return (uint8)*a - (uint8)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    while (n > 0 && *a != '\0' && *a == *b)
        n--, a++, b++;
    return n == 0 ? 0 : (uint8)*a - (uint8)*b;
}

/*
 * As in C: the rest of dst is filled with NULs, and a src of n bytes or more leaves it without any.
 */
char *strncpy(char *dst, const char *src, size_t n)
{
    size_t len = strnlen(src, n);

    memcpy(dst, src, len);
    memset(dst + len, 0, n - len);
    return dst;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t len = strlen(src);

    if (size > 0) {
        size_t n = len < size ? len : size - 1;
        memcpy(dst, src, n);
        dst[n] = '\0';
    }
    return len;
}
