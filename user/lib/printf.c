/* SPDX-License-Identifier: BSD-3-Clause
 * printf and fprintf: the text is collected on the stack and written at the end of the call, so that a
 * line of up to 128 bytes that is printed by one call comes out whole, even when several processes
 * print. More would leave too little of a stack of one page for programs that were written for xv6 and
 * call themselves, such as find.
 */
#include <stdarg.h>

#include "user/user.h"
#include "user/lib/lib.h"

struct out {
    int fd;
    int n; /* bytes in buf */
    char buf[128];
};

/* What cannot be written is lost: printf has no result. */
static void flush(struct out *o)
{
    int done = 0, n;

    while (done < o->n && (n = write(o->fd, o->buf + done, o->n - done)) > 0)
        done += n;
    o->n = 0;
}

static void put(void *arg, const char *text, int n)
{
    struct out *o = arg;

    for (; n > 0; n--) {
        if (o->n == (int)sizeof(o->buf))
            flush(o);
        o->buf[o->n++] = *text++;
    }
}

static void print(int fd, const char *fmt, va_list ap)
{
    struct out o;

    o.fd = fd;
    o.n = 0;
    lib_format(put, &o, fmt, ap);
    flush(&o);
}

void fprintf(int fd, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print(fd, fmt, ap);
    va_end(ap);
}

void printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    print(1, fmt, ap);
    va_end(ap);
}
