/* SPDX-License-Identifier: BSD-3-Clause
 * Steps that fill rings of IPI messages.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/ring.h"
#include "lwkt/spin.h"
#include "mm/page.h"

#define BATCH 12 /* messages that are sent in one critical section */

/* What a cpu has received of K_FLOODALL's messages. Written by that cpu, in the bodies. */
static struct tally {
    uint32 next[NCPU]; /* number of the next message from each source */
    int got, answers, misordered;
    int ended, nest, misnumbered; /* K_FORWARD */
} __attribute__((aligned(CACHE_LINE))) tallies[NCPU];

static void count_answer(void *arg)
{
    (void)arg;
    tallies[mycpuid].answers++;
}

/* arg: the source, and the number of the message. The body sends an answer, so that bodies wait for
 * room too. */
static void count_numbered(void *arg)
{
    int source = (int)((uint64)arg >> 32);
    uint32 number = (uint32)(uint64)arg;
    struct tally *t = &tallies[mycpuid];

    t->misordered += number != t->next[source];
    t->next[source] = number + 1;
    t->got++;
    lwkt_send_ipiq_bycpu(source, count_answer, NULL);
}

static int ring_depth_to(int cpu)
{
    struct lwkt_ipiq *ip = mycpu->gd_ipiq[cpu];
    return (int)(ip->ip_windex - consume(&ip->ip_rindex));
}

/* Send messages first to end - 1 to a cpu in one critical section: so both cpus may have full rings,
 * and neither takes messages unless it waits for room. Returns the greatest depth of the ring. */
static int send_batch(int cpu, int first, int end)
{
    int most = 0;

    crit_enter();
    for (int i = first; i < end; i++) {
        lwkt_send_ipiq_bycpu(cpu, count_numbered, (void *)((uint64)mycpuid << 32 | (uint64)i));
        int depth = ring_depth_to(cpu);
        most = depth > most ? depth : most;
    }
    crit_exit();
    return most;
}

/* The caller must not migrate. */
void kt_flood_all(struct kt_context *ctx, int count)
{
    int most = 0;

    for (int i = 0; i < count && peek(&kt_run->stop) == 0; i += BATCH)
        for (int cpu = 0; cpu < ncpus; cpu++)
            if (cpu != mycpuid) {
                int depth = send_batch(cpu, i, i + BATCH < count ? i + BATCH : count);
                most = depth > most ? depth : most;
            }
    for (int cpu = 0; cpu < ncpus; cpu++)
        if (cpu != mycpuid)
            lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
    kt_log("depth", ctx->name, most);
}

static void pass_on(void *arg);

/* In a body, or in a critical section: nothing follows the message into the ring. So its number is that
 * of the last one, even if bodies have sent others while this waited for room. */
static void send_on(uint64 left)
{
    int next = (mycpuid + 1) % ncpus, seq = lwkt_send_ipiq_bycpu(next, pass_on, (void *)left);

    tallies[mycpuid].misnumbered += seq != lwkt_seq_ipiq(globaldata_of[next]);
}

static void pass_on(void *arg)
{
    struct tally *t = &tallies[mycpuid];
    uint64 left = (uint64)arg;

    if (mycpu->gd_intr_nesting_level > t->nest)
        t->nest = mycpu->gd_intr_nesting_level;
    if (left > 0)
        send_on(left - 1);
    else
        poke(&t->ended, t->ended + 1);
}

/* Messages are sent in batches inside critical sections, so that all rings fill up. */
void kt_forward(uint64 length, int count)
{
    for (int i = 0; i < count; i += BATCH) {
        crit_enter();
        for (int k = i; k < count && k < i + BATCH; k++)
            send_on(length);
        crit_exit();
    }
}

void kt_await_forwarded(const char *name, int count)
{
    int ended, nest = 0, misnumbered = 0;

    do {
        kt_relax();
        ended = 0;
        for (int cpu = 0; cpu < ncpus; cpu++)
            ended += peek(&tallies[cpu].ended);
    } while (ended < count && peek(&kt_run->stop) == 0);
    for (int cpu = 0; cpu < ncpus; cpu++) {
        nest = peek(&tallies[cpu].nest) > nest ? peek(&tallies[cpu].nest) : nest;
        misnumbered += peek(&tallies[cpu].misnumbered);
    }
    kt_log("nest", name, nest);
    kt_log("misnumbered", name, misnumbered);
    kt_log("ended", name, ended);
}

