/* SPDX-License-Identifier: BSD-3-Clause
 * echo [-n] [word...]: print the words with a space between them, and a newline unless -n is given.
 * The text goes out in one write (if it fits into buf), so that the lines of several echos do not mix.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

static char buf[1024];
static int used;

static void put(const char *text, int n)
{
    for (; n > 0; n--) {
        if (used == (int)sizeof(buf)) {
            if (write_all(1, buf, used) < 0)
                exit(1);
            used = 0;
        }
        buf[used++] = *text++;
    }
}

int main(int argc, char **argv)
{
    int newline = argc < 2 || strcmp(argv[1], "-n") != 0;

    for (int i = newline ? 1 : 2; i < argc; i++) {
        put(argv[i], (int)strlen(argv[i]));
        if (i + 1 < argc)
            put(" ", 1);
    }
    if (newline)
        put("\n", 1);
    exit(write_all(1, buf, used) < 0);
}
