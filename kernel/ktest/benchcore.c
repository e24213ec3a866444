/* SPDX-License-Identifier: BSD-3-Clause
 * Benchmarks that need more than a loop: messages without the wait for their end, the path from an
 * interrupt to its thread, and yields among many threads. See bench.c.
 */
#include "dev/uart.h"
#include "kernel/riscv.h"
#include "ktest/bench.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

#define BATCH 16 /* messages that a ring takes without a wait */

static void nothing(void *arg)
{
    (void)arg;
}

static void wait_for_cpu1(void)
{
    lwkt_wait_ipiq(globaldata_of[1], lwkt_seq_ipiq(globaldata_of[1]));
}

/* Send messages to a cpu that was interrupted already: the first of each batch, which interrupts it, is
 * not counted. */
uint64 bench_ipi_send(int n)
{
    globaldata_t target = globaldata_of[1];
    uint64 count = 0;

    for (int i = 0; i < n; i += BATCH - 1) {
        crit_enter();
        lwkt_send_ipiq(target, nothing, NULL);
        uint64 start = r_instret();
        for (int j = 1; j < BATCH; j++)
            lwkt_send_ipiq(target, nothing, NULL);
        count += r_instret() - start;
        crit_exit();
        wait_for_cpu1();
    }
    return count;
}

static int sent; /* the messages are in the ring: publish, consume */

/* IPI body on cpu 1: fill the ring to cpu 0, without an interrupt. */
static void fill_ring(void *arg)
{
    (void)arg;
    for (int i = 0; i < BATCH; i++)
        lwkt_send_ipiq_passive(globaldata_of[0], nothing, NULL);
    publish(&sent, 1);
}

/* Take and run messages that have arrived. */
uint64 bench_ipi_process(int n)
{
    uint64 count = 0;

    for (int i = 0; i < n; i += BATCH) {
        crit_enter();
        poke(&sent, 0);
        lwkt_send_ipiq_bycpu(1, fill_ring, NULL);
        while (consume(&sent) == 0)
            cpu_relax();
        uint64 start = r_instret();
        lwkt_poll_ipiq();
        count += r_instret() - start;
        crit_exit();
    }
    return count;
}

/* Interrupts raised for n batches of messages to a cpu that does not take them yet. */
uint64 bench_ipi_batch(int n)
{
    uint64 before = mycpu->gd_cnt.ipiq_hardware;

    for (int i = 0; i < n; i++) {
        crit_enter();
        for (int j = 0; j < BATCH; j++)
            lwkt_send_ipiq(globaldata_of[1], nothing, NULL);
        crit_exit();
        wait_for_cpu1();
    }
    return mycpu->gd_cnt.ipiq_hardware - before;
}

static uint64 raised, arrived; /* instret */

static void record_arrival(void)
{
    arrived = r_instret();
}

/* From the instruction before an external interrupt to its handler, in its thread. */
uint64 bench_interrupt(int n)
{
    uint64 count = 0;

    for (int i = 0; i < n; i++) {
        arrived = 0;
        raised = r_instret();
        if (!uart_self_interrupt(record_arrival))
            return 0;
        while (peek(&arrived) == 0)
            cpu_relax();
        count += arrived - raised;
    }
    return count;
}

static uint32 yielders; /* threads that have not ended: AMO */
static int rounds;      /* yields of each */
static uint32 go;       /* all threads have started: publish, consume */

static void yielder(void *arg)
{
    (void)arg;
    while (consume(&go) == 0)
        lwkt_yield();
    for (int i = 0; i < rounds; i++)
        lwkt_yield();
    amo_add_rel(&yielders, (uint32)-1);
}

/* Some 200,000 yields in all by n runnable threads; the result is the cost of n of them. */
uint64 bench_yield_many(int n)
{
    uint64 start;
    int made = 0;

    poke(&go, 0);
    rounds = 200000 / n + 1;
    for (; made < n; made++) {
        amo_add(&yielders, 1);
        if (lwkt_create(yielder, NULL, NULL, NULL, TDF_MPSAFE, 0, "yielder") < 0) {
            amo_add(&yielders, (uint32)-1);
            break;
        }
    }
    lwkt_yield(); /* each has run once */
    publish(&go, 1);
    start = r_instret();
    for (int i = 0; i < rounds; i++)
        lwkt_yield();
    start = r_instret() - start;
    while (consume(&yielders) != 0)
        lwkt_yield();
    return made == n ? start / (uint64)rounds : 0;
}
