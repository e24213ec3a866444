/* SPDX-License-Identifier: BSD-3-Clause
 * wc [file...]: count the lines, words and bytes of each file, or of fd 0.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"

/* Returns 0, or 1 after printing a message. */
static int count(int fd, const char *name)
{
    static char buf[4096];
    uint64 lines = 0, words = 0, bytes = 0;
    int n, in_word = 0;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        bytes += (uint64)n;
        for (int i = 0; i < n; i++) {
            int blank = buf[i] == '\n' || strchr(" \t\r\v\f", buf[i]) != 0;
            lines += buf[i] == '\n';
            words += !blank && !in_word;
            in_word = !blank;
        }
    }
    if (n < 0) {
        fprintf(2, "wc: cannot read %s\n", name);
        return 1;
    }
    printf("%lu %lu %lu %s\n", lines, words, bytes, name);
    return 0;
}

int main(int argc, char **argv)
{
    int fd, failed = 0;

    if (argc == 1)
        exit(count(0, ""));
    for (int i = 1; i < argc; i++) {
        fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "wc: cannot open %s\n", argv[i]);
            failed = 1;
            continue;
        }
        failed |= count(fd, argv[i]);
        close(fd);
    }
    exit(failed);
}
