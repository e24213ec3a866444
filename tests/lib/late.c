/* SPDX-License-Identifier: BSD-3-Clause
 * late N KIND...: how late a real process wakes on a hart where idle-level processes keep the kernel
 * busy. For each kind, it sleeps N times for a tick, and prints by how much the worst of these sleeps
 * was too long, in us.
 *
 *   loop    computes in user mode              read    reads a file of 4 MiB at once
 *   sbrk    grows its heap by 100 MiB,         write   writes one
 *           zeroed, and gives it back          cut     cuts one, and writes it
 *                                              append  the same with O_APPEND
 *   fork    forks with 100 MiB of heap         two     has two children at a time, which
 *   exit    has children that grow to                  grow and end
 *           that size and end              names   looks up a name in a directory of
 *   share   does as sbrk, in a space that          10,000, of which nothing is cached
 *           another process shares         exec    runs a program of 100 MiB, large
 */
#include <stdbool.h>

#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define MIB (1 << 20)

static char buffer[4 * MIB];

static void compute(void)
{
    for (volatile int i = 0; i < MIB; i++)
        ;
}

static void grow(int mib)
{
    if (sbrk(mib * MIB) == SBRK_ERROR)
        exit(1);
}

static void grow_and_shrink(void)
{
    grow(100);
    sbrk(-100 * MIB);
}

/* A child that grows and ends. */
static void child_of(int mib)
{
    if (fork() == 0) {
        if (mib > 0)
            grow(mib);
        exit(0);
    }
}

static void fork_all(void)
{
    static bool grown;

    if (!grown)
        grow(100);
    grown = true;
    child_of(0);
    wait(0);
}

static void end_all(void)
{
    child_of(100);
    wait(0);
}

static void two(void)
{
    child_of(64);
    child_of(32);
    wait(0);
    wait(0);
}

static void use_file(int mode, bool reads)
{
    int fd = open("late.tmp", mode);

    if (fd < 0 ||
        (reads ? read(fd, buffer, sizeof(buffer)) : write(fd, buffer, sizeof(buffer))) < 0)
        exit(1);
    close(fd);
}

static void read_whole(void)
{
    use_file(O_RDONLY, true);
}

static void write_over(void)
{
    use_file(O_RDWR, false);
}

static void write_and_cut(void)
{
    use_file(O_RDWR | O_TRUNC, false);
}

static void cut_and_append(void)
{
    use_file(O_RDWR | O_TRUNC | O_APPEND, false);
}

static void idle(void *arg)
{
    (void)arg;
    pause(10000);
    exit(0);
}

static void shrink_shared(void)
{
    static char stack[4096] __attribute__((aligned(16)));
    static bool shared;

    if (!shared && fork_shared(idle, 0, stack + sizeof(stack)) < 0)
        exit(1);
    shared = true;
    grow_and_shrink();
}

static void make_names(void)
{
    char name[32];

    mkdir("late.dir");
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof(name), "late.dir/%d", i);
        if (link("late.tmp", name) < 0)
            exit(1);
    }
}

static void look_up(void)
{
    static bool made;
    uint64 one = 1;

    if (!made)
        make_names();
    made = true;
    sysctl("vfs.drop_caches", 0, &one);
    close(open("late.dir/1", O_RDONLY));
}

static void run_large(void)
{
    char *argv[] = {"large", 0};

    if (fork() == 0) {
        exec("large", argv);
        exit(1);
    }
    wait(0);
}

static const struct kind {
    const char *name;
    void (*work)(void);
} kinds[] = {
    {"loop", compute},    {"sbrk", grow_and_shrink}, {"fork", fork_all}, {"exit", end_all},
    {"read", read_whole}, {"write", write_over},     {"two", two},       {"cut", write_and_cut},
    {"append", cut_and_append}, {"share", shrink_shared}, {"names", look_up}, {"exec", run_large},
};

static uint64 now(void)
{
    uint64 t;

    __asm__ volatile("rdtime %0" : "=r"(t)::"memory");
    return t;
}

/* By how many us a sleep of a tick was too long, at worst. */
static uint64 lateness(int n)
{
    uint64 hz, worst = 0;

    sysctl("kern.timebase", &hz, 0);
    for (int i = 0; i < n; i++) {
        uint64 t = now();
        pause(1);
        t = now() - t;
        worst = t > worst ? t : worst;
    }
    return worst * 1000000 / hz - 100000;
}

static void beside(const struct kind *kind, int n)
{
    int pid = fork();

    if (pid == 0) {
        setpri(USER_PRI_IDLE);
        for (;;)
            kind->work();
    }
    setpri(USER_PRI_REAL);
    printf("late %s: %lu us\n", kind->name, lateness(n));
    setpri(USER_PRI_NORMAL);
    if (kill(pid) < 0 || wait(0) != pid) {
        fprintf(2, "late: %s has ended\n", kind->name);
        exit(1);
    }
    pause(5); /* its children end, too */
}

int main(int argc, char **argv)
{
    int n;

    if (argc < 3 || parse_int(argv[1], &n) < 0) {
        fprintf(2, "usage: late n kind...\n");
        exit(2);
    }
    setaffinity(1);
    use_file(O_CREATE | O_RDWR, false);
    for (int i = 2; i < argc; i++)
        for (uint64 k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
            if (strcmp(argv[i], kinds[k].name) == 0)
                beside(&kinds[k], n);
    unlink("late.tmp");
    exit(0);
}
