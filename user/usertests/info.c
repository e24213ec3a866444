/* SPDX-License-Identifier: BSD-3-Clause
 * Calls that give information: sysctl, getprocs, bootarg, uptime; and numbers that no call has.
 */
#include "kernel/types.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

static long call(long number, long a0, long a1, long a2)
{
    register long r0 __asm__("a0") = a0;
    register long r1 __asm__("a1") = a1;
    register long r2 __asm__("a2") = a2;
    register long r7 __asm__("a7") = number;

    __asm__ volatile("ecall" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r7) : "memory");
    return r0;
}

static void unknown_calls(void)
{
    static const long numbers[] = {0,        22,   31, 50,       NSYSCALL - 1,
                                   NSYSCALL, 1000, -1, 1L << 40, (long)(1UL << 63)};

    for (uint i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        CHECK(call(numbers[i], 1, 2, 3) == -1);
}

/* The numbers are xv6's; the upper half of an int argument does not matter. */
static void argument_width(void)
{
    int fds[2];

    CHECK(pipe(fds) == 0);
    CHECK(call(SYS_write, fds[1] | 0x500000000L, (long)"xy", 2) == 2);
    CHECK(call(SYS_read, fds[0] | 0x700000000L, (long)buf, 2) == 2);
    CHECK(call(SYS_close, fds[0] | 0x900000000L, 0, 0) == 0);
}

static void sysctl_values(void)
{
    uint64 free = 0, total = 0;

    CHECK(sysctl("vm.free_pages", &free, 0) == 0);
    CHECK(sysctl("vm.total_pages", &total, 0) == 0);
    CHECK(free > 0 && free < total);
    CHECK(value_of("kern.threads") > 0);
    CHECK(sysctl("vm.free_pages", 0, 0) == 0);
}

static void sysctl_errors(void)
{
    uint64 value = 1;

    CHECK(sysctl("no.such", &value, 0) == SYSCTL_UNKNOWN);
    CHECK(sysctl("", &value, 0) == SYSCTL_UNKNOWN);
    CHECK(sysctl("vm.free_pages", 0, &value) == SYSCTL_READONLY);
    CHECK(sysctl("vm.free_page", &value, 0) == SYSCTL_UNKNOWN);
    CHECK(sysctl("vm.free_pages.x", &value, 0) == SYSCTL_UNKNOWN);
    CHECK(sysctl("lwkt.switch_count", 0, &value) == SYSCTL_RANGE); /* 0 only */
    CHECK(sysctl("lwkt.ipiq_count", 0, &value) == SYSCTL_READONLY);
    CHECK(value == 1);
}

/* A value that may be set: setting returns the old value, and works without asking for it. */
static void sysctl_set(void)
{
    uint64 mask = value_of("kern.ktr_mask"), old = 99, zero = 0;

    CHECK(sysctl("kern.ktr_mask", &old, &zero) == 0 && old == mask);
    CHECK(value_of("kern.ktr_mask") == 0);
    CHECK(sysctl("kern.ktr_mask", 0, &mask) == 0);
    CHECK(value_of("kern.ktr_mask") == mask);
}

/* Exchange a value n times for others, from `first` on. Returns the sum of the new values less that of
 * the old ones. */
static int64 exchange(const char *name, uint64 first, int n)
{
    int64 sum = 0;

    for (int i = 0; i < n; i++) {
        uint64 old, new = first + (uint64)i;

        CHECK(sysctl(name, &old, &new) == 0);
        sum += (int64) new - (int64)old;
    }
    return sum;
}

/* Each value that processes have set at the same time is seen by one process as the old value, or is
 * there at the end. */
static void sysctl_exchange(void)
{
    static const char name[] = "kern.last_pid"; /* it takes all numbers; nobody forks meanwhile */
    uint64 before;
    int64 sum = 0, part;
    int fds[2], go[2];

    CHECK(pipe(fds) == 0 && pipe(go) == 0);
    for (uint64 i = 1; i <= 4; i++) {
        if (child() == 0) {
            await_pipe(go[0]);
            part = exchange(name, i * 100000, 600);
            write(fds[1], &part, sizeof(part));
            exit(0);
        }
    }
    close(fds[1]);
    before = value_of(name);
    for (int i = 0; i < 4; i++)
        signal_pipe(go[1]);
    for (int i = 0; i < 4; i++) {
        CHECK(read(fds[0], &part, sizeof(part)) == sizeof(part));
        sum += part;
        CHECK(wait(0) > 0);
    }
    CHECK(sum == (int64)value_of(name) - (int64)before);
    CHECK(sysctl(name, 0, &before) == 0);
}

/* Nothing is set if the place for the old value is bad. */
static void sysctl_bad_old(void)
{
    uint64 mask = value_of("kern.ktr_mask"), other = mask ^ 1;

    CHECK(sysctl("kern.ktr_mask", (uint64 *)bad_addresses[0], &other) == -1);
    CHECK(value_of("kern.ktr_mask") == mask);
}

/* Each name in the list can be read, and the names are in order. */
static void sysctl_names(void)
{
    char name[64], last[64] = "";
    uint64 value;
    int n;

    for (n = 0; sysctlname(n, name, sizeof(name)) >= 0; n++) {
        CHECK(sysctl(name, &value, 0) == 0);
        CHECK(strcmp(last, name) < 0);
        strcpy(last, name);
    }
    CHECK(n > 3);
    CHECK(sysctlname(-1, name, sizeof(name)) == -1);
    CHECK(sysctlname(n, name, sizeof(name)) == -1);
    CHECK(sysctlname(0, name, 2) == -1 || strlen(name) < 2); /* too short a buffer */
}

/* All are told of, however many there are, each once. */
static void getprocs_many(void)
{
    int fds[2], n = 150, found = 0, seen = 0;
    struct procinfo *all = malloc(2000 * sizeof(*all));

    CHECK(all != 0 && pipe(fds) == 0);
    for (int i = 0; i < n; i++) {
        if (child() == 0) {
            close(fds[1]);
            read(fds[0], buf, 1);
            exit(0);
        }
    }
    seen = getprocs(all, 2000);
    CHECK(seen == (int)value_of("kern.processes"));
    for (int i = 0; i < seen; i++) {
        found += all[i].ppid == getpid();
        for (int j = 0; j < i; j++)
            CHECK(all[i].pid != all[j].pid);
    }
    CHECK(found == n);
    CHECK(getprocs(all, 100) == 100);
    close(fds[0]);
    close(fds[1]);
    for (int i = 0; i < n; i++)
        CHECK(wait(0) > 0);
    free(all);
}

static void getprocs_values(void)
{
    struct procinfo info, few[2];

    CHECK(find_process(getpid(), &info));
    CHECK(strcmp(info.name, "usertests") == 0);
    CHECK(info.state == PI_RUNNING);
    CHECK(info.size >= BUFSIZE && info.wmesg[0] == 0);
    CHECK(find_process(1, &info) && strcmp(info.name, "init") == 0);
    CHECK(getprocs(few, 2) == 2);
    CHECK(getprocs(few, 0) == 0);
}

static void bootarg_errors(void)
{
    CHECK(bootarg("no_such_argument", buf, 100) == -1);
    CHECK(bootarg("", buf, 100) == -1);
}

static void uptime_moves(void)
{
    int before = uptime(), now;

    CHECK(before >= 0);
    CHECK(sleep(2) == 0);
    now = uptime();
    CHECK(now >= before + 2);
    CHECK(sleep(0) == 0 && pause(0) == 0);
    CHECK(uptime() >= now);
}

static void sleep_negative(void)
{
    int before = uptime();

    sleep(-1); /* takes no time in xv6; an error would do as well */
    CHECK(uptime() - before < 100);
}

/* A conversion that printf does not know takes its own argument, and no other. */
static void printf_unknown(void)
{
    char text[64];

    CHECK(snprintf(text, sizeof(text), "%+d %#x %f %d", 1, 255, 1.5, 7) == 12);
    CHECK(strcmp(text, "+1 0xff %f 7") == 0);
}

/* clang-format off */
const struct test info_tests[] = {
    {"unknown_calls", unknown_calls, 0},
    {"argument_width", argument_width, 0},
    {"sysctl_values", sysctl_values, 0},
    {"sysctl_errors", sysctl_errors, 0},
    {"sysctl_set", sysctl_set, 0},
    {"sysctl_exchange", sysctl_exchange, 0},
    {"sysctl_bad_old", sysctl_bad_old, 0},
    {"sysctl_names", sysctl_names, 0},
    {"getprocs_values", getprocs_values, 0},
    {"getprocs_many", getprocs_many, 0},
    {"bootarg_errors", bootarg_errors, 0},
    {"uptime_moves", uptime_moves, 0},
    {"sleep_negative", sleep_negative, 0},
    {"printf_unknown", printf_unknown, 0},
    {0, 0, 0},
};
