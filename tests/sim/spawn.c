/* SPDX-License-Identifier: BSD-3-Clause
 * What all scenes use to start their threads and to wait for their ends.
 */
#include "views.h"

thread_t sim_spawn_stopped(int cpu, int pri, void (*func)(void *), void *arg, const char *name)
{
    thread_t td;

    if (lwkt_create(func, arg, &td, NULL, TDF_MPSAFE | TDF_STOPREQ, cpu, "%s", name) < 0)
        panic("no memory for %s", name);
    td->td_pri = pri; /* nobody else knows it yet */
    return td;
}

thread_t sim_spawn(int cpu, void (*func)(void *), void *arg, const char *name)
{
    thread_t td = sim_spawn_stopped(cpu < 0 ? (int)sim_random((uint64)ncpus) : cpu,
                                    TDPRI_KERN_DAEMON, func, arg, name);
    lwkt_schedule(td);
    return td;
}

void sim_join_but(int n)
{
    while (sim_threads() > n || !sim_rings_empty())
        lwkt_pause(300);
    memory_sync_all();
}

void sim_join(void)
{
    sim_join_but(1);
}

void sim_gate_leave(struct gate *g, int n)
{
    amo_add_acqrel(&g->left, 1);
    while (consume(&g->left) != (uint32)n || !sim_rings_empty())
        lwkt_pause(50);
}

void sim_ast(void)
{
    if (peek(&mycpu->gd_astflags) & AST_LWKT_RESCHED)
        lwkt_yield();
}
