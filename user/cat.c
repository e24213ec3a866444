/* SPDX-License-Identifier: BSD-3-Clause
 * cat [file...]: copy the files, one after the other, or fd 0, to fd 1.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"
#include "user/lib/lib.h"

/* Copy all of fd. Returns 0, or 1 after printing a message. */
static int copy(int fd, const char *name)
{
    static char buf[4096];
    int n;

    while ((n = read(fd, buf, sizeof(buf))) > 0) {
        if (write_all(1, buf, n) < 0) {
            fprintf(2, "cat: write error\n");
            return 1;
        }
    }
    if (n < 0)
        fprintf(2, "cat: cannot read %s\n", name);
    return n < 0;
}

int main(int argc, char **argv)
{
    int fd, failed = 0;

    if (argc == 1)
        exit(copy(0, "standard input"));
    for (int i = 1; i < argc; i++) {
        fd = open(argv[i], O_RDONLY);
        if (fd < 0) {
            fprintf(2, "cat: cannot open %s\n", argv[i]);
            failed = 1;
            continue;
        }
        failed |= copy(fd, argv[i]);
        close(fd);
    }
    exit(failed);
}
