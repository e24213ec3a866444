/* SPDX-License-Identifier: BSD-3-Clause
 * lwktbench [name]: count the instructions of the threading core's operations in a program, beside
 * bench's rows for the kernel; with a name, only that row. The same conditions hold: the deterministic
 * mode, and no other work. The threads of "message" are on two cpus, which may share a hart.
 */
#include "lwkt.h"

#define BATCHES 5
#define CPUS 2

static thread_t other;
static uint32 stop; /* peek, poke */
static struct lwkt_token token;
static const char *only;

static uint64 instructions(void)
{
    uint64 n;

    __asm__ volatile("csrr %0, instret" : "=r"(n)::"memory");
    return n;
}

static void sections(int n)
{
    for (int i = 0; i < n; i++) {
        crit_enter();
        crit_exit();
    }
}

static void tokens(int n)
{
    struct lwkt_tokref ref;

    for (int i = 0; i < n; i++) {
        lwkt_gettoken(&ref, &token);
        lwkt_reltoken(&ref);
    }
}

/* Each of ours lets the other thread run until one of its own: they count as two. */
static void yields(int n)
{
    for (int i = 0; i < n; i += 2)
        lwkt_yield();
}

static void yield_too(void *arg)
{
    (void)arg;
    while (peek(&stop) == 0)
        lwkt_yield();
}

static void round_trips(int n)
{
    struct lwkt_msg msg;

    for (int i = 0; i < n; i++) {
        lwkt_initmsg(&msg, &curthread->td_msgport, 0, 0);
        lwkt_domsg(&other->td_msgport, &msg);
    }
}

static void answer(void *arg)
{
    (void)arg;
    for (;;)
        lwkt_replymsg(lwkt_waitport(&curthread->td_msgport, NULL), 0);
}

/* The average of the cheapest batch, so that a tick in another one does not count. */
static void measure(const char *name, void (*run)(int n), int n)
{
    uint64 best = ~0UL;

    if (only != NULL && strcmp(only, name) != 0)
        return;
    for (int i = 0; i < BATCHES; i++) {
        uint64 start = instructions();
        run(n);
        uint64 cost = instructions() - start;
        best = cost < best ? cost : best;
    }
    printf("bench library_%s %lu\n", name, (best + (uint64)n / 2) / (uint64)n);
}

static int first(void *arg)
{
    (void)arg;
    lwkt_token_init(&token);
    measure("crit", sections, 1000);
    measure("token", tokens, 1000);
    if (lwkt_start(0, yield_too, NULL, "yielder") == NULL)
        return 1;
    measure("yield", yields, 1000);
    poke(&stop, 1);
    lwkt_yield();
    other = lwkt_start(1, answer, NULL, "answerer");
    if (other == NULL)
        return 1;
    round_trips(1); /* it waits at its port */
    measure("message", round_trips, 100);
    return 0;
}

int main(int argc, char **argv)
{
    only = argc > 1 ? argv[1] : NULL;
    lwkt_run(CPUS, first, NULL);
}
