/* SPDX-License-Identifier: BSD-3-Clause
 * Formatting, apart from where the text goes: for format.c and printf.c.
 */
#ifndef LIB_FORMAT_H
#define LIB_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* Where formatted characters go: into buf, and when that is full to flush(), if there is one. */
struct sink {
    char *buf;
    size_t size;
    size_t used;  /* bytes in buf */
    size_t total; /* bytes so far, those that did not fit included */
    void (*flush)(const char *text, size_t len);
};

/* Send the text of fmt, with the arguments that ap walks through, to the sink. What is left in buf at
 * the end is not flushed. */
void format(struct sink *s, const char *fmt, va_list *ap);

#endif
