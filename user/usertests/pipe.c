/* SPDX-License-Identifier: BSD-3-Clause
 * Pipes.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static void pipe_simple(void)
{
    int fds[2];
    char in[8];

    CHECK(pipe(fds) == 0);
    CHECK(fds[0] == 3 && fds[1] == 4);
    CHECK(write(fds[1], "hello", 5) == 5);
    CHECK(read(fds[0], in, 2) == 2 && memcmp(in, "he", 2) == 0);
    CHECK(read(fds[0], in, 8) == 3 && memcmp(in, "llo", 3) == 0); /* as much as there is */
    CHECK(write(fds[0], "x", 1) == -1);
    CHECK(read(fds[1], in, 1) == -1);
}

static void pipe_end_of_file(void)
{
    int fds[2];
    char c;

    CHECK(pipe(fds) == 0);
    CHECK(write(fds[1], "a", 1) == 1);
    close(fds[1]);
    CHECK(read(fds[0], &c, 1) == 1 && c == 'a');
    CHECK(read(fds[0], &c, 1) == 0);
    CHECK(read(fds[0], &c, 1) == 0);
}

static void pipe_no_reader(void)
{
    int fds[2];

    CHECK(pipe(fds) == 0);
    close(fds[0]);
    CHECK(write(fds[1], "a", 1) == -1);
    CHECK(write(fds[1], "a", 1) == -1);
}

/* A reader that waits sees the end of the stream. */
static void pipe_end_wakes_reader(void)
{
    int fds[2], pid;
    char c;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        close(fds[1]);
        exit(read(fds[0], &c, 1) == 0 ? 5 : 6);
    }
    wait_asleep(pid);
    close(fds[1]);
    expect(pid, 5);
}

/* A writer that waits for room returns when nobody can read any more. */
static void pipe_end_wakes_writer(void)
{
    int fds[2], pid;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        close(fds[0]);
        while (write(fds[1], buf, 1000) > 0)
            ;
        exit(5);
    }
    wait_asleep(pid);
    close(fds[0]);
    expect(pid, 5);
}

/* Pass `total` bytes through a pipe, in writes of one size and reads of another. */
static void transfer(uint64 total, int wsize, int rsize)
{
    int fds[2], pid, n;
    uint64 at = 0;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        close(fds[0]);
        while (at < total) {
            n = total - at < (uint64)wsize ? (int)(total - at) : wsize;
            for (int i = 0; i < n; i++)
                buf[i] = pattern(at + (uint64)i);
            CHECK(write(fds[1], buf, n) == n);
            at += (uint64)n;
        }
        exit(0);
    }
    close(fds[1]);
    while ((n = read(fds[0], buf, rsize)) > 0) {
        for (int i = 0; i < n; i++)
            CHECK(buf[i] == pattern(at + (uint64)i));
        at += (uint64)n;
    }
    CHECK(n == 0 && at == total);
    close(fds[0]);
    expect(pid, 0);
}

static void pipe_transfer(void)
{
    static const int sizes[6] = {1, 7, 512, 4096, 10000, BUFSIZE};

    for (uint i = 0; i < 6; i++) {
        int other = sizes[(i + 3) % 6];
        uint64 total = sizes[i] < 512 || other < 512 ? 3000 : 200000;
        transfer(total, sizes[i], other);
        transfer(total, other, sizes[i]);
        transfer(total, sizes[i], sizes[i]);
    }
}

/* Several writers: no byte is lost, and the bytes of each writer are in order. */
static void pipe_writers(void)
{
    int fds[2], n, counts[4] = {0}, status;

    CHECK(pipe(fds) == 0);
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            uchar pair[2];
            for (int j = 0; j < 1500; j++) {
                pair[0] = (uchar)i;
                pair[1] = (uchar)j;
                CHECK(write(fds[1], pair, 2) == 2);
            }
            exit(0);
        }
    }
    close(fds[1]);
    while ((n = read_full(fds[0], buf, 2048)) > 0) {
        CHECK(n % 2 == 0);
        for (int i = 0; i < n; i += 2) {
            int who = (uchar)buf[i];
            CHECK(who < 4);
            CHECK((uchar)buf[i + 1] == (uchar)counts[who]);
            counts[who]++;
        }
    }
    for (int i = 0; i < 4; i++) {
        CHECK(counts[i] == 1500);
        CHECK(wait(&status) > 0 && status == 0);
    }
}

