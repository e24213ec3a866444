/* SPDX-License-Identifier: BSD-3-Clause
 * Steps that show what the user scheduler does with the calling process.
 */
#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "lwkt/ipiq.h"
#include "proc/proc.h"

void kt_log_usched(const char *name)
{
    struct proc *p = curproc();

    kt_log("current", name, consume(&mycpu->gd_uschedcp) == p);
    kt_log("hook", name, curthread->td_release != NULL);
    kt_log("pri", name, curthread->td_pri);
    kt_log("target", name, p->p_target);
    kt_log("had", name, (int64)(p->p_vruntime / (cpu_timebase / 1000000)));
}

void kt_log_ast(const char *name)
{
    uint32 asked = AST_LWKT_RESCHED | AST_USER_RESCHED;

    kt_log("ast", name, peek(&mycpu->gd_astflags) & asked);
    amo_and(&mycpu->gd_astflags, ~asked);
}

static void space_here(void *arg)
{
    uint64 *space = arg;

    *space = r_satp() == *space;
}

void kt_log_space(const char *name, int cpu)
{
    uint64 space = curthread->td_mach.md_satp;

    lwkt_wait_ipiq(globaldata_of[cpu], lwkt_send_ipiq_bycpu(cpu, space_here, &space));
    kt_log("loaded", name, (int64)space);
}
