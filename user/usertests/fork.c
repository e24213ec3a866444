/* SPDX-License-Identifier: BSD-3-Clause
 * fork, exit, wait, getpid, and which process is the parent of which.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static void pids(void)
{
    struct procinfo info;
    int fds[2], told, pid;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        told = getpid();
        CHECK(write(fds[1], &told, sizeof(told)) == sizeof(told));
        exit(0);
    }
    CHECK(pid > 0 && pid != getpid());
    CHECK(read(fds[0], &told, sizeof(told)) == sizeof(told));
    CHECK(told == pid);
    CHECK(find_process(pid, &info) && info.ppid == getpid());
    expect(pid, 0);
    CHECK(!find_process(pid, &info));
}

static void exit_status(void)
{
    static const int statuses[] = {0, 1, -1, 42, 255, 256, 0x7fffffff, -0x7fffffff};

    for (uint i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        int pid = child();
        if (pid == 0)
            exit(statuses[i]);
        expect(pid, statuses[i]);
    }
}

static void wait_none(void)
{
    int status = 77;

    CHECK(wait(&status) == -1);
    CHECK(status == 77);
    CHECK(wait(0) == -1);
}

static void wait_null(void)
{
    int pid = child();

    if (pid == 0)
        exit(3);
    CHECK(wait(0) == pid);
    CHECK(wait(0) == -1);
}

/* Each of many children is reaped once, with its own status. */
static void wait_many(void)
{
    int pids[40], status, ended, n = 40, seen = 0;

    for (int i = 0; i < n; i++) {
        pids[i] = child();
        if (pids[i] == 0)
            exit(i);
    }
    for (int i = 0; i < n; i++) {
        ended = wait(&status);
        CHECK(status >= 0 && status < n && pids[status] == ended);
        pids[status] = 0;
        seen++;
    }
    CHECK(seen == n && wait(0) == -1);
}

/* wait() waits: the child ends only when it is told to, which is after the parent has gone to sleep. */
static void wait_blocks(void)
{
    int fds[2], waiter, sleeper;

    CHECK(pipe(fds) == 0);
    waiter = child();
    if (waiter == 0) {
        sleeper = child();
        if (sleeper == 0) {
            await_pipe(fds[0]);
            exit(9);
        }
        exit(status_of(sleeper));
    }
    wait_asleep(waiter);
    signal_pipe(fds[1]);
    expect(waiter, 9);
}

static void fork_often(void)
{
    for (int i = 0; i < 300; i++) {
        int pid = child();
        if (pid == 0)
            exit(i & 0x7f);
        expect(pid, i & 0x7f);
    }
}

/* Trees of processes, at the same time. */
static void fork_fork(void)
{
    int pids[4], ok = 0, status;

    for (int i = 0; i < 4; i++) {
        pids[i] = child();
        if (pids[i] != 0)
            continue;
        for (int j = 0; j < 40; j++) {
            int pid = child();
            if (pid == 0)
                exit(0);
            expect(pid, 0);
        }
        exit(0);
    }
    for (int i = 0; i < 4; i++)
        ok += wait(&status) > 0 && status == 0;
    CHECK(ok == 4);
}

/* The grandchild of a parent that has ended belongs to init, process 1. */
static void orphan(void)
{
    struct procinfo info;
    int fds[2], go[2], pid, orphan_pid;

    CHECK(pipe(fds) == 0 && pipe(go) == 0);
    pid = child();
    if (pid == 0) {
        orphan_pid = child();
        if (orphan_pid == 0) {
            await_pipe(go[0]);
            exit(0);
        }
        CHECK(write(fds[1], &orphan_pid, sizeof(orphan_pid)) == sizeof(orphan_pid));
        exit(0);
    }
    CHECK(read(fds[0], &orphan_pid, sizeof(orphan_pid)) == sizeof(orphan_pid));
    expect(pid, 0);
    CHECK(find_process(orphan_pid, &info));
    CHECK(info.ppid == 1);
    CHECK(wait(0) == -1);
    signal_pipe(go[1]);
    while (find_process(orphan_pid, &info)) /* init reaps it */
        yield();
}

/* Many children at once, some of which have ended when their parent ends. */
static void orphans(void)
{
    for (int round = 0; round < 10; round++) {
        int pid = child();
        if (pid == 0) {
            for (int i = 0; i < 10; i++) {
                int inner = child();
                if (inner == 0) {
                    if (i % 2 == 0)
                        yield();
                    exit(0);
                }
            }
            exit(0);
        }
        expect(pid, 0);
    }
}

/* Children that end and are not waited for before their parent ends. */
static void zombies(void)
{
    struct procinfo info;
    int pid = child(), inner = 0;

    if (pid == 0) {
        for (int i = 0; i < 10; i++) {
            inner = child();
            if (inner == 0)
                exit(0);
        }
        while (find_process(inner, &info) && info.state != PI_ZOMBIE)
            yield();
        exit(0);
    }
    expect(pid, 0);
}

/* A fork that fails must take nothing with it, and earlier children continue. */
static void fork_limit(void)
{
    int fds[2], n, pid = 0;

    CHECK(pipe(fds) == 0);
    for (n = 0; n < 2000; n++) {
        pid = fork();
        if (pid < 0)
            break;
        if (pid == 0) {
            close(fds[1]);
            n = read(fds[0], &pid, 1); /* until the parent closes its end */
            exit(n);
        }
    }
    CHECK(pid == -1);
    CHECK(n >= 50);
    CHECK(fork() == -1);
    close(fds[1]);
    for (int i = 0; i < n; i++) {
        int status;
        CHECK(wait(&status) > 0 && status == 0);
    }
    CHECK(wait(0) == -1);
    pid = child(); /* and now there is room again */
    if (pid == 0)
        exit(5);
    expect(pid, 5);
}

/* After the largest number come the smallest that no process has, again and again. */
static void pids_reused(void)
{
    uint64 last = 0x7ffffffe, old = value_of("kern.last_pid");
    int pids[8], fds[2];

    CHECK(pipe(fds) == 0 && sysctl("kern.last_pid", 0, &last) == 0);
    for (int i = 0; i < 8; i++) {
        pids[i] = child();
        if (pids[i] == 0) {
            close(fds[1]);
            if (i != 1)
                read(fds[0], buf, 1);
            exit(0);
        }
        CHECK(i == 0 ? pids[i] == 0x7fffffff : pids[i] > 1 && pids[i] < 10000);
        for (int j = 0; j < i; j++)
            CHECK(pids[i] != pids[j]);
        if (i == 4) {
            CHECK(wait(0) == pids[1]); /* its number is free, and those after it are taken */
            last = (uint64)pids[1] - 1;
            pids[1] = 0;
            CHECK(sysctl("kern.last_pid", 0, &last) == 0);
        }
    }
    close(fds[0]);
    close(fds[1]);
    for (int i = 1; i < 8; i++)
        CHECK(wait(0) > 0);
    CHECK(sysctl("kern.last_pid", 0, &old) == 0);
}

const struct test fork_tests[] = {
    {"pids", pids, 0},
    {"exit_status", exit_status, 0},
    {"wait_none", wait_none, 0},
    {"wait_null", wait_null, 0},
    {"wait_many", wait_many, 0},
    {"wait_blocks", wait_blocks, 0},
    {"fork_often", fork_often, 0},
    {"fork_fork", fork_fork, 0},
    {"orphan", orphan, 0},
    {"orphans", orphans, 0},
    {"zombies", zombies, 0},
    {"fork_limit", fork_limit, 1},
    {"pids_reused", pids_reused, 0},
    {0, 0, 0},
};
