/*
 * Steps that fill rings of IPI messages.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/ring.h"

#define BATCH 12 /* messages that are sent in one critical section */

/* What a cpu has received of K_FLOODALL's messages. Written by that cpu, in the bodies. */
static struct tally {
    uint32 next[NCPU]; /* number of the next message from each source */
    int got, answers, misordered;
} __attribute__((aligned(CACHE_LINE))) tallies[NCPU];

void kt_tallies_reset(void)
{
    for (int cpu = 0; cpu < NCPU; cpu++)
        tallies[cpu] = (struct tally){.got = 0};
}

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
    int64 sent = 0;

    while (sent < count && lwkt_send_ipiq_nowait(globaldata_of[cpu], log_number, (void *)sent) == 0)
        sent++;
    ctx->last_seq = lwkt_seq_ipiq(globaldata_of[cpu]);
    kt_log("accepted", ctx->name, sent);
}
