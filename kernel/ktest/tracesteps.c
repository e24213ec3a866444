/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about the trace (lwkt/ktr.h): which events the scene's own threads recorded on a cpu.
 */
#include "ktest/internal.h"
#include "lib/sysctl.h"
#include "lwkt/ktr.h"

static bool tracing;
static uint32 mask_before; /* while tracing: what was recorded before */
static uint64 first;       /* the cpu's first event since then */

static void set_mask(uint32 mask)
{
    sysctl_write(sysctl_find("kern.ktr_mask"), mask);
}

void kt_trace_reset(void)
{
    if (tracing)
        ktr_set_mask(mask_before);
    tracing = false;
}

void kt_trace(uint32 mask)
{
    mask_before = ktr_get_mask();
    set_mask(mask_before | mask);
    first = ktr_next(mycpuid);
    tracing = true;
}

/* The scene's thread with that id, or -1. */
static int thread_with(uint64 id)
{
    for (int i = 0; i < kt_run->scene.nthreads; i++)
        if (kt_run->td[i]->td_id == id)
            return i;
    return -1;
}

/* What the event is about, as the scene calls it: a thread, or a token; -1: none of the scene's. */
static int object_of(const struct ktr_entry *e)
{
    if (e->event == KTR_PREEMPT || e->event == KTR_SCHEDULE || e->event == KTR_SWITCH)
        return thread_with(e->a);
    for (int i = 0; i < KT_TOKENS; i++)
        if (e->a == (uint64)kt_token(i))
            return i;
    return -1;
}

void kt_log_trace(uint32 mask)
{
    uint64 end = ktr_next(mycpuid);
    struct ktr_entry e;

    for (uint64 seq = first; seq < end; seq++) {
        if (!ktr_read(mycpuid, seq, &e) || (KTR_BIT(e.event) & mask) == 0)
            continue;
        int by = thread_with(e.td), object = object_of(&e);
        if (by >= 0 && object >= 0) {
            kt_log(ktr_name(e.event), kt_run->scene.thread[by].name, object);
            kt_log("with", kt_run->scene.thread[by].name, (int64)e.b);
        }
    }
    set_mask(mask_before);
    tracing = false;
}
