/* SPDX-License-Identifier: BSD-3-Clause
 * The framework of usertests. A test is a function that runs in a process of its own, in an empty
 * directory of its own, and returns when all is well. When something is wrong it calls fail(), which
 * ends the process. Then main.c looks for what the test has left behind: memory, threads, processes,
 * files.
 *
 * Tests assume nothing about time: they wait for a state that they can see (wait_asleep), and never for
 * some time, so that they do the same with any number of harts and at any speed.
 */
#ifndef USERTESTS_UT_H
#define USERTESTS_UT_H

#include "kernel/types.h"
#include "kernel/procinfo.h"

struct test {
    const char *name; /* 0 at the end of a table */
    void (*run)(void);
    int slow; /* left out by -q */
};

/* Each file of tests has one table. */
extern const struct test fork_tests[], kill_tests[], load_tests[], exec_tests[], elf_tests[],
    mem_tests[], trap_tests[], cow_tests[], pointer_tests[], pipe_tests[], fd_tests[], file_tests[],
    write_tests[], dir_tests[], race_tests[], disk_tests[], info_tests[], sched_tests[],
    caps_tests[], share_tests[], guard_tests[], upcall_tests[];

/* --- util.c --- */

/* Say why the test fails, and end the process with status 1. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* The test fails unless this holds. */
#define CHECK(cond)                                               \
    do {                                                          \
        if (!(cond))                                              \
            fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* fork(), which must succeed. A message of fail() in the child says that it is a child's. */
int child(void);

/* Wait for a child, which must be this one, and return its status. / Its status must be `status`. */
int status_of(int pid);
void expect(int pid, int status);

/* Run f(arg) in a child that must be killed by the kernel for it. */
void expect_killed(void (*f)(uint64), uint64 arg, const char *what);

/* Return when process pid waits for something. */
void wait_asleep(int pid);

/* Ask getprocs() about pid: 1, and *info is filled in; 0: there is no such process. */
int find_process(int pid, struct procinfo *info);
/* How many processes there are, zombies included. */
int count_processes(void);

/* A value of the kernel; the test fails if there is no such value. */
uint64 value_of(const char *name);
/* Free pages, including those that the file system's cache could give back. */
uint64 free_pages(void);

/* open() with O_CREATE | O_RDWR, which must succeed. / Make a file with this text; / with n bytes of
 * pattern(). */
int create(const char *name);
void make_file(const char *name, const char *text);
void make_pattern_file(const char *name, uint64 n);
char pattern(uint64 i);

/* Read the next n bytes, in as many reads as necessary. Returns how many came before the end. */
int read_full(int fd, void *buf, int n);
/* Send a byte over a pipe, to tell the other side something. / Wait for it. */
void signal_pipe(int fd);
void await_pipe(int fd);

uint64 file_size(const char *name);
int exists(const char *name);

/* Pseudo-random numbers, the same in each run. */
uint64 next_random(uint64 *state);

/* A shared buffer of a test, of BUFSIZE bytes, aligned to a page. */
#define BUFSIZE 65536
extern char buf[];

/* Addresses that no system call may read or write: unmapped, kernel, beyond Sv39, wrapping around. */
extern const uint64 bad_addresses[];
extern const int nbad_addresses;

/* main()'s argv, which is in the highest page of the stack. */
extern char **main_argv;
extern const char *test_name; /* of the test that is running */

#endif
