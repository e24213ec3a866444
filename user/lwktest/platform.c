/* SPDX-License-Identifier: BSD-3-Clause
 * The rest of what kernel/ktest uses in a program; see platform.h.
 */
#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "lwkt.h"

const struct board board;
syscall_fn ktest_syscall;
static void (*external_handler)(void);

/* Of the boot arguments, tests are on, and nothing else is set. */
uint64 bootarg_u64(const char *name, uint64 deflt)
{
    return strcmp(name, "ktest") == 0 ? 1 : deflt;
}

/* --- the external interrupt, of cpu 0 --- */

static void external(void *arg)
{
    (void)arg;
    if (external_handler != NULL)
        external_handler();
}

void platform_init(void)
{
    if (lwkt_interrupt_thread(0, external, NULL, "device") < 0)
        panic("no memory");
}

void uart_self_interrupt(void (*func)(void))
{
    external_handler = func;
    lwkt_interrupt(0, 0);
}

void sched_ithd(uint32 irq)
{
    interrupt_thread_wake((int)irq);
}

/* --- lib --- */

int strncmp(const char *a, const char *b, size_t n)
{
    while (n > 0 && *a != 0 && *a == *b) {
        a++;
        b++;
        n--;
    }
    return n == 0 ? 0 : (uchar)*a - (uchar)*b;
}

char *strncpy(char *dst, const char *src, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        dst[i] = *src;
        src += *src != 0;
    }
    return dst;
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    snprintf(dst, (uint)size, "%s", src);
    return strlen(src);
}

/* --- calls that have nothing to do with scenes of threads --- */

int kt_bench(uint64 ubench)
{
    (void)ubench;
    return -1;
}

int kt_load(uint64 uload)
{
    (void)uload;
    return -1;
}

int kt_proc_event(uint64 uevent)
{
    (void)uevent;
    return -1;
}

void kt_proc_events_begin(bool with_free)
{
    (void)with_free;
}

void kt_soak_reset(void) {}
void kt_trace_reset(void) {}
