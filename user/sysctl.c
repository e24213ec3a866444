/* SPDX-License-Identifier: BSD-3-Clause
 * sysctl -a | name... | name=value...: show values of the kernel, or set them.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/user.h"

#define NAMELEN 64

/* Read a number, in decimal or in hexadecimal after 0x. 0; -1: not a number, or over 64 bits. */
static int parse_value(const char *s, uint64 *value)
{
    uint64 base = 10, digit, n = 0;

    if (s[0] == '0' && s[1] == 'x') {
        base = 16;
        s += 2;
    }
    if (*s == 0)
        return -1;
    for (; *s != 0; s++) {
        if (*s >= '0' && *s <= '9')
            digit = (uint64)(*s - '0');
        else if (*s >= 'a' && *s <= 'f')
            digit = (uint64)(*s - 'a') + 10;
        else
            return -1;
        if (digit >= base || n > (~0UL - digit) / base)
            return -1;
        n = n * base + digit;
    }
    *value = n;
    return 0;
}

/* Say why sysctl() refused. Returns the exit status of a program that failed. */
static int refused(const char *name, const char *text, int error)
{
    if (error == SYSCTL_UNKNOWN)
        fprintf(2, "sysctl: %s: unknown; sysctl -a lists all\n", name);
    else if (error == SYSCTL_READONLY)
        fprintf(2, "sysctl: %s: read-only\n", name);
    else if (error == SYSCTL_RANGE)
        fprintf(2, "sysctl: %s=%s: out of range\n", name, text);
    else
        fprintf(2, "sysctl: %s: failed\n", name);
    return 1;
}

static int show(const char *name)
{
    uint64 value;
    int error = sysctl(name, &value, 0);

    if (error < 0)
        return refused(name, "", error);
    printf("%s=%lu\n", name, value);
    return 0;
}

static int set(const char *name, const char *text)
{
    uint64 old, value;
    int error;

    if (parse_value(text, &value) < 0) {
        fprintf(2, "sysctl: %s=%s: not a number\n", name, text);
        return 1;
    }
    if ((error = sysctl(name, &old, &value)) < 0)
        return refused(name, text, error);
    printf("%s: %lu -> %lu\n", name, old, value);
    return 0;
}

static int show_all(void)
{
    char name[NAMELEN];
    int failed = 0;

    for (int i = 0; sysctlname(i, name, sizeof(name)) >= 0; i++)
        failed |= show(name);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc < 2) {
        fprintf(2, "usage: sysctl -a | name... | name=value...\n");
        exit(2);
    }
    if (argc == 2 && strcmp(argv[1], "-a") == 0)
        exit(show_all());
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals != 0)
            *equals++ = 0;
        failed |= equals != 0 ? set(argv[i], equals) : show(argv[i]);
    }
    exit(failed);
}
