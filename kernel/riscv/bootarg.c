/* SPDX-License-Identifier: BSD-3-Clause
 * Boot arguments: the words after `-append`, as the device tree hands them over. `name=value` or just
 * `name`, whose value is "1"; run= comes last and takes the rest of the line, blanks included.
 * Any context, once fdt_parse() has run; nothing here writes.
 */
#include "lib/printf.h"
#include "lib/string.h"
#include "riscv/fdt.h"

#define MAXNUMBER 24 /* bytes of a number's text, NUL included */

/* The value of a word if it is name or name=value, else NULL. *len: bytes of the value. */
static const char *value_of(const char *word, size_t wordlen, const char *name, size_t *len)
{
    size_t n = strlen(name);

    if (wordlen < n || memcmp(word, name, n) != 0)
        return NULL;
    *len = 1;
    if (wordlen == n)
        return "1";
    if (word[n] != '=')
        return NULL;
    *len = wordlen - n - 1;
    return word + n + 1;
}

/* Bytes of the word at s, which is not blank: up to a blank or, for run=, the end of the line. */
static size_t word_length(const char *s)
{
    size_t len = 0;

    if (strncmp(s, "run=", 4) == 0)
        return strlen(s);
    while (s[len] != '\0' && s[len] != ' ')
        len++;
    return len;
}

const char *bootarg(const char *name, char *buf, int len)
{
    for (const char *s = board.bootargs; *s != '\0';) {
        if (*s == ' ') {
            s++;
            continue;
        }
        size_t wordlen = word_length(s), n;
        const char *value = value_of(s, wordlen, name, &n);
        if (value != NULL && len > 0) {
            if (n > (size_t)len - 1)
                n = (size_t)len - 1;
            memcpy(buf, value, n);
            buf[n] = '\0';
            return buf;
        }
        s += wordlen;
    }
    return NULL;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

/* All of s as a number, decimal or 0x hex. False: it is not a number, or needs more than 64 bits. */
static bool parse_u64(const char *s, uint64 *out)
{
    uint64 base = 10, n = 0;

    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s += 2;
    }
    if (*s == '\0')
        return false;
    for (; *s != '\0'; s++) {
        uint64 digit = (uint64)digit_value(*s);
        if (digit >= base || __builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, digit, &n))
            return false;
    }
    *out = n;
    return true;
}

uint64 bootarg_u64(const char *name, uint64 deflt)
{
    char text[MAXNUMBER];
    uint64 n;

    if (bootarg(name, text, sizeof(text)) == NULL)
        return deflt;
    if (parse_u64(text, &n))
        return n;
    printf("boot argument %s=%s is not a number: %lu is used instead\n", name, text, deflt);
    return deflt;
}
