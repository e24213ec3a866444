/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: the trace. A reader takes an entry whole or not at all.
 */
#include "lwkt/ipiq.h"
#include "lwkt/ktr.h"
#include "x.h"

static struct ktr_entry page[SIM_CPUS][KTR_PAGES][KTR_PER_PAGE];

static void attach_all(void)
{
    for (int cpu = 0; cpu < SIM_CPUS; cpu++)
        for (int i = 0; i < KTR_PAGES; i++)
            ktr_attach(cpu, i, page[cpu][i]);
}

static void record(uint64 first, uint64 last)
{
    for (uint64 i = first; i <= last; i++)
        ktr_record(KTR_TICK, i, 10 * i);
}

static void read_entry(uint64 seq)
{
    struct ktr_entry e;

    if (ktr_read(1, seq, &e))
        CHECK(e.event == KTR_TICK && e.a == seq && e.b == 10 * seq, "%lu: %u %lu %lu", seq, e.event,
              e.a, e.b);
}

static void record_two(void *arg)
{
    (void)arg;
    record(1, 2);
}

static void read_all(void *arg)
{
    (void)arg;
    for (uint64 seq = ktr_oldest(1); seq < ktr_next(1); seq++)
        read_entry(seq);
}

void play_x_trace(void)
{
    attach_all();
    ktr_set_mask(1u << KTR_TICK);
    explore_thread(1, PRI, record_two, NULL, "writer");
    explore_thread(0, PRI, read_all, NULL, "reader");
    explore_run();
    ktr_set_mask(0);
}

/* The ring is full, and the oldest entry is overwritten while it is read. */
static void fill(void *arg)
{
    (void)arg;
    record(1, KTR_ENTRIES);
}

static void record_one_more(void *arg)
{
    (void)arg;
    record(KTR_ENTRIES + 1, KTR_ENTRIES + 1);
}

static void read_oldest(void *arg)
{
    (void)arg;
    read_entry(1);
    read_entry(KTR_ENTRIES + 1);
}

void play_x_trace_wraps(void)
{
    attach_all();
    ktr_set_mask(1u << KTR_TICK);
    lwkt_wait_ipiq(globaldata_of[1], lwkt_send_ipiq_bycpu(1, fill, NULL));
    explore_thread(1, PRI, record_one_more, NULL, "writer");
    explore_thread(0, PRI, read_oldest, NULL, "reader");
    explore_run();
    ktr_set_mask(0);
}

/* One cpu gives another one its ring, and switches the trace on. */
static void attach(void *arg)
{
    (void)arg;
    for (int i = 0; i < KTR_PER_PAGE; i++)
        page[1][0][i].seq = 0;
    ktr_attach(1, 0, page[1][0]);
    ktr_set_mask(1u << KTR_TICK);
}

static void record_if_on(void *arg)
{
    (void)arg;
    record(1, 1);
}

static void read_first(void *arg)
{
    (void)arg;
    read_entry(1);
}

void play_x_trace_attached(void)
{
    explore_thread(0, PRI, attach, NULL, "attaches");
    explore_thread(1, PRI, record_if_on, NULL, "writer");
    explore_thread(1, PRI, read_first, NULL, "reader");
    explore_run();
    ktr_set_mask(0);
}
