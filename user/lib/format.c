/* SPDX-License-Identifier: BSD-3-Clause
 * The engine of printf: %d %i %u %x %X %o %c %s %p %%, with the sizes hh, h, l, ll, z, j and t, the
 * flags `-`, `0`, `+`, ` ` and `#`, a width and a precision, each a number or `*`. As in xv6, %l
 * alone is an unsigned long in decimal, a null string prints as (null), and an unknown conversion
 * is printed as it stands; if it is one of C's, its argument is passed over, so that those after it
 * are printed right.
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
    int plus;  /* flag `+` or ` `: that character; 0: none */
    int alt;   /* flag `#` */
    int width;
    int precision; /* -1: none */
    int longs;     /* how many l (z, j and t count as one) */
    int shorts;    /* how many h */
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

/* A precision is the least number of digits; the flag `0` has no effect then. */
static void number(struct spec *sp, const char *prefix, uint64 value, uint base, int upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[64]; /* 2^64 in octal has 22 digits */
    int i = sizeof(text), least = sp->precision < 0 ? 1 : sp->precision;

    for (; value != 0; value /= base)
        text[--i] = digits[value % base];
    if (least > (int)sizeof(text))
        least = sizeof(text);
    while ((int)sizeof(text) - i < least)
        text[--i] = '0';
    if (base == 8 && sp->alt && (i == sizeof(text) || text[i] != '0'))
        text[--i] = '0';
    if (sp->precision >= 0)
        sp->zero = 0;
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

/* Read a number or a `*` at *f, and step over it. */
static int count_at(const char **f, va_list *ap)
{
    int n = 0;

    if (**f == '*') {
        ++*f;
        return va_arg(*ap, int);
    }
    for (; **f >= '0' && **f <= '9'; ++*f)
        n = n * 10 + (**f - '0');
    return n;
}

static const char *flags_at(struct spec *sp, const char *f)
{
    sp->left = sp->zero = sp->plus = sp->alt = 0;
    for (;; f++) {
        if (*f == '-')
            sp->left = 1;
        else if (*f == '0')
            sp->zero = 1;
        else if (*f == '#')
            sp->alt = 1;
        else if (*f == '+' || (*f == ' ' && sp->plus == 0))
            sp->plus = *f;
        else if (*f != ' ')
            return f;
    }
}

static const char *flags_and_width(struct spec *sp, const char *f, va_list *ap)
{
    f = flags_at(sp, f);
    sp->width = count_at(&f, ap);
    if (sp->width < 0) {
        sp->left = 1;
        sp->width = -sp->width;
    }
    sp->precision = -1;
    if (*f == '.') {
        f++;
        sp->precision = count_at(&f, ap);
    }
    sp->longs = sp->shorts = 0;
    for (;; f++) {
        if (*f == 'h')
            sp->shorts++;
        else if (*f == 'l' || *f == 'z' || *f == 'j' || *f == 't')
            sp->longs++;
        else
            return f;
    }
}

static void signed_number(struct spec *sp, int64 value)
{
    if (value < 0)
        number(sp, "-", 0 - (uint64)value, 10, 0);
    else
        number(sp, sp->plus == '+' ? "+" : sp->plus == ' ' ? " " : "", (uint64)value, 10, 0);
}

static int64 signed_arg(const struct spec *sp, va_list *ap)
{
    int value;

    if (sp->longs > 0)
        return va_arg(*ap, int64);
    value = va_arg(*ap, int);
    return sp->shorts == 0 ? value : sp->shorts == 1 ? (short)value : (signed char)value;
}

static uint64 unsigned_arg(const struct spec *sp, va_list *ap)
{
    uint value;

    if (sp->longs > 0)
        return va_arg(*ap, uint64);
    value = va_arg(*ap, uint);
    return sp->shorts == 0 ? value : sp->shorts == 1 ? (ushort)value : (uchar)value;
}

/* With the flag `#`, digits in base 16 have the prefix 0x, and those in base 8 begin with 0
 * (number). */
static void based_number(struct spec *sp, char c, uint64 value)
{
    if (c == 'o')
        number(sp, "", value, 8, 0);
    else
        number(sp, !sp->alt || value == 0 ? "" : c == 'X' ? "0X" : "0x", value, 16, c == 'X');
}

/* Print the next argument as the conversion c says. Returns 1, or 0 if c is unknown. */
static int convert(struct spec *sp, char c, va_list *ap)
{
    char ch;

    switch (c) {
    case 'd':
    case 'i':
        signed_number(sp, signed_arg(sp, ap));
        return 1;
    case 'u':
        number(sp, "", unsigned_arg(sp, ap), 10, 0);
        return 1;
    case 'x':
    case 'X':
    case 'o':
        based_number(sp, c, unsigned_arg(sp, ap));
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
    const char *end = flags_and_width(sp, f, ap);

    if (convert(sp, *end, ap))
        return end + 1;
    if (*end != 0 && strchr("aAeEfFgGn", *end) != 0)
        va_arg(*ap, uint64);
    else if (sp->longs > 0) { /* xv6's lone %l */
        number(sp, "", va_arg(*ap, uint64), 10, 0);
        return end;
    }
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
