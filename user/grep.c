/* SPDX-License-Identifier: BSD-3-Clause
 * grep pattern [file...]: print the lines that match, with the file's name in front when there are
 * several files. Exit status 0: a line matched; 1: none did; 2: an error.
 *
 * In a pattern, . stands for any character, * for any number of the character before it, ^ and $ for
 * the beginning and the end of the line, and \c for c itself.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

#define LONGEST 4096 /* bytes of a line; the rest of a longer one is ignored */

/* What has been read of the file and not been looked at yet. */
static char in[4096];
static int in_next, in_end;

static int match_here(const char *re, const char *text);

/* True when the pattern's first character stands for c. None stands for the end of the line. */
static int is(const char *re, char c)
{
    if (c == 0)
        return 0;
    return *re == '.' || (*re == '\\' && re[1] != 0 ? re[1] == c : *re == c);
}

/* The rest of the pattern, after its first character. */
static const char *after(const char *re)
{
    return *re == '\\' && re[1] != 0 ? re + 2 : re + 1;
}

/* Match one* and then rest at the start of text. Try the shortest match first: any will do. */
static int match_star(const char *one, const char *rest, const char *text)
{
    for (;; text++) {
        if (match_here(rest, text))
            return 1;
        if (!is(one, *text))
            return 0;
    }
}

/* Match the pattern at the start of text. */
static int match_here(const char *re, const char *text)
{
    while (*re != 0) {
        const char *rest = after(re);
        if (*rest == '*')
            return match_star(re, rest + 1, text);
        if (*re == '$' && *rest == 0)
            return *text == 0;
        if (!is(re, *text))
            return 0;
        re = rest;
        text++;
    }
    return 1;
}

static int match(const char *re, const char *text)
{
    if (*re == '^')
        return match_here(re + 1, text);
    do {
        if (match_here(re, text))
            return 1;
    } while (*text++ != 0);
    return 0;
}

/* The next byte of fd, or -1 at its end. */
static int next_byte(int fd)
{
    if (in_next == in_end) {
        in_next = 0;
        in_end = read(fd, in, sizeof(in));
        if (in_end <= 0) {
            in_end = 0;
            return -1;
        }
    }
    return (uchar)in[in_next++];
}

/* Read the next line of fd, without its newline. Returns 1, or 0 at the end. */
static int next_line(int fd, char *line)
{
    int n = 0, c = next_byte(fd);

    if (c < 0)
        return 0;
    for (; c >= 0 && c != '\n'; c = next_byte(fd))
        if (n < LONGEST - 1)
            line[n++] = (char)c;
    line[n] = 0;
    return 1;
}

/* Print the lines that match. Returns how many there were. */
static int search(const char *re, int fd, const char *name)
{
    static char line[LONGEST];
    int found = 0;

    while (next_line(fd, line)) {
        if (!match(re, line))
            continue;
        found++;
        if (name != 0)
            printf("%s:%s\n", name, line);
        else
            printf("%s\n", line);
    }
    return found;
}

int main(int argc, char **argv)
{
    int fd, found = 0, trouble = 0;

    if (argc < 2) {
        fprintf(2, "usage: grep pattern [file...]\n");
        exit(2);
    }
    if (argc == 2)
        exit(search(argv[1], 0, 0) == 0);
    for (int i = 2; i < argc; i++) {
        fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "grep: cannot open %s\n", argv[i]);
            trouble = 1;
            continue;
        }
        found += search(argv[1], fd, argc > 3 ? argv[i] : 0);
        close(fd);
    }
    exit(trouble ? 2 : found == 0);
}