void kt_log_tallies(const char *name)
{
    struct tally sum = {.got = 0};

    for (int cpu = 0; cpu < ncpus; cpu++) {
        sum.got += peek(&tallies[cpu].got);
        sum.answers += peek(&tallies[cpu].answers);
        sum.misordered += peek(&tallies[cpu].misordered);
    }
    kt_log("got", name, sum.got);
    kt_log("answers", name, sum.answers);
    kt_log("misordered", name, sum.misordered);
}

static void log_number(void *arg)
{
    kt_log("ipi", "ipi", (int64)arg);
}

void kt_flood(struct kt_context *ctx, int cpu, int count)
{
    for (int i = 0; i < count; i++)
        ctx->last_seq = lwkt_send_ipiq_bycpu(cpu, log_number, (void *)(uint64)i);
}

void kt_flood_nowait(struct kt_context *ctx, int cpu, int count)
{
    uint64 told = mycpu->gd_cnt.ipiq_hardware + mycpu->gd_cnt.ipiq_avoided;
    int64 sent = 0;

    while (sent < count && lwkt_send_ipiq_nowait(globaldata_of[cpu], log_number, (void *)sent) == 0)
        sent++;
    ctx->last_seq = lwkt_seq_ipiq(globaldata_of[cpu]);
    kt_log("accepted", ctx->name, sent);
    kt_log("told", ctx->name,
           (int64)(mycpu->gd_cnt.ipiq_hardware + mycpu->gd_cnt.ipiq_avoided - told));
}

/* A body that lets the others run, so that a cpu that waits for room sees each message go: several
 * times, as a tick may end one of their turns before they have looked. */
static void slow_body(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++)
        cpu_relax();
}

void kt_fill(const char *name, int cpu, int count)
{
    int first = -1, waits = 0, resumed = 0;

    for (int i = 0; i < count && peek(&kt_run->stop) == 0; i++) {
        uint64 before = mycpu->gd_cnt.ipiq_fifofull;
        lwkt_send_ipiq_bycpu(cpu, slow_body, NULL);
        if (mycpu->gd_cnt.ipiq_fifofull == before)
            continue;
        first = waits == 0 ? i : first;
        waits += (int)(mycpu->gd_cnt.ipiq_fifofull - before);
        resumed = ring_depth_to(cpu) > resumed ? ring_depth_to(cpu) : resumed;
    }
    kt_log("first", name, first);
    kt_log("waits", name, waits);
    kt_log("resumed", name, resumed);
}

static void log_here(void *arg)
{
    kt_log("mask", "ipi", mycpuid);
    amo_add_rel((uint32 *)arg, 1); /* acquire: kt_send_mask */
}

void kt_send_mask(const char *name, cpumask_t mask)
{
    static uint32 ran;

    poke(&ran, 0);
    int count = lwkt_send_ipiq_mask(mask, log_here, &ran);
    while (consume(&ran) < (uint32)count && peek(&kt_run->stop) == 0)
        kt_relax();
    kt_pause(100); /* for messages that nobody has asked for */
    kt_log("count", name, count);
}

/* A page that is taken holds the address of the next one. */
static struct spinlock hoard_lock = SPINLOCK("hoard");
static void *hoard;

void kt_hog(bool take)
{
    void **page;

    if (take)
        kt_events_reserve();
    while (take && (page = page_alloc()) != NULL) {
        spin_lock(&hoard_lock);
        *page = hoard;
        hoard = page;
        spin_unlock(&hoard_lock);
    }
    while (!take && hoard != NULL) {
        page = hoard;
        hoard = *page;
        page_unref(page);
    }
}

void kt_tallies_reset(void)
{
    for (int cpu = 0; cpu < NCPU; cpu++)
        tallies[cpu] = (struct tally){.got = 0};
    kt_hog(false);
}
