/* SPDX-License-Identifier: BSD-3-Clause
 * Functions that the tests share; see ut.h.
 */
#include <stdarg.h>

#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

__attribute__((aligned(4096))) char buf[BUFSIZE];
const char *test_name;
char **main_argv;

static int nested; /* this process is a child of a test's */
static struct procinfo procs[NPROC];

const uint64 bad_addresses[] = {
    8,            /* a field, through a null pointer */
    0x80000000UL, /* far above the heap */
    USERTOP - 8,
    USERTOP,
    MAXVA - 1,
    MAXVA, /* no Sv39 address from here up to the kernel's half */
    1UL << 63,
    KERNBASE,
    KERNBASE + KERNLOAD, /* the kernel's text */
    KSTACKS,
    0xffffffffffffff00UL,
    0xffffffffffffffffUL, /* wraps around */
};
const int nbad_addresses = sizeof(bad_addresses) / sizeof(bad_addresses[0]);

/* One line in one write: several processes may fail at once. */
void fail(const char *fmt, ...)
{
    static char text[200];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (nested)
        printf("%s: (child %d) %s\n", test_name, getpid(), text);
    else
        printf("%s: FAILED %s\n", test_name, text);
    exit(1);
}

int child(void)
{
    int pid = fork();

    if (pid < 0)
        fail("fork failed");
    if (pid == 0)
        nested = 1;
    return pid;
}

int status_of(int pid)
{
    int status = 0, ended = wait(&status);

    if (ended != pid)
        fail("wait gave %d, not child %d", ended, pid);
    return status;
}

void expect(int pid, int status)
{
    int got = status_of(pid);

    if (got != status)
        fail("child's status is %d, not %d", got, status);
}

void expect_killed(void (*f)(uint64), uint64 arg, const char *what)
{
    int pid = child(), status;

    if (pid == 0) {
        f(arg);
        exit(0);
    }
    status = status_of(pid);
    if (status != -1)
        fail("%s (%p): status %d, not killed", what, (void *)arg, status);
}

int find_process(int pid, struct procinfo *info)
{
    int n = getprocs(procs, NPROC);

    for (int i = 0; i < n; i++) {
        if (procs[i].pid == pid) {
            *info = procs[i];
            return 1;
        }
    }
    return 0;
}

int count_processes(void)
{
    int n = getprocs(procs, NPROC), count = 0;

    for (int i = 0; i < n; i++)
        count += procs[i].pid != 0;
    return count;
}

void wait_asleep(int pid)
{
    struct procinfo info;

    for (;;) {
        if (!find_process(pid, &info) || info.state == PI_ZOMBIE)
            fail("process %d ended and did not wait", pid);
        if (info.state == PI_SLEEP)
            return;
        yield();
    }
}

uint64 value_of(const char *name)
{
    uint64 value;

    if (sysctl(name, &value, 0) < 0)
        fail("sysctl %s failed", name);
    return value;
}

uint64 free_pages(void)
{
    return value_of("vm.free_pages") + value_of("vfs.cache_pages");
}

int create(const char *name)
{
    int fd = open(name, O_CREATE | O_RDWR);

    if (fd < 0)
        fail("cannot create %s", name);
    return fd;
}

void make_file(const char *name, const char *text)
{
    int fd = create(name);

    if (write(fd, text, (int)strlen(text)) != (int)strlen(text))
        fail("cannot write %s", name);
    close(fd);
}

char pattern(uint64 i)
{
    return (char)(i * 7 + (i >> 9) * 13 + (i >> 16));
}

void make_pattern_file(const char *name, uint64 n)
{
    int fd = create(name);

    for (uint64 at = 0; at < n;) {
        int m = n - at < BUFSIZE ? (int)(n - at) : BUFSIZE;
        for (int i = 0; i < m; i++)
            buf[i] = pattern(at + (uint64)i);
        if (write(fd, buf, m) != m)
            fail("write to %s failed at %lu", name, at);
        at += (uint64)m;
    }
    close(fd);
}

int read_full(int fd, void *dst, int n)
{
    char *p = dst;
    int done = 0, m;

    while (done < n && (m = read(fd, p + done, n - done)) > 0)
        done += m;
    return done;
}

void signal_pipe(int fd)
{
    CHECK(write(fd, "x", 1) == 1);
}

void await_pipe(int fd)
{
    char c;

    CHECK(read(fd, &c, 1) == 1);
}

uint64 file_size(const char *name)
{
    struct stat st;

    if (stat(name, &st) < 0)
        fail("cannot stat %s", name);
    return st.size;
}

int exists(const char *name)
{
    struct stat st;

    return stat(name, &st) == 0;
}

uint64 next_random(uint64 *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
