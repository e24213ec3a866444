/* SPDX-License-Identifier: BSD-3-Clause
 * What kernel/ktest's steps use of the kernel besides the threading core, in a program: the clock, the
 * interrupt bits of a cpu, waits of the caller, memory, an external interrupt. The headers of the
 * folders here, which come first on the include path, lead to this file. Steps that need more of the
 * kernel are not played (steps.c).
 */
#ifndef LWKTEST_PLATFORM_H
#define LWKTEST_PLATFORM_H

#include "../../kernel/riscv.h"
#include "kernel/ktest.h"
#include "inside.h"
#include "lib/string.h"

/* --- kernel/riscv.h --- */

static inline uint64 r_time(void)
{
    return cpu_time();
}

/* The timer is let in as long as it is armed: while its interrupt is served, it is not. */
static inline uint64 r_sie(void)
{
    return SIE_SSIE | SIE_SEIE | (mycpu->gd_systimer_armed != 0 ? SIE_STIE : 0);
}

static inline uint64 r_sip(void)
{
    uint32 pending = peek(&cpu_self()->pending);

    return (pending & PENDING_IPI ? SIE_SSIE : 0) | (pending & PENDING_TIMER ? SIE_STIE : 0);
}

/* A software interrupt of this cpu. */
static inline void set_sip(uint64 bits)
{
    (void)bits;
    intr_post(cpu_self(), PENDING_IPI);
}

static inline void wfi(void)
{
    upcall_wait();
}

/* --- sync/sleep.h, sync/mutex.h: the caller looks again and again --- */

#define PINTERLOCKED 0
#define PCATCH 0
static inline int tsleep(const void *ident, int flags, const char *wmesg, int timo)
{
    (void)ident;
    (void)flags;
    curthread->td_wmesg = wmesg;
    lwkt_pause((uint64)timo * (cpu_timebase / HZ));
    curthread->td_wmesg = NULL;
    return 0;
}
static inline void tsleep_interlock(const void *ident, int flags)
{
    (void)ident;
    (void)flags;
}
static inline void tsleep_remove(void) {}
static inline void wakeup(const void *ident)
{
    (void)ident;
}

/* Scenes are played one at a time: a program has one player. */
struct mutex {
    const char *name;
};
#define MUTEX(name_)    \
    {                   \
        .name = (name_) \
    }
static inline void mutex_lock(struct mutex *m)
{
    (void)m;
}
static inline void mutex_unlock(struct mutex *m)
{
    (void)m;
}

/* --- mm, proc: the scene is in the program's own memory --- */

static inline void *page_alloc(void)
{
    return malloc((uint)PGSIZE);
}
static inline void *page_zalloc(void)
{
    void *page = page_alloc();

    if (page != NULL)
        memset(page, 0, (uint)PGSIZE);
    return page;
}
static inline void page_unref(void *page)
{
    free(page);
}
static inline int copyin(void *dst, uint64 src, uint64 len)
{
    memcpy(dst, (const void *)src, (uint)len);
    return 0;
}
static inline int copyout(uint64 dst, const void *src, uint64 len)
{
    memcpy((void *)dst, src, (uint)len);
    return 0;
}
struct proc {
    int p_pid;
};
static inline struct proc *curproc(void)
{
    return NULL;
}
static inline void usched_userexit(struct proc *p)
{
    (void)p;
}
typedef int64 (*syscall_fn)(const uint64 *arg);
extern syscall_fn ktest_syscall;

/* --- riscv, dev: boot arguments; the external interrupt, whose thread is platform.c's --- */

uint64 bootarg_u64(const char *name, uint64 deflt);

#define MAXPLIC 1
#define NIRQ 1
extern const struct board {
    struct {
        struct {
            uint32 irq;
        } range;
    } uart;
} board;
void uart_self_interrupt(void (*func)(void));
void sched_ithd(uint32 irq);
void platform_init(void);
static inline int ipi_raise_sbi(int cpu)
{
    intr_post(&cpus[cpu], PENDING_IPI);
    return 0;
}
#define ipi_raise_sswi ipi_raise_sbi

/* --- lib --- */

int strncmp(const char *a, const char *b, size_t n);
char *strncpy(char *dst, const char *src, size_t n);
size_t strlcpy(char *dst, const char *src, size_t size);

/* There are no variables for sysctl(). */
#define SYSCTL_OF(ident, name, get, set, arg) \
    static inline void sysctl_##ident(void)   \
    {                                         \
        (void)(get);                          \
        (void)(set);                          \
    }
#define sysctl_find(name) (name)
#define sysctl_read(node) (strlen(node), 0)

/* steps.c: a step that only the kernel can play. */
void not_played(const char *step) __attribute__((noreturn));

#endif
