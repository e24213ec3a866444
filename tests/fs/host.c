/* SPDX-License-Identifier: BSD-3-Clause
 * Stands in for the rest of the kernel on the host: pthreads for threads and locks, malloc for memory,
 * one condition variable for all sleepers.
 */
#include "host.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/assert.h"
#include "lib/backtrace.h"
#include "lwkt/thread.h"
#include "lwkt/wait.h"
#include "mm/page.h"
#include "mm/zone.h"
#include "riscv/power.h"
#include "sync/lockorder.h"
#include "sync/mutex.h"
#include "sync/sleep.h"

/* What mm/reclaim.c has: nobody asks for memory back here. */
uint64 (*reclaim_count_caches)(void);
void (*reclaim_drop_caches)(bool may_wait);

_Thread_local struct thread host_thread = {.td_comm = "test"};
_Thread_local unsigned long host_seed = 1;
unsigned host_pages;
unsigned host_page_limit = ~0u;
bool host_threads;
bool host_refuses;
unsigned host_blocked;
bool host_delays;

void fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vfprintf(stdout, fmt, ap);
    va_end(ap);
    fputc('\n', stdout);
    fflush(stdout);
    abort();
}

void panic(const char *fmt, ...)
{
    va_list ap;

    fputs("panic: ", stdout);
    va_start(ap, fmt);
    vfprintf(stdout, fmt, ap);
    va_end(ap);
    fail(" ");
}

/* What a refused mount ends in. */
void machine_halt(int status)
{
    if (!host_refuses)
        fail("the machine halts with status %d", status);
    _exit(0);
}

unsigned rnd(unsigned n)
{
    host_seed = host_seed * 6364136223846793005UL + 1442695040888963407UL;
    return (unsigned)(host_seed >> 33) % n;
}

/* --- locks and sleeping --- */

/* The check of lock orders is the kernel's own, but there are no backtraces here. */
void backtrace_save(uint64 fp, uint64 *calls, int n)
{
    (void)fp;
    memset(calls, 0, (size_t)n * sizeof(*calls));
}

void backtrace_names(char *text, size_t size, const uint64 *calls, int n)
{
    (void)size, (void)calls, (void)n;
    text[0] = '\0';
}

void mutex_init(struct mutex *m, const char *name)
{
    m->kind = lockorder_kind(name);
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&m->mutex, &attr);
}

static void lock(struct mutex *m, bool nested)
{
    lockorder_check(m->kind, nested);
    if (nested && host_delays && m->kind == lockorder_kind("inode"))
        usleep(rnd(200));
    if (pthread_mutex_lock(&m->mutex) != 0)
        fail("a mutex is locked twice by one thread");
    lockorder_taken(m->kind);
}

void mutex_lock(struct mutex *m)
{
    lock(m, false);
}

void mutex_lock_nested(struct mutex *m)
{
    lock(m, true);
}

void mutex_unlock(struct mutex *m)
{
    lockorder_given_up(m->kind);
    if (pthread_mutex_unlock(&m->mutex) != 0)
        fail("a mutex is unlocked by a thread that does not own it");
}

static pthread_mutex_t sleep_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t sleep_cond = PTHREAD_COND_INITIALIZER;

struct sleeper {
    const void *ident;
    bool woken;
    struct sleeper *next;
};
static struct sleeper *sleepers;
static _Thread_local struct sleeper self;

static void unlink_self(void)
{
    struct sleeper **link = &sleepers;

    while (*link != NULL && *link != &self)
        link = &(*link)->next;
    if (*link != NULL)
        *link = self.next;
    self.ident = NULL;
}

void tsleep_interlock(const void *ident, int flags)
{
    (void)flags;
    pthread_mutex_lock(&sleep_lock);
    unlink_self();
    self = (struct sleeper){.ident = ident, .next = sleepers};
    sleepers = &self;
    pthread_mutex_unlock(&sleep_lock);
}

void tsleep_remove(void)
{
    pthread_mutex_lock(&sleep_lock);
    unlink_self();
    pthread_mutex_unlock(&sleep_lock);
}

int tsleep(const void *ident, int flags, const char *wmesg, int timo)
{
    struct timespec until;
    int result = 0;

    (void)wmesg;
    if ((flags & PINTERLOCKED) == 0)
        tsleep_interlock(ident, flags);
    if (self.ident != ident)
        fail("tsleep on %p after an interlock on %p", ident, self.ident);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)timo * 1000000; /* a tick is a millisecond here */
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&sleep_lock);
    while (!self.woken && result == 0) {
        if ((flags & PCATCH) != 0 && thread_killed())
            result = EINTR;
        else if (timo == 0)
            pthread_cond_wait(&sleep_cond, &sleep_lock);
        else if (pthread_cond_timedwait(&sleep_cond, &sleep_lock, &until) != 0)
            result = EWOULDBLOCK;
    }
    unlink_self();
    pthread_mutex_unlock(&sleep_lock);
    return result;
}

void wakeup(const void *ident)
{
    pthread_mutex_lock(&sleep_lock);
    for (struct sleeper *s = sleepers; s != NULL; s = s->next)
        s->woken |= s->ident == ident;
    pthread_cond_broadcast(&sleep_cond);
    pthread_mutex_unlock(&sleep_lock);
}

void lwkt_wait_init(struct lwkt_wait *w)
{
    w->wa_gen = 0;
}

