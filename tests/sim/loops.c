/* SPDX-License-Identifier: BSD-3-Clause
 * Where the kernel is when an execution fails; and an execution that does not end, whatever it loops in, also if it
 * never comes to a point (turns.c counts those).
 *
 * A signal comes at each TICK_MS of the processor's time. When one execution, or the way to the scene's mark, has
 * had TICKS_MAX of them, it fails, as if it had called panic where it is. The last LOOKS ticks note the stack.
 */
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "cpu.h"
#include "explore.h"

#define TICK_MS 50
#define TICKS_MAX 40
#define LOOKS 20
#define FRAMES 48
#define INTERRUPTED 2 /* a frame of a look at a tick; below are the handler and its return */

/* In memory that no restore touches. Of this execution. */
static struct watch {
    int ticks, nlooks;
    struct look {
        int cpu, n;
        void *pc[FRAMES];
    } look[LOOKS];
} * watch;

static struct look *look(void)
{
    struct look *l = &watch->look[watch->nlooks++];

    l->cpu = self;
    l->n = backtrace(l->pc, FRAMES);
    return l;
}

static void tick(int sig)
{
    (void)sig;
    if (!running || ++watch->ticks <= TICKS_MAX - LOOKS)
        return;

    struct look *l = look();

    if (l->n > INTERRUPTED)
        l->pc[INTERRUPTED] = (char *)l->pc[INTERRUPTED] + 1; /* no return address */
    if (watch->nlooks == LOOKS)
        panic("livelock: no end after %d s in one schedule", TICKS_MAX * TICK_MS / 1000);
}

void loops_failed(void)
{
    if (watch->nlooks == LOOKS)
        return;
    watch->nlooks = 0;
    look();
}

/* All signals are handled on this stack: those of the simulated cpus are small. */
static void signal_stack(void)
{
    stack_t stack = {.ss_size = 1UL << 16};

    stack.ss_sp = host_alloc(stack.ss_size);
    if (sigaltstack(&stack, NULL) < 0)
        panic("no stack for signals");
}

void loops_begin(void)
{
    struct sigaction action = {.sa_handler = tick,
                               .sa_flags = SA_ONSTACK | SA_NODEFER | SA_RESTART};
    struct itimerval often = {{0, TICK_MS * 1000}, {0, TICK_MS * 1000}};
    void *unused[1];

    watch = host_alloc(sizeof(*watch));
    signal_stack();
    backtrace(unused, 1); /* the first call loads a library */
    if (sigaction(SIGPROF, &action, NULL) < 0 || setitimer(ITIMER_PROF, &often, NULL) < 0)
        panic("no timer");
}

void loops_anew(void)
{
    watch->ticks = watch->nlooks = 0;
}

/* The kernel's functions, the inner ones first, also those that were inlined. */
void print_functions(const char *what, int cpu, void *const *pc, int n)
{
    char command[200 + 20 * FRAMES];
    int size = snprintf(command, sizeof(command), "addr2line -fipe /proc/%d/exe", getpid());

    for (int i = 0; i < n; i++)
        size += snprintf(command + size, sizeof(command) - (size_t)size, " %lx", (uint64)pc[i] - 1);
    snprintf(
        command + size, sizeof(command) - (size_t)size,
        " | sed -nE 's,^( .inlined by. )?(\\w+) at .*((kernel|tests/sim/x_)[^ ]*).*,\\2 (\\3),p'"
        " | paste -sd'<' | sed 's/</ < /g'");
    printf("%s: cpu %d in ", what, cpu);
    fflush(stdout);
    if (system(command) != 0)
        printf("unknown code\n");
}

void loops_print(void)
{
    for (int i = 0; i < watch->nlooks; i++)
        print_functions("look", watch->look[i].cpu, watch->look[i].pc, watch->look[i].n);
}
