/* SPDX-License-Identifier: BSD-3-Clause
 * lwktest CPUS PROGRAM TEST [name=value ...]: play a scene of the kernel's scheduler tests (PROGRAM is
 * swtest, say) with the threading core's library, on so many cpus. The scene, the player and the form
 * of the output are the kernel's: user/swtest.c and kernel/ktest are compiled here once more, and
 * ktest() is a function of this program instead of the system call.
 */
#include "kernel/riscv.h"
#include "ktest/init.h"
#include "lwkt.h"

typedef int main_function(int argc, char **argv);

main_function swtest_main, runqtest_main, crittest_main, ipitest_main, tokentest_main,
    waittest_main, porttest_main, synctest_main, timertest_main, mptest_main, preempttest_main,
    migratetest_main;

static const struct {
    const char *name;
    main_function *main;
} programs[] = {
    {"swtest", swtest_main},           {"runqtest", runqtest_main},
    {"crittest", crittest_main},       {"ipitest", ipitest_main},
    {"tokentest", tokentest_main},     {"waittest", waittest_main},
    {"porttest", porttest_main},       {"synctest", synctest_main},
    {"timertest", timertest_main},     {"mptest", mptest_main},
    {"preempttest", preempttest_main}, {"migratetest", migratetest_main},
};

static int count;
static char **words;

/* In place of the system call's stub, which is weak. */
int ktest(int op, void *arg, int len)
{
    const uint64 args[] = {(uint64)op, (uint64)arg, (uint64)len};

    return (int)ktest_syscall(args);
}

static int first(void *arg)
{
    (void)arg;
    platform_init();
    ktest_init();
    for (uint i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(programs[i].name, words[2]) == 0)
            return programs[i].main(count - 2, words + 2);
    printf("lwktest: no program %s\n", words[2]);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        printf("usage: lwktest CPUS PROGRAM TEST [name=value ...]\n");
        exit(2);
    }
    count = argc;
    words = argv;
    lwkt_run(atoi(argv[1]), first, NULL);
}