/* Several readers: each byte goes to one of them. */
static void pipe_readers(void)
{
    int fds[2], back[2], total = 0, n, sum;

    CHECK(pipe(fds) == 0 && pipe(back) == 0);
    for (int i = 0; i < 4; i++) {
        if (child() == 0) {
            char some[100];
            close(fds[1]);
            sum = 0;
            while ((n = read(fds[0], some, sizeof(some))) > 0)
                sum += n;
            CHECK(write(back[1], &sum, sizeof(sum)) == sizeof(sum));
            exit(0);
        }
    }
    close(fds[0]);
    for (int i = 0; i < 50; i++)
        CHECK(write(fds[1], buf, 1234) == 1234);
    close(fds[1]);
    for (int i = 0; i < 4; i++) {
        CHECK(read(back[0], &sum, sizeof(sum)) == sizeof(sum));
        total += sum;
        wait(0);
    }
    CHECK(total == 50 * 1234);
}

static void pipe_ping_pong(void)
{
    int there[2], back[2], pid;
    char c;

    CHECK(pipe(there) == 0 && pipe(back) == 0);
    pid = child();
    if (pid == 0) {
        close(there[1]);
        while (read(there[0], &c, 1) == 1) {
            c++;
            CHECK(write(back[1], &c, 1) == 1);
        }
        exit(0);
    }
    for (int i = 0; i < 1000; i++) {
        char out = (char)i;
        CHECK(write(there[1], &out, 1) == 1);
        CHECK(read(back[0], &c, 1) == 1 && c == (char)(i + 1));
    }
    close(there[1]);
    expect(pid, 0);
}

/* All file descriptors belong to pipes: the next pipe is refused, and takes nothing. */
static void pipe_descriptors(void)
{
    int fds[2], n = 0, fd;

    while (pipe(fds) == 0)
        n++;
    CHECK(n == (NOFILE - 3) / 2);
    if (n * 2 + 3 < NOFILE) { /* one descriptor is left, and half a pipe must not keep it */
        fd = dup(0);
        CHECK(fd == NOFILE - 1);
    }
    CHECK(dup(0) == -1);
    for (fd = 3; fd < NOFILE; fd++)
        CHECK(close(fd) == 0);
}

/* Many processes with many pipes, full of bytes that nobody reads. */
static void pipe_many(void)
{
    int status, ready[2], go[2], n = 30;

    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    for (int i = 0; i < n; i++) {
        if (child() == 0) {
            int fds[2];
            close(go[1]);
            for (int j = 0; j < 3; j++)
                CHECK(pipe(fds) == 0 && write(fds[1], buf, 400) == 400);
            signal_pipe(ready[1]);
            CHECK(read(go[0], buf, 1) == 0);
            exit(0);
        }
    }
    for (int i = 0; i < n; i++)
        await_pipe(ready[0]);
    close(go[1]);
    for (int i = 0; i < n; i++)
        CHECK(wait(&status) > 0 && status == 0);
}

/* An end of a pipe is closed with the last of its descriptors, not with the first. */
static void pipe_dup(void)
{
    int fds[2], copy;
    char c;

    CHECK(pipe(fds) == 0);
    copy = dup(fds[1]);
    close(fds[1]);
    CHECK(write(copy, "z", 1) == 1);
    CHECK(read(fds[0], &c, 1) == 1 && c == 'z');
    close(copy);
    CHECK(read(fds[0], &c, 1) == 0);
}

const struct test pipe_tests[] = {
    {"pipe_simple", pipe_simple, 0},
    {"pipe_end_of_file", pipe_end_of_file, 0},
    {"pipe_no_reader", pipe_no_reader, 0},
    {"pipe_end_wakes_reader", pipe_end_wakes_reader, 0},
    {"pipe_end_wakes_writer", pipe_end_wakes_writer, 0},
    {"pipe_transfer", pipe_transfer, 0},
    {"pipe_writers", pipe_writers, 0},
    {"pipe_readers", pipe_readers, 0},
    {"pipe_ping_pong", pipe_ping_pong, 0},
    {"pipe_descriptors", pipe_descriptors, 0},
    {"pipe_many", pipe_many, 0},
    {"pipe_dup", pipe_dup, 0},
    {0, 0, 0},
};
