/* SPDX-License-Identifier: BSD-3-Clause
 * The user library's formatting on the host, against the C library's: every combination of flags, width,
 * precision, size and conversion with values at the edges must give the same text, and leave the next
 * argument where it is. Prints what differs; exit status 1 if anything does.
 *
 * The library's functions are renamed (u_snprintf) when they are compiled, so that both can be linked.
 */
#undef snprintf
#undef vsnprintf
#include <limits.h>
#include <stdio.h>
#include <string.h>

int u_snprintf(char *buf, unsigned size, const char *fmt, ...);

static int compared, different;

#define CHECK(fmt, ...)                                                                 \
    do {                                                                                \
        char ours[200], theirs[200];                                                    \
        int our_len = u_snprintf(ours, sizeof(ours), fmt, __VA_ARGS__);                 \
        int their_len = snprintf(theirs, sizeof(theirs), fmt, __VA_ARGS__);             \
        compared++;                                                                     \
        if (our_len != their_len || strcmp(ours, theirs) != 0) {                        \
            different++;                                                                \
            printf("%s: '%s' (%d), not '%s' (%d)\n", fmt, ours, our_len, theirs, their_len); \
        }                                                                               \
    } while (0)

static void check_number(const char *flags, const char *size, char conv)
{
    static const long values[] = {0,       1,       -1,         7,        42,      -42,     0x8000,
                                  INT_MAX, INT_MIN, 0xdeadbeef, LONG_MAX, LONG_MIN, 0xff80};
    char fmt[48];

    snprintf(fmt, sizeof(fmt), "%%%s%s%c|%%d", flags, size, conv);
    for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++)
        if (size[0] == '\0' || size[0] == 'h')
            CHECK(fmt, (int)values[v], 77);
        else
            CHECK(fmt, values[v], 77);
}

int main(void)
{
    static const char *const flags[] = {"", "+", " ", "#", "0", "-", "+0", " 0", "#0", "-#", "+-", "0+ #-"};
    static const char *const widths[] = {"", "1", "9", "30", ".0", ".5", "12.5", "3.25"};
    static const char *const sizes[] = {"", "h", "hh", "l", "ll", "z", "j", "t"};
    char both[32];

    for (int f = 0; f < 12; f++)
        for (int w = 0; w < 8; w++)
            for (int s = 0; s < 8; s++)
                for (const char *conv = "diuxXo"; *conv != '\0'; conv++) {
                    snprintf(both, sizeof(both), "%s%s", flags[f], widths[w]);
                    check_number(both, sizes[s], *conv);
                }
    CHECK("%s|%10s|%-10s|%.2s|%-6.3s|%.0s|%d", "abc", "abc", "abc", "abc", "abcdef", "abc", 7);
    CHECK("%*d|%*d|%.*s|%-*d|%.*d|%c%3c%-3c|%%|%d", 6, 42, -6, 42, 2, "abc", 5, 3, 4, 9, 'x', 'y', 'z', 7);
    CHECK("%p|%20p|%d", (void *)0x12345678abcUL, (void *)16, 7);
    printf("%d texts compared, %d differ\n", compared, different);
    return different != 0;
}
