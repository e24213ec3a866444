/* SPDX-License-Identifier: BSD-3-Clause
 * usertests            run all tests
 * usertests -q         the quick ones
 * usertests -l         list them
 * usertests NAME...    these
 *
 * It prints a line "NAME: ok" or "NAME: FAILED reason" for each test, and at the end "N passed, N
 * failed". The exit status is 0 when none failed.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

#define HOME "/ut.tmp" /* where a test runs: made before it, removed after it */
#define SETTLE 100     /* times to look before something counts as left behind */
#define ATTEMPTS 3     /* runs of a test that seems to leak */
#define CROWD 100      /* processes of the warm-up */

static const struct test *const tables[] = {
    fork_tests,  kill_tests,  load_tests,    exec_tests,   elf_tests,   mem_tests,
    trap_tests,  cow_tests,   pointer_tests, pipe_tests,   fd_tests,    file_tests,
    write_tests, dir_tests,   race_tests,    info_tests,   sched_tests, caps_tests,
    disk_tests,  share_tests, guard_tests,   upcall_tests,
};
#define NTABLES (sizeof(tables) / sizeof(tables[0]))

/* What a test must leave as it was. */
struct holdings {
    uint64 free, threads;
    int procs;
};

static int passed, failed;

static struct holdings holdings(void)
{
    struct holdings h;

    h.free = free_pages();
    h.threads = value_of("kern.threads");
    h.procs = count_processes();
    return h;
}

static int is_less(const struct holdings *before, const struct holdings *now)
{
    return now->free < before->free || now->threads > before->threads || now->procs > before->procs;
}

/* Returns 0 when everything is as before, perhaps after a while: init reaps orphans, and threads free
 * their stacks, some time later. *now is what there is. */
static int lost(const struct holdings *before, struct holdings *now)
{
    for (int i = 0; i < SETTLE; i++) {
        *now = holdings();
        if (!is_less(before, now))
            return 0;
        yield();
        if (i % 10 == 9)
            sleep(1);
    }
    return 1;
}

/* Run the test in a child. Returns 1, or 0 after printing its line "FAILED". */
static int run_once(const struct test *t)
{
    int pid, status;

    if (mkdir(HOME) < 0) {
        printf("%s: FAILED cannot make " HOME "\n", t->name);
        return 0;
    }
    pid = fork();
    if (pid == 0) {
        if (chdir(HOME) < 0)
            fail("cannot go to " HOME);
        t->run();
        exit(0);
    }
    if (pid < 0 || wait(&status) != pid) {
        printf("%s: FAILED cannot be run\n", t->name);
        return 0;
    }
    if (status != 0 && status != 1) /* 1: fail() has printed it */
        printf("%s: FAILED status %d\n", t->name, status);
    if (unlink(HOME) == 0)
        return status == 0;
    remove_tree(HOME);
    if (status == 0)
        printf("%s: FAILED files are left\n", t->name);
    return 0;
}

/*
 * A test leaks if it loses something each time it runs. Once is not enough: the kernel may keep what it
 * has allocated (page tables of kernel stacks, cached inodes) for the next time.
 */
static int passes(const struct test *t)
{
    struct holdings before, after;

    for (int i = 0; i < ATTEMPTS; i++) {
        before = holdings();
        if (!run_once(t))
            return 0;
        if (!lost(&before, &after))
            return 1;
    }
    printf("%s: FAILED leak: free pages %lu -> %lu, threads %lu -> %lu, processes %d -> %d\n",
           t->name, before.free, after.free, before.threads, after.threads, before.procs,
           after.procs);
    return 0;
}

static void run(const struct test *t)
{
    test_name = t->name;
    if (passes(t)) {
        printf("%s: ok\n", t->name);
        passed++;
    } else {
        failed++;
    }
}

static const struct test *find(const char *name)
{
    for (uint i = 0; i < NTABLES; i++)
        for (const struct test *t = tables[i]; t->name != 0; t++)
            if (strcmp(t->name, name) == 0)
                return t;
    return 0;
}

static void list(void)
{
    for (uint i = 0; i < NTABLES; i++)
        for (const struct test *t = tables[i]; t->name != 0; t++)
            printf("%s%s\n", t->name, t->slow ? " (slow)" : "");
}

static void run_all(int quick)
{
    for (uint i = 0; i < NTABLES; i++)
        for (const struct test *t = tables[i]; t->name != 0; t++)
            if (!quick || !t->slow)
                run(t);
}

static void run_named(int n, char **names)
{
    for (int i = 0; i < n; i++) {
        const struct test *t = find(names[i]);
        if (t == 0) {
            fprintf(2, "usertests: no test %s\n", names[i]);
            exit(2);
        }
        run(t);
    }
}

/* What there is when the file system's caches are empty. */
static struct holdings bare_holdings(void)
{
    uint64 any = 1;

    sysctl("vfs.drop_caches", 0, &any);
    return holdings();
}

/* Many processes at a time: the kernel keeps the page tables of the stacks that they need. */
static void warm_up(void)
{
    int fds[2];

    CHECK(pipe(fds) == 0);
    for (int i = 0; i < CROWD; i++) {
        if (child() == 0) {
            close(fds[1]);
            read(fds[0], buf, 1); /* returns the end of file when all of them exist */
            exit(0);
        }
    }
    close(fds[0]);
    close(fds[1]);
    while (wait(0) > 0)
        ;
}

int main(int argc, char **argv)
{
    struct holdings before, after;

    main_argv = argv;
    test_name = "usertests";
    if (argc == 2 && strcmp(argv[1], "-l") == 0) {
        list();
        exit(0);
    }
    if (exists(HOME)) {
        printf("usertests: " HOME " was left by a run that was killed; it is removed\n");
        remove_tree(HOME);
    }
    warm_up();
    before = bare_holdings();
    if (argc == 1 || strcmp(argv[1], "-q") == 0)
        run_all(argc > 1);
    else
        run_named(argc - 1, argv + 1);
    after = bare_holdings();
    printf("free pages %lu -> %lu, threads %lu -> %lu, processes %d -> %d\n", before.free,
           after.free, before.threads, after.threads, before.procs, after.procs);
    printf("%d passed, %d failed\n", passed, failed);
    exit(failed != 0);
}
