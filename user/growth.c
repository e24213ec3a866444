/* SPDX-License-Identifier: BSD-3-Clause
 * growth: how the cost of an operation grows with what else there is. It prints a line "bench NAME
 * COUNT" for each operation, first with little and then with much around it; COUNT is in instructions,
 * which are exact only in the deterministic mode with one hart (`make bench`).
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/riscv.h"
#include "user/user.h"

#define TRIES 4
#define KIB 1024
#define MIB (1024 * KIB)
#define PIECE (16 * KIB) /* of a read or write */

static char piece[PIECE];

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(2, "growth: %s failed\n", what);
        exit(1);
    }
}

/* The cheapest of some tries of run(), divided by the number of operations in it. */
static void measure(const char *name, void (*run)(void), int operations)
{
    uint64 best = ~0UL, start, end;

    for (int i = 0; i < TRIES; i++) {
        __asm__ volatile("csrr %0, instret" : "=r"(start)::"memory");
        run();
        __asm__ volatile("csrr %0, instret" : "=r"(end)::"memory");
        best = end - start < best ? end - start : best;
    }
    printf("bench %s %lu\n", name, best / (uint64)operations);
}

/* --- fork, with memory and with other processes --- */

static void fork_wait(void)
{
    int pid = fork();

    if (pid == 0)
        exit(0);
    must(pid > 0 && wait(0) == pid, "fork");
}

static char *grow(int bytes)
{
    char *heap = sbrk(bytes);

    must(heap != SBRK_ERROR, "sbrk");
    return heap;
}

static void forks_with_memory(void)
{
    measure("fork_heap_0", fork_wait, 1);
    grow(64 * MIB);
    measure("fork_heap_64_MiB", fork_wait, 1);
    grow(-64 * MIB);
    measure("fork_after_64_MiB", fork_wait, 1);
}

static void do_kill(void)
{
    int pid = fork();

    if (pid == 0)
        for (;;)
            pause(1000);
    must(pid > 0 && kill(pid) == 0 && wait(0) == pid, "kill");
}

static void forks_beside(int processes)
{
    char end;
    int fd[2], started = 0;

    must(pipe(fd) == 0, "pipe");
    for (; started < processes; started++) {
        int pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0) {
            close(fd[1]);
            exit(read(fd[0], &end, 1)); /* until this process closes its end */
        }
    }
    pause(2);
    measure(processes < 100 ? "fork_beside_10" : "fork_beside_500", fork_wait, 1);
    measure(processes < 100 ? "kill_beside_10" : "kill_beside_500", do_kill, 1);
    close(fd[1]);
    close(fd[0]);
    while (started-- > 0)
        wait(0);
}

/* --- Files --- */

static void lookup(void)
{
    int fd = open("growth.d/name5", O_RDONLY);

    must(fd >= 0, "open");
    close(fd);
}

/* "growth.d/nameN" in a buffer that the next call uses again. */
static char *name_of(int n)
{
    static char name[] = "growth.d/name00000";
    char *p = name + 13, digits[8];
    int len = 0;

    do
        digits[len++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    while (len > 0)
        *p++ = digits[--len];
    *p = 0;
    return name;
}

static void lookups(void)
{
    int n = 0, fd;

    must(mkdir("growth.d") == 0, "mkdir");
    for (; n < 10; n++) {
        fd = open(name_of(n), O_CREATE | O_RDWR);
        must(fd >= 0, "create");
        close(fd);
    }
    measure("lookup_among_10", lookup, 1);
    for (; n < 10000; n++)
        must(link("growth.d/name0", name_of(n)) == 0, "link");
    measure("lookup_among_10000", lookup, 1);
    while (--n >= 0)
        must(unlink(name_of(n)) == 0, "unlink");
    must(unlink("growth.d") == 0, "unlink of a directory");
}

static int bytes; /* of the file that is written and read */

static void write_file(void)
{
    int fd = open("growth.f", O_CREATE | O_TRUNC | O_RDWR);

    for (int done = 0; done < bytes; done += PIECE)
        must(write(fd, piece, PIECE) == PIECE, "write");
    close(fd);
}

static void read_file(void)
{
    int fd = open("growth.f", O_RDONLY);

    for (int done = 0; done < bytes; done += PIECE)
        must(read(fd, piece, PIECE) == PIECE, "read");
    close(fd);
}

static void files(int size, const char *write_name, const char *read_name)
{
    bytes = size;
    measure(write_name, write_file, size / KIB);
    measure(read_name, read_file, size / KIB);
    must(unlink("growth.f") == 0, "unlink");
}

int main(void)
{
    forks_beside(10);
    forks_beside(500);
    forks_with_memory();
    lookups();
    files(256 * KIB, "write_256_KiB", "read_256_KiB");
    files(12 * MIB, "write_12_MiB", "read_12_MiB");
    exit(0);
}
