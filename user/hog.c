/* SPDX-License-Identifier: BSD-3-Clause
 * hog KIND [N]: N processes (4) use something up, and keep it until somebody ends them. A person at the
 * console can: ^C ends them when they are in the foreground, ^\ also when they are not. To see how a
 * machine behaves then, and for tests.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define FOREVER 0x7fffffff

/* All memory, a page at a time. */
static void memory(void)
{
    for (;;) {
        char *page = sbrk(4096);
        if (page != SBRK_ERROR)
            *page = 1;
    }
}

/* All memory, by touching what was promised. The kernel kills the process; its parent makes another. */
static void lazy(void)
{
    for (;;) {
        if (fork() == 0) {
            for (;;) {
                char *p = sbrklazy(1 << 20);
                for (int i = 0; p != SBRK_ERROR && i < 1 << 20; i += 4096)
                    p[i] = 1;
            }
        }
        wait(0);
    }
}

/* All places in the process table, with processes that make processes. */
static void forks(void)
{
    for (;;)
        fork();
}

/* The same with processes that sleep. */
static void sleepers(void)
{
    while (fork() >= 0)
        ;
    pause(FOREVER);
}

/* All open files. */
static void files(void)
{
    int fds[2];

    while (fork() > 0)
        ;
    while (pipe(fds) == 0)
        ;
    pause(FOREVER);
}

/* The processors, at the highest level that there is. */
static void real(void)
{
    setpri(USER_PRI_REAL);
    for (;;)
        ;
}

/* The console. */
static void output(void)
{
    static char line[80];

    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    for (;;)
        write(1, line, sizeof(line));
}

/* The disk's space. */
static void disk(void)
{
    static char block[32768];
    int fd = open("/hog.disk", O_CREATE | O_WRONLY | O_APPEND);

    for (;;)
        if (write(fd, block, sizeof(block)) <= 0)
            pause(1);
}

static const struct {
    const char *name;
    void (*run)(void);
} kinds[] = {
    {"memory", memory}, {"lazy", lazy}, {"forks", forks},   {"sleepers", sleepers},
    {"files", files},   {"real", real}, {"output", output}, {"disk", disk},
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

static void usage(void)
{
    fprintf(2, "usage: hog kind [processes]; kinds:");
    for (uint i = 0; i < NKINDS; i++)
        fprintf(2, " %s", kinds[i].name);
    fprintf(2, "\n");
    exit(2);
}

int main(int argc, char **argv)
{
    int n = 4;
    uint kind = 0;

    if (argc < 2 || argc > 3 || (argc == 3 && parse_int(argv[2], &n) < 0))
        usage();
    while (kind < NKINDS && strcmp(argv[1], kinds[kind].name) != 0)
        kind++;
    if (kind == NKINDS)
        usage();
    while (n-- > 0)
        if (fork() == 0)
            kinds[kind].run();
    while (wait(0) > 0)
        ;
    exit(0);
}
