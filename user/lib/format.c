/* SPDX-License-Identifier: BSD-3-Clause
 * The engine of printf: %d %i %u %x %X %o %c %s %p %%, with the sizes l, ll and z, a width, the flags
 * `0` and `-`, and a precision for %s. As in xv6, %l alone is an unsigned long in decimal, a null
 * string prints as (null), and an unknown conversion is printed as it stands.
 */
#include "user/user.h"
#include "user/lib/lib.h"

/* One conversion, and where the text goes. */
struct spec {
    void (*put)(void *arg, const char *text, int n);
    void *arg;
    int total; /* bytes put so far */
    int left;  /* flag `-` */
    int zero;  /* flag `0` */
    int width;
    int precision; /* -1: none */
    int longs;     /* how many l (z counts as one) */
};

static void emit(struct spec *sp, const char *text, int n)
{
    if (n > 0) {
        sp->put(sp->arg, text, n);
        sp->total += n;
    }
}

static void pad(struct spec *sp, char c, int n)
{
    for (; n > 0; n--)
        emit(sp, &c, 1);
}

/* Print prefix (a sign, 0x) and text, padded to the width. Zeros go between the two. */
static void field(struct spec *sp, const char *prefix, const char *text, int n)
{
    int prefixlen = (int)strlen(prefix);
    int fill = sp->width - n - prefixlen;

    if (!sp->left && !sp->zero)
        pad(sp, ' ', fill);
    emit(sp, prefix, prefixlen);
    if (!sp->left && sp->zero)
        pad(sp, '0', fill);
    emit(sp, text, n);
    if (sp->left)
        pad(sp, ' ', fill);
}

static void number(struct spec *sp, const char *prefix, uint64 value, uint base, int upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[22]; /* 2^64 in octal has 22 digits */
    int i = sizeof(text);

    do {
        text[--i] = digits[value % base];
        value /= base;
    } while (value != 0);
    field(sp, prefix, &text[i], (int)sizeof(text) - i);
}

static void string(struct spec *sp, const char *s)
{
    int n = 0;

    if (s == 0)
        s = "(null)";
    while (s[n] != 0 && (sp->precision < 0 || n < sp->precision))
        n++;
    sp->zero = 0;
    field(sp, "", s, n);
}

static const char *flags_and_width(struct spec *sp, const char *f)
{
    sp->left = sp->zero = sp->width = sp->longs = 0;
    sp->precision = -1;
    for (; *f == '0' || *f == '-'; f++) {
        sp->left |= *f == '-';
        sp->zero |= *f == '0';
    }
    for (; *f >= '0' && *f <= '9'; f++)
        sp->width = sp->width * 10 + (*f - '0');
    if (*f == '.')
        for (f++, sp->precision = 0; *f >= '0' && *f <= '9'; f++)
            sp->precision = sp->precision * 10 + (*f - '0');
    for (; *f == 'l' || *f == 'z'; f++)
        sp->longs++;
    return f;
}

static void signed_number(struct spec *sp, int64 value)
{
    if (value < 0)
        number(sp, "-", 0 - (uint64)value, 10, 0);
    else
        number(sp, "", (uint64)value, 10, 0);
}

static uint64 unsigned_arg(const struct spec *sp, va_list *ap)
{
    return sp->longs > 0 ? va_arg(*ap, uint64) : va_arg(*ap, uint);
}

/* Print the next argument as the conversion c says. Returns 1, or 0 if c is unknown. */
static int convert(struct spec *sp, char c, va_list *ap)
{
    char ch;

    switch (c) {
    case 'd':
    case 'i':
        signed_number(sp, sp->longs > 0 ? va_arg(*ap, int64) : va_arg(*ap, int));
        return 1;
    case 'u':
        number(sp, "", unsigned_arg(sp, ap), 10, 0);
        return 1;
    case 'x':
    case 'X':
        number(sp, "", unsigned_arg(sp, ap), 16, c == 'X');
        return 1;
    case 'o':
        number(sp, "", unsigned_arg(sp, ap), 8, 0);
        return 1;
    case 'p':
        number(sp, "0x", va_arg(*ap, uint64), 16, 0);
        return 1;
    case 's':
        string(sp, va_arg(*ap, const char *));
        return 1;
    case 'c':
        ch = (char)va_arg(*ap, int);
        sp->zero = 0;
        field(sp, "", &ch, 1);
        return 1;
    case '%':
        emit(sp, "%", 1);
        return 1;
    default:
        return 0;
    }
}

/* Do the conversion that begins after the % at f[-1]. Returns where the format continues. */
static const char *conversion(struct spec *sp, const char *f, va_list *ap)
{
    const char *end = flags_and_width(sp, f);

    if (convert(sp, *end, ap))
        return end + 1;
    if (sp->longs > 0) /* xv6's lone %l */
        number(sp, "", va_arg(*ap, uint64), 10, 0);
    else
        emit(sp, f - 1, (int)(end - f) + 1);
    return end;
}

int lib_format(void (*put)(void *arg, const char *text, int n), void *arg, const char *fmt,
               va_list ap)
{
    struct spec sp = {.put = put, .arg = arg, .total = 0};
    va_list args;

    va_copy(args, ap);
    while (*fmt != 0) {
        const char *plain = fmt;
        while (*fmt != 0 && *fmt != '%')
            fmt++;
        emit(&sp, plain, (int)(fmt - plain));
        if (*fmt == '%')
            fmt = conversion(&sp, fmt + 1, &args);
    }
    va_end(args);
    return sp.total;
}
