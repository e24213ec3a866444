/* SPDX-License-Identifier: BSD-3-Clause
 * The kernel's formatting on the host, against the C library's: every combination of flags, width,
 * length and conversion with values at the edges must give the same text. Prints what differs; exit
 * status 1 if anything does.
 *
 * The kernel's functions are renamed (k_snprintf), so that both can be linked.
 */
#define snprintf k_snprintf
#define vsnprintf k_vsnprintf
#include "../../kernel/lib/format.c"
#undef snprintf
#undef vsnprintf

#include <limits.h>
#include <stdio.h>

static int compared, different;

static void compare(const char *fmt, const char *ours, int our_len, const char *theirs,
                    int their_len)
{
    compared++;
    if (our_len == their_len && strcmp(ours, theirs) == 0)
        return;
    different++;
    printf("%s: '%s' (%d), not '%s' (%d)\n", fmt, ours, our_len, theirs, their_len);
}

#define CHECK(fmt, ...)                                                     \
    do {                                                                    \
        char ours[100], theirs[100];                                        \
        int our_len = k_snprintf(ours, sizeof(ours), fmt, __VA_ARGS__);     \
        int their_len = snprintf(theirs, sizeof(theirs), fmt, __VA_ARGS__); \
        compare(fmt, ours, our_len, theirs, their_len);                     \
    } while (0)

static void check_numbers(const char *prefix, const char *conv)
{
    static const long values[] = {0,       1,       -1,         7,        42,      -42,
                                  INT_MAX, INT_MIN, 0xdeadbeef, LONG_MAX, LONG_MIN};
    static const char *const lengths[] = {"", "l", "ll", "z"};
    char fmt[32];

    for (unsigned v = 0; v < sizeof(values) / sizeof(values[0]); v++)
        for (int l = 0; l < 4; l++) {
            snprintf(fmt, sizeof(fmt), "%s%s%s|", prefix, lengths[l], conv);
            if (l == 0)
                CHECK(fmt, (int)values[v]);
            else
                CHECK(fmt, values[v]);
        }
}

/* A buffer that is too small: cut, with a NUL, and nothing after it is touched. */
static void check_sizes(void)
{
    for (size_t size = 0; size < 20; size++) {
        char ours[24], theirs[24];
        memset(ours, '#', sizeof(ours));
        memset(theirs, '#', sizeof(theirs));
        int our_len = k_snprintf(ours, size, "%s-%05d", "text", 42);
        int their_len = snprintf(theirs, size, "%s-%05d", "text", 42);
        compared++;
        if (our_len != their_len || memcmp(ours, theirs, sizeof(ours)) != 0) {
            different++;
            printf("size %zu: '%.24s'\n", size, ours);
        }
    }
}

int main(void)
{
    static const char *const prefixes[] = {"%", "%5", "%-5", "%05", "%20", "%-20", "%020", "%-020"};
    static const char *const convs[] = {"d", "i", "u", "x", "X", "o"};

    for (int p = 0; p < 8; p++)
        for (int c = 0; c < 6; c++)
            check_numbers(prefixes[p], convs[c]);
    CHECK("%s|%10s|%-10s|%.2s|%-6.3s|%.0s|", "abc", "abc", "abc", "abc", "abcdef", "abc");
    CHECK("%*d|%*d|%.*s|%c%3c%-3c|%%|", 6, 42, -6, 42, 2, "abc", 'x', 'y', 'z');
    CHECK("%p", (void *)0x12345678abcUL);
    check_sizes();
    printf("%d texts compared, %d differ\n", compared, different);
    return different != 0;
}
