/* SPDX-License-Identifier: BSD-3-Clause
 * Random system calls with arguments that are likely to matter: addresses at every kind of edge,
 * sizes around them, paths of all forms, damaged programs, ids and names that exist and that don't.
 *
 * A call may overwrite memory of the worker, but only in its heap, which has nothing else. It may
 * end the worker. It must not end the machine, a process that the fuzzer needs, or the system's own
 * files: halt() is not called, kill() spares what is_protected() names, and the calls that change
 * names or open files for writing get names that the system does not use.
 */
#include "kernel/types.h"
#include "kernel/caps.h"
#include "kernel/fcntl.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "kernel/syscall.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/fuzz/fuzz.h"

#define ARENA (16 * PGSIZE) /* bytes at the start of the heap */
#define PROGRAM 8192        /* bytes of a program that are read and damaged */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64 state;      /* of the random numbers */
static char *arena;       /* mapped memory */
static int is_grandchild; /* it makes no processes */

extern char end[]; /* of the program; the guard page and the stack follow */

uint64 rnd(uint64 n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

/* --- arguments --- */

void *pointer(void)
{
    static const uint64 bad[] = {
        0,       1,      8,         PGSIZE - 8,        PGSIZE,  0x80000000UL, USERTOP - 8,
        USERTOP, MAXVA,  MAXVA - 1, 1UL << 63,         KSTACKS, KERNBASE,     KERNBASE + KERNLOAD,
        -PGSIZE, -256UL, -8UL,      KERNBASE - PGSIZE, -1UL,
    };
    static const int edges[] = {0, 1, 3, 4, 7, 8, 16, 24, 64, 128, 1024, 4095, 4096};
    uint64 edge = (uint64)edges[rnd(COUNT(edges))];

    switch (rnd(10)) {
    case 0:
        return (void *)bad[rnd(COUNT(bad))];
    case 1: /* the end of the heap, which may lie in a page that was never touched */
        return sbrk(0) - edge;
    case 2: /* a border between two mapped pages */
        return arena + (1 + rnd(14)) * PGSIZE - edge;
    case 3: /* code and constants: read-only */
        return rnd(2) ? (void *)(uint64)make_calls : (void *)(uint64)edges;
    case 4: /* the guard page below the stack, and its borders */
        return (void *)(PGROUNDUP((uint64)end) + (rnd(2) ? edge % PGSIZE : (uint64)0 - edge % 64));
    default:
        return arena + rnd(ARENA / 2);
    }
}

static int size(void)
{
    static const int sizes[] = {-1,   0,    1,    2,    3,    4,          8,          15,
                                16,   24,   64,   127,  128,  129,        1023,       1024,
                                1025, 4095, 4096, 4097, 8192, 0x7fffffff, -0x7fffffff};

    return rnd(4) == 0 ? (int)rnd(40000) : sizes[rnd(COUNT(sizes))];
}

static int fd(void)
{
    static const int odd[] = {-1, 16, 17, 1000, 0x7fffffff, -0x7fffffff};

    return rnd(12) == 0 ? odd[rnd(COUNT(odd))] : (int)rnd(rnd(2) ? 4 : REPORT_FD);
}

/* A name that may be created, changed and removed. */
static const char *own_path(void)
{
    static const char *const names[] = {
        HOME "/a",   HOME "/b",   HOME "/c",       HOME "/d",
        HOME "/d/a", HOME "/d/e", HOME "/d/e/a",   "./f",
        "f/../g",    "g",         "f/a",           HOME "/fourteen-chars",
        HOME "//a",  HOME "/a/b", HOME "/d/../d/", HOME "/d/e/../b",
    };
    static const char *const refused[] = {"",   ".",       "..",         "/",
                                          "//", HOME "/.", HOME "/d/..", "/no/a"};
    char *text;

    switch (rnd(16)) {
    case 0:
        return refused[rnd(COUNT(refused))];
    case 1: /* letters without an end, or with one at a page's border */
        text = arena + 4 * PGSIZE;
        memset(text - 300, rnd(2) ? 'x' : '/', 300);
        text[-1] = rnd(2) ? 'x' : 0;
        text[0] = 0;
        return text - rnd(300);
    case 2:
        text = pointer();
        return text;
    default:
        return names[rnd(COUNT(names))];
    }
}

/* A name that is only read. */
static const char *any_path(void)
{
    static const char *const names[] = {"/README.md", "/echo",        "/",           "..",
                                        "/console",   "../README.md", "/README.md/x"};

    return rnd(4) == 0 ? names[rnd(COUNT(names))] : own_path();
}

/* One of few names of services, or anything. */
static const char *service(void)
{
    static const char *const names[] = {
        "s", "t", "u", "a-name-of-exactly-31-characters", "", "a-name-of-exactly-32-characters."};

    return rnd(8) == 0 ? pointer() : names[rnd(COUNT(names))];
}

static int id(void)
{
    return (int)rnd(rnd(8) ? 3 : CAPS_IDS + 2) - (rnd(16) == 0);
}

uint64 number(void)
{
    return rnd(3) == 0 ? rnd(16) : rnd(2) ? ~rnd(4) : 1UL << rnd(64);
}

/* --- calls --- */

static void call_open(void)
{
    if (rnd(3) == 0)
        open(any_path(), O_RDONLY);
    else
        open(own_path(), (int)rnd(3) | (rnd(2) ? O_CREATE : 0) | (rnd(4) == 0 ? O_TRUNC : 0) |
                             (rnd(4) == 0 ? O_APPEND : 0) | (rnd(32) == 0 ? (int)rnd(1 << 16) : 0));
}

static void call_mknod(void)
{
    static const short majors[] = {-1, 0, 2, 3, 9, 10, 11, 0x7fff}; /* not the console's */

    mknod(own_path(), majors[rnd(COUNT(majors))], (short)rnd(1 << 16));
}

static void call_kill(void)
{
    static const int pids[] = {0, -1, 1, 1 << 30, -0x7fffffff};
    int pid = rnd(2) ? getpid() + (int)rnd(8) - 4 : pids[rnd(COUNT(pids))];

    if ((pid != getpid() || rnd(8) == 0) && !is_protected(pid))
        kill(pid);
}

void call_sbrk(void)
{
    static const int steps[] = {0,     0,          1,          4096,        -1,     -4096,
                                65536, -(1 << 20), 0x7fffffff, -0x7fffffff, 1 << 20};
    int n = steps[rnd(COUNT(steps))];

    if (n > 0 || sbrk(0) + n >= arena + ARENA || rnd(64) == 0)
        sys_sbrk(n, rnd(16) == 0 ? (int)number() : SBRK_EAGER + (int)rnd(2));
}

static void call_fork(void)
{
    if (is_grandchild || fork() != 0)
        return;
    close(REPORT_FD);
    is_grandchild = 1;
    state += (uint64)getpid() << 32 | 1;
    make_calls(state, GRANDCHILD_CALLS);
    exit((int)rnd(256));
}

/* Copy a program with some of its bytes changed, and run that. */
static void call_exec(void)
{
    static const uint64 edges[] = {0,          1,     0x1000, 0xfff,  0x7fffffff,
                                   0x80000000, MAXVA, -1UL,   -4096UL};
    char *image = arena + ARENA - PROGRAM;
    char **argv = rnd(8) == 0 ? pointer() : (char **)(void *)arena;
    const char *name = HOME "/prog";
    int from = open("/echo", O_RDONLY), to = open(name, O_CREATE | O_TRUNC | O_RDWR);
    int n = from >= 0 ? read(from, image, PROGRAM) : 0;

    for (uint64 k = rnd(5); k > 0 && n >= 256; k--) {
        if (rnd(2))
            image[rnd(256)] = (char)rnd(256);
        else /* a whole field of the header or of a program header */
            memmove(image + rnd(30) * 8, &edges[rnd(COUNT(edges))], rnd(2) ? 4 : 8);
    }
    write(to, image, rnd(8) ? n : (int)rnd(300));
    while (from >= 0 && (n = read(from, image, PROGRAM)) > 0)
        write(to, image, n);
    close(from);
    close(to);
    if (argv == (char **)(void *)arena) {
        uint64 argc = rnd(40);
        for (uint64 i = 0; i < argc; i++)
            argv[i] = rnd(16) == 0 ? pointer() : "-n";
        argv[argc] = 0;
    }
    if (!is_grandchild && fork() != 0) /* so that the worker goes on when the program starts */
        return;
    close(REPORT_FD);
    exec(rnd(4) ? name : any_path(), argv);
    if (!is_grandchild)
        exit(0);
}

/* Values that may be set to anything that they accept. Those that would end the machine or only fill
 * the console (waits, verbose) are not among them. */
static void call_sysctl(void)
{
    static const char *const settable[] = {
        "kern.giant",      "kern.ktr_mask",       "kern.ktr_clear",       "kern.last_pid",
        "vfs.drop_caches", "lwkt.ipiq_optimized", "lwkt.untimely_switch", "lwkt.switch_count",
        "debug.panic",     "debug.hold_ipi",
    };
    char name[64];
    uint64 value = number();

    if (rnd(8) == 0) {
        sysctl(settable[rnd(COUNT(settable))], rnd(4) ? 0 : pointer(), rnd(4) ? &value : 0);
    } else if (rnd(2)) {
        if (sysctlname((int)rnd(60), name, sizeof(name)) > 0)
            sysctl(name, pointer(), 0);
    } else {
        sysctlname(rnd(4) ? (int)rnd(60) : (int)number(), pointer(), size());
        sysctl(rnd(4) ? "vm.free_pages" : pointer(), pointer(), 0);
    }
}

static void call_caps(void)
{
    switch (rnd(6)) {
    case 0:
        caps_register(service());
        break;
    case 1:
        caps_connect(service());
        break;
    case 2:
        caps_call(id(), pointer(), size(), pointer(), size());
        break;
    case 3:
        caps_wait(id(), pointer(), size(), pointer());
        break;
    case 4:
        caps_reply(id(), id(), pointer(), size());
        break;
    default:
        caps_close(id());
    }
}

static void call_process(void)
{
    switch (rnd(9)) {
    case 0:
        call_fork();
        break;
    case 1:
        wait(rnd(2) ? 0 : pointer());
        break;
    case 2:
        pause(rnd(16) ? -(int)rnd(3) : (int)number());
        break;
    case 3:
        setpri((int)rnd(rnd(8) ? 2 : 5) - (rnd(8) == 0));
        break;
    case 4:
        setaffinity(number());
        break;
    case 5:
        setjob((int)rnd(5) - 1);
        break;
    case 6:
        call_kill();
        break;
    case 7:
        getprocs(pointer(), size());
        break;
    default:
        yield();
        getpid();
        uptime();
        getcpu();
    }
}

static void call_information(void)
{
    switch (rnd(4)) {
    case 0:
        bootarg(rnd(2) ? "run" : pointer(), pointer(), size());
        break;
    case 1:
        ktrace(rnd(4) ? (int)rnd(4) : (int)number(), number(), pointer(), size());
        break;
    case 2:
        ktest((int)rnd(32) - 1, pointer(), size());
        break;
    default:
        call_sysctl();
    }
}

static void call_name(void)
{
    switch (rnd(6)) {
    case 0:
        call_mknod();
        break;
    case 1:
        mkdir(own_path());
        break;
    case 2:
        link(own_path(), own_path());
        break;
    case 3:
        chdir(rnd(2) ? HOME : any_path());
        break;
    default:
        unlink(own_path());
    }
}

void call_fd(void)
{
    int which;

    switch (rnd(8)) {
    case 0:
        pipe(rnd(2) ? pointer() : (void *)arena);
        break;
    case 1:
        if ((which = fd()) != REPORT_FD)
            close(which);
        break;
    case 2:
        dup(fd());
        break;
    case 3:
        fstat(fd(), pointer());
        break;
    case 4:
    case 5:
        read(fd(), pointer(), size());
        break;
    default:
        write(fd(), pointer(), size());
    }
}

static void call_any(void)
{
    uint64 what = rnd(100);

    if (what < 15)
        call_open();
    else if (what < 50)
        call_fd();
    else if (what < 70)
        call_name();
    else if (what < 80)
        call_information();
    else if (what < 88)
        call_caps();
    else if (what < 92)
        call_process();
    else if (what < 96)
        call_shared();
    else if (what < 97)
        call_fork_shared();
    else if (what < 98)
        sync();
    else if (what < 99)
        call_exec();
    else
        call_sbrk();
}

void make_calls(uint64 seed, int n)
{
    state = seed | 1;
    for (int i = 0; i < 10; i++)
        rnd(2);
    if (!is_grandchild) {
        for (int i = 0; i < REPORT_FD; i++)
            close(i);
        arena = (char *)PGROUNDUP((uint64)sbrk(0));
        sbrk((int)(arena - sbrk(0)));
        if (sbrk((int)ARENA) == SBRK_ERROR)
            return;
        memset(arena, 'm', ARENA);
    }
    for (int i = 1; i <= n; i++) {
        call_any();
        if (i % STEP == 0 && !is_grandchild)
            write(REPORT_FD, "", 1);
    }
}
