/* SPDX-License-Identifier: BSD-3-Clause
 * Memory and strings, as in the C standard. memcpy, memmove and memset work a doubleword at a time
 * where alignment allows.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include <stddef.h>

void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
/* memcpy of one page to another, some instructions faster. */
void *copy_page(void *dst, const void *src);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *dst, const char *src, size_t n);

/* Copy with a NUL always; returns strlen(src), so a result >= size means that the copy was cut. */
size_t strlcpy(char *dst, const char *src, size_t size);

#endif
