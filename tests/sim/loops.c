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
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "cpu.h"
#include "explore.h"

#define TICK_MS 20
#define TICKS_MAX 100
#define LOOKS 64
#define WAITERS 8
#define FRAMES 48
#define TEXT 3000
#define INTERRUPTED 2 /* a frame of a look at a tick; below are the handler and its return */

/* In memory that no restore touches. Of this execution. */
static struct watch {
    int ticks, nlooks, nwaiters;
    struct look {
        int cpu, n;
        void *pc[FRAMES];
    } look[LOOKS], waiter[WAITERS];
    char name[WAITERS][sizeof(((thread_t)NULL)->td_comm)];
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

void loops_waiter(const char *name)
{
    if (watch->nwaiters == WAITERS)
        return;
    struct look *l = &watch->waiter[watch->nwaiters];
    snprintf(watch->name[watch->nwaiters++], sizeof(watch->name[0]), "%s", name);
    l->n = backtrace(l->pc, FRAMES);
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
    watch->ticks = watch->nlooks = watch->nwaiters = 0;
}

/* The kernel's functions, the inner ones first, also those that were inlined. */
static void name_functions(char *text, int size, void *const *pc, int n)
{
    char command[300 + 20 * FRAMES];
    int length = snprintf(command, sizeof(command), "addr2line -fipe /proc/%d/exe", getpid());

    for (int i = 0; i < n; i++)
        length +=
            snprintf(command + length, sizeof(command) - (size_t)length, " %lx", (uint64)pc[i] - 1);
    snprintf(
        command + length, sizeof(command) - (size_t)length,
        " | sed -nE 's,^( .inlined by. )?(\\w+) at .*((kernel|tests/sim/x_)[^ ]*).*,\\2 (\\3),p'"
        " | paste -sd'<' | sed 's/</ < /g'");
    FILE *f = popen(command, "r");
    if (f == NULL || fgets(text, size, f) == NULL)
        text[0] = '\0';
    if (f != NULL)
        pclose(f);
    text[strcspn(text, "\n")] = '\0';
}

void print_functions(const char *what, int cpu, void *const *pc, int n)
{
    char text[TEXT];

    name_functions(text, sizeof(text), pc, n);
    printf("%s: cpu %d in %s\n", what, cpu, text);
}

void loops_print(void)
{
    struct line {
        char text[TEXT];
        int cpu, times;
    } *lines = host_alloc(LOOKS * sizeof(*lines)), *end = lines;

    for (int i = 0; i < watch->nlooks; i++) {
        struct line *same = lines;
        name_functions(end->text, TEXT, watch->look[i].pc, watch->look[i].n);
        end->cpu = watch->look[i].cpu;
        while (same->cpu != end->cpu || strcmp(same->text, end->text) != 0)
            same++;
        same->times++;
        end += same == end;
    }
    for (const struct line *l = lines; l < end; l++)
        printf("look: cpu %d in %s (%d times)\n", l->cpu, l->text, l->times);
    for (int i = 0; i < watch->nwaiters; i++) {
        name_functions(lines->text, TEXT, watch->waiter[i].pc, watch->waiter[i].n);
        printf("waiter: %s in %s\n", watch->name[i], lines->text);
    }
}
