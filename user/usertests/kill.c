/* SPDX-License-Identifier: BSD-3-Clause
 * kill of processes in every state. A process that is killed ends with status -1.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static void kill_asleep(int pid)
{
    wait_asleep(pid);
    CHECK(kill(pid) == 0);
    expect(pid, -1);
}

static void kill_sleeping(void)
{
    int pid = child();

    if (pid == 0) {
        sleep(1000000);
        exit(0);
    }
    kill_asleep(pid);
}

static void kill_spinning(void)
{
    int pids[3];

    for (int i = 0; i < 3; i++) {
        pids[i] = child();
        if (pids[i] == 0)
            for (;;)
                ;
    }
    for (int i = 0; i < 10; i++)
        yield();
    for (int i = 0; i < 3; i++)
        CHECK(kill(pids[i]) == 0);
    for (int i = 0; i < 3; i++) {
        int status;
        CHECK(wait(&status) > 0);
        CHECK(status == -1);
    }
}

/* A process that only makes system calls. */
static void kill_calling(void)
{
    int pid = child();

    if (pid == 0)
        for (;;)
            getpid();
    for (int i = 0; i < 10; i++)
        yield();
    CHECK(kill(pid) == 0);
    expect(pid, -1);
}

static void kill_pipe_reader(void)
{
    int fds[2], pid;
    char c;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        read(fds[0], &c, 1);
        exit(0);
    }
    kill_asleep(pid);
    CHECK(write(fds[1], "y", 1) == 1); /* what it did not read is still there to be read */
    CHECK(read(fds[0], &c, 1) == 1 && c == 'y');
}

static void kill_pipe_writer(void)
{
    int fds[2], pid;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        for (;;)
            write(fds[1], buf, 1000);
    }
    kill_asleep(pid);
    close(fds[1]);
    while (read(fds[0], buf, BUFSIZE) > 0)
        ;
    CHECK(read(fds[0], buf, 1) == 0);
}

static void kill_waiting(void)
{
    struct procinfo info;
    int fds[2], pid, inner;

    CHECK(pipe(fds) == 0);
    pid = child();
    if (pid == 0) {
        inner = child();
        if (inner == 0)
            for (;;)
                sleep(1000000);
        CHECK(write(fds[1], &inner, sizeof(inner)) == sizeof(inner));
        wait(0);
        exit(0);
    }
    CHECK(read(fds[0], &inner, sizeof(inner)) == sizeof(inner));
    kill_asleep(pid);
    CHECK(find_process(inner, &info) && info.ppid == 1);
    CHECK(kill(inner) == 0);
}

/* Without a keyboard (deterministic mode) the read may return the end of the file at once. */
static void kill_console_reader(void)
{
    struct procinfo info;
    int pid = child();

    if (pid == 0) {
        int fd = open("/console", O_RDWR);
        CHECK(fd >= 0);
        while (read(fd, buf, 100) > 0)
            ;
        exit(3);
    }
    while (find_process(pid, &info) && info.state != PI_SLEEP && info.state != PI_ZOMBIE)
        yield();
    if (info.state == PI_ZOMBIE) {
        expect(pid, 3);
        return;
    }
    CHECK(kill(pid) == 0);
    expect(pid, -1);
}

/* A process that is killed while it writes a lot does not go on to the end. tests/test_usertests.py
 * counts the bytes, which are NULs. On a busy host, QEMU may keep the killer's hart from running for as
 * long as the writer's uses the port, so only the deterministic mode is sure of the outcome. */
static void kill_console_writer(void)
{
    uint64 deterministic;
    int status, pid = child();

    if (pid == 0) {
        write(1, sbrklazy(4 << 20), 4 << 20);
        exit(0);
    }
    sleep(1);
    CHECK(kill(pid) == 0 && wait(&status) == pid);
    CHECK(sysctl("kern.deterministic", &deterministic, 0) == 0);
    CHECK(status == -1 || !deterministic);
}

