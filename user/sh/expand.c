/* SPDX-License-Identifier: BSD-3-Clause
 * From a word as it was typed to what it means: quotes are removed, and $? is replaced by the status.
 * As in other shells, a \ within "..." only matters before a character that has a meaning there.
 */
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/sh/sh.h"

/* True when p points to a \ that makes the next character plain text. */
static int escapes(const char *p, char quote)
{
    if (*p != '\\' || p[1] == 0 || quote == '\'')
        return 0;
    return quote == 0 || p[1] == '"' || p[1] == '\\' || p[1] == '$';
}

int expand(const char *word, int status, char *buf, int size)
{
    char quote = 0, number[12];
    int n = 0, length;

    for (; *word != 0; word++) {
        if (quote == 0 && (*word == '\'' || *word == '"')) {
            quote = *word;
        } else if (quote != 0 && *word == quote) {
            quote = 0;
        } else if (quote != '\'' && word[0] == '$' && word[1] == '?') {
            length = snprintf(number, sizeof(number), "%d", status);
            if (n + length >= size)
                return -1;
            memcpy(buf + n, number, (uint)length);
            n += length;
            word++;
        } else {
            if (escapes(word, quote))
                word++;
            if (n + 1 >= size)
                return -1;
            buf[n++] = *word;
        }
    }
    buf[n] = 0;
    return 0;
}
