/* SPDX-License-Identifier: BSD-3-Clause
 * fsrace SEED ROUNDS [PROCESSES]: many processes (8) create, unlink, rename by link, remove and
 * walk one tree, each ROUNDS times, while another drops the caches. Calls may fail, as others
 * change the same names. Afterwards the tree is removed, nothing may be missing, and `mkfs -c` must
 * find nothing.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define HOME "/fsrace.tmp"
#define ATTEMPTS 3 /* runs that seem to leave something */

static uint64 state; /* of the random numbers */

static uint64 rnd(uint64 n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

/* A path of up to three names, of three each, with .. in some. */
static void random_path(char *path)
{
    static const char *const names[] = {"a", "b", "c", "..", "."};
    uint64 depth = 1 + rnd(3);

    strcpy(path, HOME);
    for (uint64 i = 0; i < depth; i++) {
        char *end = path + strlen(path);
        uint64 which = rnd(16);
        snprintf(end, MAXPATH - (uint)(end - path), "/%s",
                 names[i + 1 < depth && which < 2 ? 3 + which : which % 3]);
    }
}

static void write_file(const char *path)
{
    static char text[6000];
    int fd = open(path, O_CREATE | O_RDWR | (rnd(2) ? O_TRUNC : O_APPEND));

    if (fd >= 0)
        write(fd, text, (int)rnd(sizeof(text)));
    if (rnd(4) == 0) /* it loses its name while it is open */
        unlink(path);
    close(fd);
}

/* Go down the tree and up again, by names that may vanish meanwhile. */
static void walk(const char *path)
{
    struct stat st;

    if (chdir(path) < 0)
        return;
    for (int i = 0; i < 4; i++) {
        stat(rnd(2) ? "../a/../b" : "a/..", &st);
        chdir(rnd(3) ? ".." : "a");
    }
    chdir("/");
}

static void step(void)
{
    char path[MAXPATH], other[MAXPATH];

    random_path(path);
    random_path(other);
    switch (rnd(8)) {
    case 0:
    case 1:
        write_file(path);
        break;
    case 2:
        mkdir(path);
        break;
    case 3: /* rename */
        if (link(path, other) == 0)
            unlink(path);
        break;
    case 4:
    case 5:
        unlink(path);
        break;
    case 6:
        walk(path);
        break;
    default:
        link(path, other);
    }
}

static void drop_caches(void)
{
    uint64 any = 1;

    for (;;) {
        sysctl("vfs.drop_caches", 0, &any);
        pause(1);
    }
}

/* Race, and remove what is left. */
static void race(uint64 seed, int rounds, int nprocesses)
{
    int dropper = fork();

    if (dropper == 0)
        drop_caches();
    mkdir(HOME);
    for (int i = 0; i < nprocesses; i++) {
        if (fork() == 0) {
            state = (seed + 1) * 0x9e3779b97f4a7c15UL + (uint64)i * 0x100000001b3UL;
            for (int round = 0; round < rounds; round++)
                step();
            exit(0);
        }
    }
    for (int i = 0; i < nprocesses; i++)
        wait(0);
    kill(dropper);
    wait(0);
    remove_tree(HOME);
}

int main(int argc, char **argv)
{
    struct counts before, after;
    int seed, rounds, nprocesses = 8, made = 0, amiss = 1;

    if (argc < 3 || argc > 4 || parse_int(argv[1], &seed) < 0 || parse_int(argv[2], &rounds) < 0 ||
        (argc > 3 && parse_int(argv[3], &nprocesses) < 0)) {
        fprintf(2, "usage: fsrace seed rounds [processes]\n");
        exit(2);
    }
    race(0, 20, nprocesses); /* what the kernel keeps for the next time */
    for (int i = 0; amiss && i < ATTEMPTS; i++) {
        take_counts(&before);
        race((uint64)seed + (uint64)i * 1000003, rounds, nprocesses);
        made += rounds * nprocesses;
        amiss = is_amiss(&before, &after);
    }
    print_counts("fsrace", &before, &after);
    printf("fsrace: seed %d: %d steps: %s\n", seed, made, amiss ? "something is missing" : "ok");
    exit(amiss);
}
