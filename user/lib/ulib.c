/* SPDX-License-Identifier: BSD-3-Clause
 * The rest of xv6's library: functions that are a system call and a little more.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/stat.h"
#include "user/user.h"

char *sbrk(int n)
{
    return sys_sbrk(n, SBRK_EAGER);
}

char *sbrklazy(int n)
{
    return sys_sbrk(n, SBRK_LAZY);
}

int stat(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY);
    int result;

    if (fd < 0)
        return -1;
    result = fstat(fd, st);
    close(fd);
    return result;
}

/* It reads a byte at a time, so that what follows the line is left for the next reader of fd 0. */
char *gets(char *buf, int max)
{
    int i = 0;
    char c = 0;

    while (i + 1 < max && c != '\n' && c != '\r' && read(0, &c, 1) == 1)
        buf[i++] = c;
    buf[i] = 0;
    return buf;
}
