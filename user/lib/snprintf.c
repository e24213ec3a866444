/* SPDX-License-Identifier: BSD-3-Clause
 * Formatted output into memory; see lib.h.
 */
#include "user/user.h"
#include "user/lib/lib.h"

struct buffer {
    char *next;
    char *last; /* the last place for the NUL */
};

static void put(void *arg, const char *text, int n)
{
    struct buffer *b = arg;

    for (; n > 0 && b->next < b->last; n--)
        *b->next++ = *text++;
}

int vsnprintf(char *buf, uint size, const char *fmt, va_list ap)
{
    char none;
    struct buffer b = {&none, &none};
    int length;

    if (size > 0) {
        b.next = buf;
        b.last = buf + size - 1;
    }
    length = lib_format(put, &b, fmt, ap);
    *b.next = 0;
    return length;
}

int snprintf(char *buf, uint size, const char *fmt, ...)
{
    va_list ap;
    int length;

    va_start(ap, fmt);
    length = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return length;
}
