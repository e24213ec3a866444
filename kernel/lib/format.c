/* SPDX-License-Identifier: BSD-3-Clause
 * Formatting of text, for printf.c: see printf.h for the formats. Any context; no lock, no memory but
 * the stack and the sink's buffer. It also compiles for the host (tests/lib/format_host.c).
 */
#include "lib/format.h"

#include <stdbool.h>

#include "kernel/types.h"
#include "lib/printf.h"
#include "lib/string.h"

#define MAXDIGITS 24 /* a uint64 in octal has 22 */

/* One conversion: %[-][0][width][.precision][l|ll|z]conv */
struct spec {
    bool left;
    bool zero;
    int width;
    int precision; /* -1: none given */
    int longs;     /* 0: int; else 64 bits */
    char conv;
};

static void put(struct sink *s, char c)
{
    if (s->used == s->size && s->flush != NULL) {
        s->flush(s->buf, s->used);
        s->used = 0;
    }
    if (s->used < s->size)
        s->buf[s->used++] = c;
    s->total++;
}

static void pad(struct sink *s, char c, int n)
{
    while (n-- > 0)
        put(s, c);
}

/* A text of len bytes in a field of at least spec->width. */
static void put_field(struct sink *s, const struct spec *spec, const char *text, size_t len)
{
    int padding = spec->width - (int)len;

    if (!spec->left)
        pad(s, ' ', padding);
    for (size_t i = 0; i < len; i++)
        put(s, text[i]);
    if (spec->left)
        pad(s, ' ', padding);
}

/* A number with its sign or prefix ("-", "0x", ""), which goes before zeros that fill the field. */
static void put_number(struct sink *s, struct spec *spec, const char *prefix, uint64 n, uint base)
{
    const char *digits = spec->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[MAXDIGITS];
    size_t start = sizeof(text), plen = strlen(prefix);

    do {
        text[--start] = digits[n % base];
        n /= base;
    } while (n != 0);
    int len = (int)(sizeof(text) - start);
    bool fill = spec->zero && !spec->left;

    if (!fill && !spec->left)
        pad(s, ' ', spec->width - len - (int)plen);
    for (size_t i = 0; i < plen; i++)
        put(s, prefix[i]);
    if (fill)
        pad(s, '0', spec->width - len - (int)plen);
    for (; start < sizeof(text); start++)
        put(s, text[start]);
    if (spec->left)
        pad(s, ' ', spec->width - len - (int)plen);
}

static void put_string(struct sink *s, const struct spec *spec, const char *text)
{
    if (text == NULL)
        text = "(null)";
    size_t len = spec->precision >= 0 ? strnlen(text, (size_t)spec->precision) : strlen(text);
    put_field(s, spec, text, len);
}

static int parse_int(const char **fmt)
{
    int n = 0;

    while (**fmt >= '0' && **fmt <= '9')
        n = n * 10 + (*(*fmt)++ - '0');
    return n;
}

/* A width or precision: a number, or `*` for the next argument. */
static int parse_size(const char **fmt, va_list *ap)
{
    if (**fmt != '*')
        return parse_int(fmt);
    (*fmt)++;
    return va_arg(*ap, int);
}

/* Parse what follows a '%'; fmt ends up after the conversion's letter. */
static struct spec parse_spec(const char **fmt, va_list *ap)
{
    struct spec spec = {.precision = -1};

    for (;; (*fmt)++) {
        if (**fmt == '-')
            spec.left = true;
        else if (**fmt == '0')
            spec.zero = true;
        else
            break;
    }
    spec.width = parse_size(fmt, ap);
    if (spec.width < 0) {
        spec.left = true;
        spec.width = -spec.width;
    }
    if (**fmt == '.') {
        (*fmt)++;
        spec.precision = parse_size(fmt, ap);
    }
    for (; **fmt == 'l' || **fmt == 'z'; (*fmt)++)
        spec.longs++;
    spec.conv = **fmt;
    if (spec.conv != '\0')
        (*fmt)++;
    return spec;
}

static void put_signed(struct sink *s, struct spec *spec, va_list *ap)
{
    int64 n = spec->longs > 0 ? va_arg(*ap, int64) : va_arg(*ap, int);

    if (n < 0)
        put_number(s, spec, "-", -(uint64)n, 10);
    else
        put_number(s, spec, "", (uint64)n, 10);
}

static void put_unsigned(struct sink *s, struct spec *spec, va_list *ap)
{
    uint64 n = spec->longs > 0 ? va_arg(*ap, uint64) : va_arg(*ap, uint);

    put_number(s, spec, "", n, spec->conv == 'u' ? 10 : spec->conv == 'o' ? 8 : 16);
}

/* Convert one argument. An unknown letter is shown as it stands, so that it is noticed. */
static void convert(struct sink *s, struct spec *spec, va_list *ap)
{
    char c;

    switch (spec->conv) {
    case 'd':
    case 'i':
        put_signed(s, spec, ap);
        break;
    case 'u':
    case 'x':
    case 'X':
    case 'o':
        put_unsigned(s, spec, ap);
        break;
    case 'p':
        put_number(s, spec, "0x", (uint64)va_arg(*ap, void *), 16);
        break;
    case 's':
        put_string(s, spec, va_arg(*ap, const char *));
        break;
    case 'c':
        c = (char)va_arg(*ap, int);
        put_field(s, spec, &c, 1);
        break;
    case '%':
        put(s, '%');
        break;
    default:
        put(s, '%');
        if (spec->conv != '\0')
            put(s, spec->conv);
    }
}

void format(struct sink *s, const char *fmt, va_list *ap)
{
    while (*fmt != '\0') {
        if (*fmt != '%') {
            put(s, *fmt++);
            continue;
        }
        fmt++;
        struct spec spec = parse_spec(&fmt, ap);
        convert(s, &spec, ap);
    }
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct sink s = {.buf = buf, .size = size > 0 ? size - 1 : 0};
    va_list args;

    va_copy(args, ap);
    format(&s, fmt, &args);
    va_end(args);
    if (size > 0)
        buf[s.used] = '\0';
    return (int)s.total;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
