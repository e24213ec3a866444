/* SPDX-License-Identifier: BSD-3-Clause
 * Ways to crash the kernel, for tests of panics, and for readers who want to see what a report looks
 * like (`sysctl debug.panic=N`, with the boot argument ktest=1). Each ends the machine.
 */
#include "ktest/internal.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lwkt/ipiq.h"
#include "lwkt/spin.h"
#include "sync/mutex.h"
#include "sync/sleep.h"

#define DEEP 1000 /* calls of 64 bytes or more: more than any stack has room for */

static struct spinlock lock = SPINLOCK("crash");
static struct mutex left = MUTEX("left"), middle = MUTEX("middle"), right = MUTEX("right");

/* Address 0, hidden from the compiler. */
static uint64 nowhere(void)
{
    uint64 zero = 0;
    __asm__("" : "+r"(zero));
    return zero;
}

static int __attribute__((noinline)) load_from_nowhere(void)
{
    return *(int *)nowhere();
}

static int __attribute__((noinline)) deep(int n)
{
    int local[16];

    local[n % 16] = n;
    __asm__ volatile("" ::"r"(local) : "memory"); /* keep the array, and so the frame */
    return n > DEEP ? 0 : deep(n + 1) + local[n % 16];
}

static void panic_here(void *arg)
{
    (void)arg;
    panic("in a message from another cpu");
}

/* The panic happens on the other cpu, and stops this one. */
static void panic_on(int cpu)
{
    lwkt_send_ipiq_bycpu(cpu, panic_here, NULL);
    for (;;)
        cpu_relax();
}

/* spin.h forbids this. With assertions off, the panic in the message shows that it went unnoticed. */
static void send_under_lock(int cpu)
{
    spin_lock(&lock);
    panic_on(cpu);
}

static void __attribute__((noinline)) lock_both(struct mutex *first, struct mutex *second)
{
    mutex_lock(first);
    mutex_lock(second);
    mutex_unlock(second);
    mutex_unlock(first);
}

/* Locks in a circle, one order after the other: nobody waits, and nobody ever would. */
static void lock_in_a_circle(void)
{
    lock_both(&left, &middle);
    lock_both(&middle, &right);
    lock_both(&right, &left);
    panic("locked in a circle, and nobody noticed");
}

/* printf_drain: a part of the panic that sleeps. Nobody would wake it. */
static void (*uart_drain)(void);

static void drain_and_sleep(void)
{
    int result = tsleep(&uart_drain, 0, "panic", 0);

    printf("tsleep returned %d\n", result);
    uart_drain();
}

static void sleep_in_panic(void)
{
    uart_drain = printf_drain;
    printf_drain = drain_and_sleep;
    panic("with a sleep");
}

static void ignore(void *arg)
{
    (void)arg;
}

/* printf_drain: a part of the panic that sends more messages than a ring holds, and waits for the last.
 * The other cpu has stopped, and runs none. */
static void drain_and_send(void)
{
    globaldata_t other = globaldata_of[mycpuid == 0 ? ncpus - 1 : 0];
    int seq = 0;

    for (int i = 0; i < 100; i++)
        seq = lwkt_send_ipiq(other, ignore, NULL);
    lwkt_wait_ipiq(other, seq);
    printf("sent %d messages\n", 100);
    uart_drain();
}

static void send_in_panic(void)
{
    uart_drain = printf_drain;
    printf_drain = drain_and_send;
    panic("with messages");
}

static void __attribute__((noinline)) kt_crash(uint64 kind)
{
    int other = mycpuid == 0 ? ncpus - 1 : 0;

    switch (kind) {
    case 1:
        panic("sysctl debug.panic=%lu", kind);
    case 2:
        printf("%d\n", load_from_nowhere());
        break;
    case 3:
        ((void (*)(void))nowhere())();
        break;
    case 4:
        printf("%d\n", deep(0));
        break;
    case 5:
        printf("%s\n", (const char *)nowhere() + 16);
        break;
    case 6:
        panic_on(other);
        break;
    case 7:
        send_under_lock(other);
        break;
    case 8:
        lock_in_a_circle();
        break;
    case 9:
        sleep_in_panic();
        break;
    case 10:
        send_in_panic();
        break;
    }
}

static uint64 get_panic(void)
{
    return 0;
}

/* A kind that does not exist is out of range, and so is any kind without ktest=1. */
static int set_panic(uint64 value)
{
    if (kt_is_open())
        kt_crash(value);
    return -1;
}

SYSCTL(debug_panic, "debug.panic", get_panic, set_panic);
