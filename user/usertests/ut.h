/*
 * The frame of usertests. A test is a function that runs in a process of its own, in an empty
 * directory of its own, and returns when all is well. What goes wrong it says with fail(), which
 * ends the process. main.c looks after it for what the test left behind: memory, threads, processes,
 * files.
 *
 * Tests take no time for granted: they wait for a state that they can see (wait_asleep), never for a
 * while, so that they do the same on every number of harts and at every speed.
 */
#ifndef USERTESTS_UT_H
#define USERTESTS_UT_H

#include "kernel/types.h"
#include "kernel/procinfo.h"

struct test {
    const char *name; /* 0 ends a table */
    void (*run)(void);
    int slow; /* left out by -q */
};

/* One table in each file of tests. */
extern const struct test fork_tests[], kill_tests[], load_tests[], exec_tests[], elf_tests[],
    mem_tests[], trap_tests[], cow_tests[], pointer_tests[], pipe_tests[], fd_tests[], file_tests[],
    write_tests[], dir_tests[], race_tests[], disk_tests[], info_tests[], sched_tests[],
    caps_tests[];

/* --- util.c --- */

/* Say why the test fails, and end the process with status 1. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The test fails unless this holds. */
#define CHECK(cond)                                               \
    do {                                                          \
        if (!(cond))                                              \
            fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* fork(), which must succeed. What the child says with fail() is marked as a child's. */
int child(void);

/* Wait for a child, which must be this one, and give its status. / It must be `status`. */
int status_of(int pid);
void expect(int pid, int status);

/* Run f(arg) in a child that must be killed by the kernel for it. */
void expect_killed(void (*f)(uint64), uint64 arg, const char *what);

/* Return when process pid waits for something. */
void wait_asleep(int pid);

/* What getprocs() tells of pid: 1 and *info filled in, or 0: no such process. */
int find_process(int pid, struct procinfo *info);
/* How many there are, zombies included. */
int count_processes(void);

/* A value of the kernel's; the test fails if there is none. */
uint64 value_of(const char *name);
/* Free pages, those that the file system's cache could give back included. */
uint64 free_pages(void);

/* open() with O_CREATE | O_RDWR that must succeed. / A file with this text. / with n bytes, each
 * that of pattern(). */
int create(const char *name);
void make_file(const char *name, const char *text);
void make_pattern_file(const char *name, uint64 n);
char pattern(uint64 i);

/* The next n bytes, in as many reads as it takes; how many came before the end. */
int read_full(int fd, void *buf, int n);
/* A byte over a pipe: tell the other side something. / Wait for it. */
void signal_pipe(int fd);
void await_pipe(int fd);

uint64 file_size(const char *name);
int exists(const char *name);

/* Pseudo-random numbers, the same in each run. */
uint64 next_random(uint64 *state);

/* A shared buffer of a test, of BUFSIZE bytes, aligned to a page. */
#define BUFSIZE 65536
extern char buf[];

/* Addresses that no system call may read or write through: unmapped, kernel, beyond Sv39, wrapping. */
extern const uint64 bad_addresses[];
extern const int nbad_addresses;

/* main()'s argv, which lies in the highest page of the stack. */
extern char **main_argv;
extern const char *test_name; /* of the test that runs */

#endif
