/* SPDX-License-Identifier: BSD-3-Clause
 * exec of damaged programs: /echo with one field of its ELF headers changed. Offsets are those of
 * the ELF-64 object file format, "ELF header" and "Program header".
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "user/user.h"
#include "user/usertests/ut.h"

#define REFUSED 77
#define HEADER 4096 /* the first bytes of the file, in which the changes are made */
#define PH 0        /* field offsets of the first program header, from its start */

struct damage {
    const char *what;
    int in_ph;        /* offset counts from the first program header */
    int offset, size; /* of the field, little-endian */
    uint64 value;
};

static const struct damage damages[] = {
    {"magic", 0, 0, 4, 0x464c457e},
    {"32-bit class", 0, 4, 1, 1},
    {"big-endian", 0, 5, 1, 2},
    {"identification version", 0, 6, 1, 9},
    {"type: relocatable", 0, 16, 2, 1},
    {"type: core", 0, 16, 2, 4},
    {"machine: x86-64", 0, 18, 2, 62},
    {"version", 0, 20, 4, 7},
    {"entry in the kernel", 0, 24, 8, KERNBASE + KERNLOAD},
    {"entry above user memory", 0, 24, 8, USERTOP},
    {"program headers beyond the end", 0, 32, 8, 1UL << 40},
    {"program headers' offset wraps", 0, 32, 8, ~0UL - 8},
    {"program header's size", 0, 54, 2, 8},
    {"no program headers", 0, 56, 2, 0},
    {"65535 program headers", 0, 56, 2, 0xffff},
    {"offset beyond the end", 1, PH + 8, 8, 1UL << 40},
    {"offset wraps", 1, PH + 8, 8, ~0xfffUL},
    {"address not on a page", 1, PH + 16, 8, 0x10},
    {"address at the top", 1, PH + 16, 8, USERTOP - 0x1000},
    {"address above user memory", 1, PH + 16, 8, MAXVA},
    {"address in the kernel", 1, PH + 16, 8, KERNBASE + KERNLOAD},
    {"address wraps", 1, PH + 16, 8, ~0xfffUL},
    {"file size beyond the end", 1, PH + 32, 8, 1UL << 30},
    {"file size over memory size", 1, PH + 40, 8, 1},
    {"memory size: all", 1, PH + 40, 8, USERTOP},
    {"memory size wraps", 1, PH + 40, 8, ~0UL},
    {"memory size over the machine's", 1, PH + 40, 8, 1UL << 37},
};

static uint64 field(const char *at, int size)
{
    uint64 value = 0;

    memmove(&value, at, size);
    return value;
}

/* Copy /echo to "prog", with its first bytes, which are in buf, changed. */
static void write_program(void)
{
    int from = open("/echo", O_RDONLY), to = create("prog"), n;
    char *rest = buf + HEADER;

    CHECK(from >= 0 && read(from, rest, HEADER) == HEADER);
    CHECK(write(to, buf, HEADER) == HEADER);
    while ((n = read(from, rest, BUFSIZE - HEADER)) > 0)
        CHECK(write(to, rest, n) == n);
    close(from);
    close(to);
}

static int run_program(void)
{
    char *argv[] = {"prog", "-n", 0};
    int pid = child();

    if (pid == 0) {
        CHECK(exec("prog", argv) == -1);
        exit(REFUSED);
    }
    return status_of(pid);
}

static void read_header(void)
{
    int fd = open("/echo", O_RDONLY);

    CHECK(fd >= 0 && read(fd, buf, HEADER) == HEADER);
    close(fd);
}

static void elf_damaged(void)
{
    read_header();
    write_program();
    CHECK(run_program() == 0); /* when it is not damaged, it runs */
    for (uint i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
        const struct damage *d = &damages[i];
        int status, at = d->offset;
        read_header();
        if (d->in_ph)
            at += (int)field(buf + 32, 8);
        memmove(buf + at, &d->value, d->size);
        write_program();
        status = run_program();
        if (status != REFUSED)
            fail("%s: exec did not refuse, status %d", d->what, status);
    }
    CHECK(unlink("prog") == 0);
}

/* The file cut off at every point of its headers, and in its text. */
static void elf_short(void)
{
    static const int sizes[] = {1, 3, 4, 16, 63, 64, 65, 100, 119, 120, 200, 4095};

    for (uint i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        int fd;
        read_header();
        fd = open("prog", O_CREATE | O_TRUNC | O_RDWR);
        CHECK(fd >= 0 && write(fd, buf, sizes[i]) == sizes[i]);
        close(fd);
        if (run_program() != REFUSED)
            fail("a program of %d bytes was not refused", sizes[i]);
    }
    CHECK(unlink("prog") == 0);
}

/* Random bytes in the headers: any of these results will do. */
static void elf_noise(void)
{
    uint64 seed = 12345;

    for (int i = 0; i < 60; i++) {
        int status;
        read_header();
        for (int j = 0; j < 1 + i % 4; j++)
            buf[4 + next_random(&seed) % 228] = (char)next_random(&seed);
        write_program();
        status = run_program();
        CHECK(status == REFUSED || status == -1 || status == 0 || status == 1);
    }
    CHECK(unlink("prog") == 0);
}

const struct test elf_tests[] = {
    {"elf_damaged", elf_damaged, 0},
    {"elf_short", elf_short, 0},
    {"elf_noise", elf_noise, 0},
    {0, 0, 0},
};
