/* SPDX-License-Identifier: BSD-3-Clause
 * Random calls of processes that share memory: fork_shared(), guard_page() and upcalls. What a sharer
 * overwrites or takes away is the worker's, which may not live long after that.
 */
#include "kernel/types.h"
#include "kernel/riscv.h"
#include "kernel/upcall.h"
#include "user/user.h"
#include "user/fuzz/fuzz.h"

#define STACK 8192 /* bytes, of a process that shares the worker's memory */

static struct upcall area;
static char stacks[4][STACK] __attribute__((aligned(16)));

static void handle(struct upcall_frame *frame)
{
    area.pending = (uint)rnd(2);
    upcall_return(rnd(64) ? frame : pointer());
}

/* Memory and upcalls, as processes that share memory use them. */
void call_shared(void)
{
    uint64 now;

    __asm__ volatile("rdtime %0" : "=r"(now));
    switch (rnd(6)) {
    case 0:
        upcall(rnd(32) ? handle : (void (*)(struct upcall_frame *))pointer(),
               rnd(16) ? &area : pointer());
        break;
    case 1:
        upcall_timer(rnd(4) ? now + rnd(100000) : number());
        break;
    case 2:
        if (upcall_timer(now + rnd(10000)) == 0 && rnd(2))
            upcall_wait();
        break;
    case 3:
        area.pending |= (uint)rnd(4);
        area.masked = rnd(4) == 0;
        upcall_notify(rnd(2) ? getpid() : getpid() + (int)rnd(8) - 4);
        break;
    case 4:
        guard_page(rnd(8) ? (void *)PGROUNDDOWN((uint64)pointer()) : pointer(), rnd(4) == 0);
        break;
    default:
        call_sbrk();
        *(volatile char *)pointer();
    }
}

static void sharer(void *arg)
{
    (void)arg;
    close(REPORT_FD);
    for (int i = 0; i < GRANDCHILD_CALLS; i++) {
        if (rnd(2))
            call_shared();
        else
            call_fd();
    }
    exit((int)rnd(256));
}

/* The new process calls while the worker does, with the worker's memory. */
void call_fork_shared(void)
{
    char *stack = stacks[rnd(4)] + STACK;

    fork_shared(rnd(16) ? sharer : (void (*)(void *))pointer(), 0, rnd(16) ? stack : pointer());
}
