/* SPDX-License-Identifier: BSD-3-Clause
 * nomem: for each kind of work, let its first allocation of kernel memory fail, then its second, and so
 * on, until it needs no more. The work may fail, and the process that does it may be killed; then the
 * same work must succeed, and nothing may be missing. It needs the boot argument ktest=1 and a kernel
 * with assertions (debug.fail_alloc).
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define HOME "/nomem.tmp"
#define MOST 3000   /* allocations of one kind of work */
#define ATTEMPTS 3  /* runs that seem to leave something */
#define BLOCK 16384 /* bytes of a write */
#define PAGE 4096
#define CROWD 10 /* processes at a time */

static char block[BLOCK];

static void fail_alloc(uint64 n)
{
    if (sysctl("debug.fail_alloc", 0, &n) < 0) {
        fprintf(2, "nomem: no debug.fail_alloc: boot with ktest=1, with assertions\n");
        exit(2);
    }
}

/* --- kinds of work: each returns 0 when all of it has succeeded --- */

static int do_fork(void)
{
    int status = 1, pid = fork();

    if (pid == 0)
        exit(fork() == 0 ? 0 : wait(0) < 0);
    return pid < 0 || wait(&status) != pid || status != 0;
}

static int do_exec(void)
{
    char *argv[] = {"true", "an argument", 0};
    int status = 1, pid = fork();

    if (pid == 0) {
        exec("/true", argv);
        exit(1);
    }
    return pid < 0 || wait(&status) != pid || status != 0;
}

static int do_pipe(void)
{
    int fds[2], failed;

    if (pipe(fds) < 0)
        return 1;
    failed = write(fds[1], block, 100) != 100 || read(fds[0], block, 100) != 100;
    close(fds[0]);
    close(fds[1]);
    return failed;
}

static int do_file(void)
{
    int fd = open(HOME "/file", O_CREATE | O_RDWR), failed = fd < 0;

    for (int i = 0; i < 6; i++) /* into the table of block numbers */
        failed |= write(fd, block, BLOCK) != BLOCK;
    close(fd);
    fd = open(HOME "/file", O_RDONLY);
    for (int i = 0; i < 6; i++)
        failed |= read(fd, block, BLOCK) != BLOCK;
    close(fd);
    return unlink(HOME "/file") < 0 || failed;
}

static int do_cold_file(void)
{
    uint64 any = 1;
    int failed = sysctl("vfs.drop_caches", 0, &any) < 0;

    return do_file() || failed;
}

static int do_names(void)
{
    int failed = mkdir(HOME "/dir") < 0, fd = open(HOME "/dir/a", O_CREATE | O_RDWR);

    failed |= close(fd) < 0 || link(HOME "/dir/a", HOME "/dir/b") < 0;
    failed |= mknod(HOME "/dir/c", 5, 1) < 0 || sync() < 0;
    failed |= unlink(HOME "/dir/a") < 0;
    failed |= unlink(HOME "/dir/b") < 0;
    failed |= unlink(HOME "/dir/c") < 0;
    failed |= unlink(HOME "/dir") < 0;
    return failed;
}

/* Changes while a commit is under way, which copies blocks. */
static int do_commits(void)
{
    int status, failed = 0, pid = fork();

    if (pid == 0) {
        for (int i = 0; i < 2; i++)
            failed |= sync() < 0;
        exit(failed);
    }
    for (int i = 0; i < 2; i++)
        failed |= do_names();
    return pid < 0 || wait(&status) != pid || status != 0 || failed;
}

static int do_heap(void)
{
    char *eager = sbrk(20 * PAGE), *lazy = sbrklazy(600 * PAGE);

    if (eager == SBRK_ERROR || lazy == SBRK_ERROR)
        return 1;
    for (int i = 0; i < 600; i += 40)
        lazy[i * PAGE] = 1;
    return write(1, lazy + 20 * PAGE, 0) < 0 || sbrk(-620 * PAGE) == SBRK_ERROR;
}

static int do_cow(void)
{
    int status = 1, pid;

    pid = fork();
    memset(block, 'x', sizeof(block));
    if (pid == 0)
        exit(0);
    return pid < 0 || wait(&status) != pid || status != 0;
}