void lwkt_block(struct lwkt_wait *w, const char *wmesg, int *gen)
{
    (void)wmesg;
    pthread_mutex_lock(&sleep_lock);
    poke(&host_blocked, host_blocked + 1);
    while (w->wa_gen == *gen)
        pthread_cond_wait(&sleep_cond, &sleep_lock);
    poke(&host_blocked, host_blocked - 1);
    *gen = w->wa_gen;
    pthread_mutex_unlock(&sleep_lock);
}

/* Only signals that wake all waiters are used. */
void lwkt_signal(struct lwkt_wait *w, int count)
{
    if (count >= 0)
        fail("lwkt_signal for %d waiters", count);
    pthread_mutex_lock(&sleep_lock);
    poke(&w->wa_gen, w->wa_gen + 1);
    pthread_cond_broadcast(&sleep_cond);
    pthread_mutex_unlock(&sleep_lock);
}

struct start {
    void (*func)(void *);
    void *arg;
};

static void *run_thread(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    start.func(start.arg);
    return NULL;
}

int lwkt_create(void (*func)(void *), void *arg, void *tdp, void *template, unsigned flags, int cpu,
                const char *fmt, ...)
{
    pthread_t thread;

    if (!host_threads)
        return 0;
    struct start *start = malloc(sizeof(*start));
    (void)tdp, (void)template, (void)flags, (void)cpu, (void)fmt;
    *start = (struct start){func, arg};
    return pthread_create(&thread, NULL, run_thread, start);
}

/* --- memory --- */

static void *host_alloc(size_t align, size_t size)
{
    void *memory = NULL;

    if (amo_add(&host_pages, 1) < host_page_limit)
        memory = aligned_alloc(align, size);
    if (memory == NULL)
        amo_add(&host_pages, -1);
    return memory;
}

static void host_free(void *memory)
{
    amo_add(&host_pages, -1);
    free(memory);
}

void *page_alloc(void)
{
    void *page = host_alloc(BSIZE, BSIZE);
    if (page != NULL)
        memset(page, 0xa5, BSIZE);
    return page;
}

void *page_zalloc(void)
{
    void *page = page_alloc();
    if (page != NULL)
        memset(page, 0, BSIZE);
    return page;
}

void page_unref(void *page)
{
    host_free(page);
}

uint64 page_count_free(void)
{
    return host_page_limit - peek(&host_pages);
}

uint64 page_count_all(void)
{
    return host_page_limit;
}

struct zone {
    size_t size;
};

struct zone *zone_create(const char *name, size_t size)
{
    struct zone *z = malloc(sizeof(*z));

    (void)name;
    z->size = (size + 15) / 16 * 16;
    return z;
}

void *kmalloc(size_t size)
{
    void *obj = host_alloc(16, (size + 15) / 16 * 16);
    if (obj != NULL)
        memset(obj, 0, size);
    return obj;
}

void *zalloc(struct zone *z)
{
    return kmalloc(z->size);
}

void zfree(struct zone *z, void *obj)
{
    memset(obj, 0x5a, z->size);
    host_free(obj);
}

void kfree(void *obj)
{
    host_free(obj);
}

/* --- processes --- */

static bool bad_range(uint64 addr, uint64 len)
{
    return addr < BAD_BELOW || addr >= BAD_FROM || len >= BAD_FROM;
}

int copyin(void *dst, uint64 usrc, uint64 len)
{
    if (bad_range(usrc, len))
        return -1;
    memcpy(dst, (const void *)usrc, len);
    return 0;
}

int copyout(uint64 udst, const void *src, uint64 len)
{
    if (bad_range(udst, len))
        return -1;
    memcpy((void *)udst, src, len);
    return 0;
}

int64 copyinstr(char *dst, uint64 usrc, uint64 max)
{
    if (bad_range(usrc, max))
        return -1;
    size_t len = strnlen((const char *)usrc, max);
    if (len == max)
        return -1;
    memcpy(dst, (const char *)usrc, len + 1);
    return (int64)len;
}

void host_become_process(struct filedesc *fdp)
{
    memset(fdp, 0, sizeof(*fdp));
    fdp->fd_cwd = inode_root();
    host_thread.td_filedesc = fdp;
}

/* --- system calls --- */

#define CALL(name, ...) name((const uint64[6]){__VA_ARGS__})

int t_open(const char *path, int mode)
{
    return (int)CALL(sys_open, (uint64)path, (uint64)mode);
}
int t_close(int fd)
{
    return (int)CALL(sys_close, (uint64)fd);
}
long t_read(int fd, void *buf, long n)
{
    return CALL(sys_read, (uint64)fd, (uint64)buf, (uint64)n);
}
long t_write(int fd, const void *buf, long n)
{
    return CALL(sys_write, (uint64)fd, (uint64)buf, (uint64)n);
}
int t_mkdir(const char *path)
{
    return (int)CALL(sys_mkdir, (uint64)path);
}
int t_mknod(const char *path, int major, int minor)
{
    return (int)CALL(sys_mknod, (uint64)path, (uint64)major, (uint64)minor);
}
int t_link(const char *old, const char *new)
{
    return (int)CALL(sys_link, (uint64)old, (uint64) new);
}
int t_unlink(const char *path)
{
    return (int)CALL(sys_unlink, (uint64)path);
}
int t_chdir(const char *path)
{
    return (int)CALL(sys_chdir, (uint64)path);
}
int t_fstat(int fd, struct stat *st)
{
    return (int)CALL(sys_fstat, (uint64)fd, (uint64)st);
}
int t_dup(int fd)
{
    return (int)CALL(sys_dup, (uint64)fd);
}
int t_pipe(int fds[2])
{
    return (int)CALL(sys_pipe, (uint64)fds);
}
int t_sync(void)
{
    return (int)CALL(sys_sync, 0);
}
