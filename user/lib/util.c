/* SPDX-License-Identifier: BSD-3-Clause
 * Small helpers of Nymph's own programs; see lib.h.
 */
#include "user/user.h"
#include "user/lib/lib.h"

int parse_int(const char *s, int *value)
{
    int negative = *s == '-';
    long n = 0;

    if (negative || *s == '+')
        s++;
    if (*s == 0)
        return -1;
    for (; *s != 0; s++) {
        if (*s < '0' || *s > '9')
            return -1;
        n = n * 10 + (*s - '0');
        if (n > 0x80000000L)
            return -1;
    }
    n = negative ? -n : n;
    if (n > 0x7fffffffL)
        return -1;
    *value = (int)n;
    return 0;
}

int write_all(int fd, const void *buf, int n)
{
    const char *p = buf;

    while (n > 0) {
        int done = write(fd, p, n);
        if (done <= 0)
            return -1;
        p += done;
        n -= done;
    }
    return 0;
}

const char *base_name(const char *path)
{
    const char *base = path;

    for (; *path != 0; path++)
        if (*path == '/')
            base = path + 1;
    return base;
}