static void serve(int ready)
{
    char text[16];
    int id = caps_register("nomem"), request, n;

    if (id >= 0)
        write(ready, "", 1);
    close(ready);
    request = caps_wait(id, text, sizeof(text), &n);
    exit(request < 0 || caps_reply(id, request, text, n) < 0 || caps_close(id) < 0);
}

static int do_caps(void)
{
    char text[16];
    int status = 1, failed = 1, fds[2], pid, id;

    if (pipe(fds) < 0)
        return 1;
    if ((pid = fork()) == 0)
        serve(fds[1]);
    close(fds[1]);
    if (pid > 0 && read(fds[0], text, 1) == 1 && (id = caps_connect("nomem")) >= 0) {
        failed = caps_call(id, "hello", 5, text, sizeof(text)) != 5;
        caps_close(id);
    }
    close(fds[0]);
    if (pid > 0 && failed)
        kill(pid);
    return pid < 0 || wait(&status) != pid || status != 0 || failed;
}

static int do_crowd(void)
{
    int failed = 0, status, n = 0, fds[2];

    if (pipe(fds) < 0)
        return 1;
    for (int i = 0; i < CROWD; i++) {
        int pid = fork();
        if (pid == 0) {
            close(fds[1]);
            exit(read(fds[0], block, 1));
        }
        n += pid > 0;
    }
    close(fds[0]);
    close(fds[1]);
    while (wait(&status) > 0)
        failed |= status != 0;
    return n != CROWD || failed;
}

static const struct {
    const char *name;
    int (*work)(void);
} kinds[] = {
    {"fork", do_fork},       {"exec", do_exec},      {"pipe", do_pipe},   {"file", do_file},
    {"names", do_names},     {"cold", do_cold_file}, {"heap", do_heap},   {"cow", do_cow},
    {"commits", do_commits}, {"caps", do_caps},      {"crowd", do_crowd},
};
#define NKINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- trying --- */

/* Do the work in a child, and let its n-th allocation fail; 0: none. Returns the child's status;
 * *left: what was left to count. */
static int attempt(uint kind, uint64 n, uint64 *left)
{
    int status = 1, pid = fork();

    if (pid == 0) {
        if (n != 0)
            fail_alloc(n);
        exit(kinds[kind].work());
    }
    if (pid < 0 || wait(&status) != pid)
        return 1;
    *left = sysctl_value("debug.fail_alloc");
    fail_alloc(0);
    return status;
}

/* Returns how many allocations have failed. */
static int try_kind(uint kind)
{
    uint64 left = 0, n;
    int failures = 0, worked = 0;

    for (n = 1; n <= MOST && left == 0; n++) {
        int status = attempt(kind, n, &left);
        if (left == 0) {
            failures++;
            worked += status == 0;
        }
        remove_tree(HOME);
        if (mkdir(HOME) < 0 || attempt(kind, 0, &(uint64){0}) != 0) {
            printf("nomem: %s does not work any more after allocation %lu has failed\n",
                   kinds[kind].name, n);
            exit(1);
        }
    }
    printf("nomem: %s: %d allocations failed, of which the work needed %d\n", kinds[kind].name,
           failures, failures - worked);
    return failures;
}

int main(void)
{
    struct counts before, after;
    int amiss = 1, failures = 0;
    uint64 left;

    fail_alloc(0);
    if (mkdir(HOME) < 0)
        exit(1);
    for (uint kind = 0; kind < NKINDS; kind++) /* what the kernel keeps for the next time */
        attempt(kind, 0, &left);
    for (int i = 0; amiss && i < ATTEMPTS; i++) {
        take_counts(&before);
        for (uint kind = 0; kind < NKINDS; kind++)
            failures += try_kind(kind);
        amiss = is_amiss(&before, &after);
    }
    remove_tree(HOME);
    print_counts("nomem", &before, &after);
    printf("nomem: %d allocations failed: %s\n", failures, amiss ? "something is missing" : "ok");
    exit(amiss);
}