static void kill_self(void)
{
    int pid = child();

    if (pid == 0) {
        kill(getpid());
        exit(0);
    }
    expect(pid, -1);
}

static void kill_nobody(void)
{
    int pid = child();

    if (pid == 0)
        exit(0);
    expect(pid, 0);
    CHECK(kill(pid) == -1);
    CHECK(kill(-1) == -1);
    CHECK(kill(0) == -1);
    CHECK(kill(0x7fffffff) == -1);
}

/* Kills that race with the end of the process and with each other. */
static void kill_race(void)
{
    for (int i = 0; i < 50; i++) {
        int victim = child(), killer, status;
        if (victim == 0) {
            for (int j = 0; j < i; j++)
                getpid();
            exit(4);
        }
        killer = child();
        if (killer == 0) {
            kill(victim);
            exit(0);
        }
        kill(victim);
        for (int j = 0; j < 2; j++) {
            int pid = wait(&status);
            CHECK(pid == victim ? status == 4 || status == -1 : pid == killer && status == 0);
        }
    }
}

/* Kills of a process that forks, execs and writes: it must leave nothing behind. */
static void kill_busy(void)
{
    for (int i = 0; i < 20; i++) {
        int pid = child();
        if (pid == 0) {
            for (;;) {
                int fd = open("f", O_CREATE | O_RDWR), inner = fork();
                char *argv[] = {"echo", "-n", 0};
                write(fd, buf, 5000);
                if (inner == 0) {
                    exec("/echo", argv);
                    exit(1);
                }
                wait(0);
                close(fd);
            }
        }
        for (int j = 0; j < i * 5; j++)
            yield();
        CHECK(kill(pid) == 0);
        expect(pid, -1);
    }
    unlink("f");
}

/*
 * A process computes on cpu 0, alone there. The interrupt thread that preempts it kills it. It ends at
 * once, though nothing else happens there. That takes a second hart, deterministic mode and ktest=1;
 * otherwise the value cannot be set, and this is an ordinary kill.
 */
static void kill_preempted(void)
{
    uint64 pid;
    int started[2], before;

    CHECK(pipe(started) == 0);
    pid = (uint64)child();
    if (pid == 0) {
        setaffinity(1);
        signal_pipe(started[1]);
        for (;;)
            ;
    }
    if (value_of("kern.ncpus") > 1)
        CHECK(setaffinity(2) == 0);
    await_pipe(started[0]);
    CHECK(sync() == 0);
    sleep(15); /* the log's thread has nothing left to do, which could interrupt the process */
    before = uptime();
    if (value_of("kern.ncpus") < 2 || sysctl("debug.intr_kill", 0, &pid) != 0)
        CHECK(kill((int)pid) == 0);
    expect((int)pid, -1);
    CHECK(value_of("kern.deterministic") == 0 || uptime() <= before + 1);
}

/* The first process can't be killed: the machine would end with it. */
static void kill_init(void)
{
    struct procinfo info;

    CHECK(kill(1) == -1);
    sleep(1);
    CHECK(find_process(1, &info));
}

const struct test kill_tests[] = {
    {"kill_sleeping", kill_sleeping, 0},
    {"kill_spinning", kill_spinning, 0},
    {"kill_calling", kill_calling, 0},
    {"kill_pipe_reader", kill_pipe_reader, 0},
    {"kill_pipe_writer", kill_pipe_writer, 0},
    {"kill_waiting", kill_waiting, 0},
    {"kill_console_reader", kill_console_reader, 0},
    {"kill_console_writer", kill_console_writer, 1},
    {"kill_self", kill_self, 0},
    {"kill_nobody", kill_nobody, 0},
    {"kill_preempted", kill_preempted, 1},
    {"kill_init", kill_init, 0},
    {"kill_race", kill_race, 0},
    {"kill_busy", kill_busy, 0},
    {0, 0, 0},
};
