/* SPDX-License-Identifier: BSD-3-Clause
 * make play: what the threading core does, to be seen. Four cpus: producers send messages to the
 * ports of consumers; workers on all cpus pass a token around; a device interrupts cpu 0, whose
 * interrupt thread preempts whatever runs there.
 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "lwkt.h"

#define CPUS 4
#define ROUNDS 40
#define PAUSE 2000 /* ticks of 100 ns */

struct parcel {
    struct lwkt_msg msg; /* first, so that a pointer to it is a pointer to the parcel */
    int number;
};

static thread_t consumers[2];
static struct lwkt_token token;
static uint64 counter; /* under the token */
static uint32 finished, interrupts, late;
static uint64 raised;

/* Work that takes that many ticks. */
static void work(uint64 ticks)
{
    uint64 end = cpu_time() + ticks;

    while (cpu_time() < end)
        continue;
}

static void consume_parcels(void *arg)
{
    lwkt_port_t port = &curthread->td_msgport;
    int sum = 0;

    for (int left = 2 * ROUNDS; left > 0; left--) {
        struct parcel *p = (struct parcel *)lwkt_waitport(port, NULL);
        sum += p->number;
        work(PAUSE / 4);
        lwkt_replymsg(&p->msg, p->number);
    }
    printf("consumer %s on cpu %d: %d parcels, their numbers add up to %d\n", (const char *)arg,
           mycpuid, 2 * ROUNDS, sum);
    amo_add_acqrel(&finished, 1);
}

static void produce(void *arg)
{
    struct parcel p;

    for (int i = 0; i < ROUNDS; i++)
        for (int to = 0; to < 2; to++) {
            lwkt_initmsg(&p.msg, &curthread->td_msgport, 0, 0);
            p.number = i;
            if (lwkt_domsg(&consumers[to]->td_msgport, &p.msg) != i)
                panic("a wrong reply");
            work(PAUSE / 8);
        }
    printf("producer %s on cpu %d: all parcels were answered\n", (const char *)arg, mycpuid);
    amo_add_acqrel(&finished, 1);
}

static void pass_token(void *arg)
{
    struct lwkt_tokref ref;

    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        lwkt_gettoken(&ref, &token);
        uint64 seen = counter;
        work(PAUSE / 4);
        counter = seen + 1; /* correct only if nobody was here meanwhile */
        lwkt_reltoken(&ref);
        lwkt_pause(PAUSE);
    }
    amo_add_acqrel(&finished, 1);
}

static void handle_interrupt(void *arg)
{
    uint64 after = cpu_time() - consume(&raised);

    (void)arg;
    amo_add(&interrupts, 1);
    if (after > 20000)
        amo_add(&late, 1);
    work(PAUSE / 4);
}

/* The device: a pthread that knows nothing of the core. */
static void *device(void *arg)
{
    (void)arg;
    for (;;) {
        usleep(3000);
        publish(&raised, cpu_time());
        lwkt_interrupt(0, 0);
    }
    return NULL;
}

static int first(void *arg)
{
    static const char *const names[] = {"A", "B"};
    pthread_t pthread;

    (void)arg;
    lwkt_token_init(&token);
    for (int i = 0; i < 2; i++)
        consumers[i] = lwkt_start((2 + i) % ncpus, consume_parcels, (void *)names[i],
                                  i == 0 ? "consumer A" : "consumer B");
    if (lwkt_interrupt_thread(0, handle_interrupt, NULL, "device") < 0)
        panic("no memory");
    for (int i = 0; i < 2; i++)
        lwkt_start(i % ncpus, produce, (void *)names[i], i == 0 ? "producer A" : "producer B");
    for (int cpu = 0; cpu < ncpus; cpu++)
        lwkt_start(cpu, pass_token, NULL, "token user");
    crit_enter();
    pthread_create(&pthread, NULL, device, NULL);
    crit_exit();
    while (consume(&finished) < (uint32)(4 + ncpus) || peek(&interrupts) == 0)
        lwkt_pause(PAUSE);
    printf("token: %d threads on %d cpus counted to %lu (%d is right)\n", ncpus, ncpus, counter,
           ncpus * ROUNDS);
    printf("device: %u interrupts, %u of them handled later than 2 ms\n", peek(&interrupts),
           peek(&late));
    return counter == (uint64)(ncpus * ROUNDS) ? 0 : 1;
}

int main(int argc, char **argv)
{
    lwkt_run(argc > 1 ? atoi(argv[1]) : CPUS, first, NULL);
}
