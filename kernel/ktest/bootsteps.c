/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about harts: which hart a cpu really is, and which harts have left the firmware.
 *
 * S-mode cannot read its hart's id. But the firmware knows it, and sends a software interrupt to the
 * hart whose id it is given: if one arrives here, that is the id of this hart. This file calls the
 * firmware itself, because students write parts of riscv/sbi.c.
 */
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "ktest/internal.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/plic.h"
#include "riscv/sbi.h"

#define EXT_IPI 0x735049UL /* SBI "IPI Extension" */
#define SEND_IPI 0UL
#define EXT_HSM 0x48534DUL /* "Hart State Management Extension" */
#define HART_GET_STATUS 2UL
#define STATUS_STARTED 0
#define LOOKS 5000 /* at sip, within which a software interrupt arrives */

struct sbiret {
    int64 error, value;
};

static struct sbiret firmware(uint64 extension, uint64 function, uint64 arg0, uint64 arg1)
{
    register uint64 a0 __asm__("a0") = arg0;
    register uint64 a1 __asm__("a1") = arg1;
    register uint64 a6 __asm__("a6") = function;
    register uint64 a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a6), "r"(a7) : "memory");
    return (struct sbiret){(int64)a0, (int64)a1};
}

/* Whether this is hart `hartid`, that is, whether a software interrupt for it arrives here. It stays
 * pending, and is served like any other; one that was pending before is noted in gd_reqflags. */
static bool is_here(uint64 hartid)
{
    uint64 s = cpu_intr_save();
    bool here = false;

    clear_sip(SIE_SSIE);
    amo_or(&mycpu->gd_reqflags, RQF_IPIQ);
    firmware(EXT_IPI, SEND_IPI, 1, hartid);
    for (int i = 0; i < LOOKS && !here; i++)
        here = (r_sip() & SIE_SSIE) != 0;
    cpu_intr_restore(s);
    return here;
}

/* The stack pointer and the thread pointer are those of the thread that plays this step. */
void kt_log_hart(const char *name)
{
    uint64 sp, tp;

    __asm__ volatile("mv %0, sp" : "=r"(sp));
    __asm__ volatile("mv %0, tp" : "=r"(tp));
    kt_log("hart", name, (int64)cpu_hartid(mycpuid));
    kt_log("here", name, is_here(cpu_hartid(mycpuid)));
    kt_log("tp", name, (int64)tp);
    kt_log("sp", name, (int64)sp);
    kt_log("satp", name, mycpu->gd_satp == r_satp());
    kt_log("plic", name, plic_claims[mycpuid] != 0 || cpu_plic_context(mycpuid) == NO_PLIC_CONTEXT);
    kt_log("ticks", name, (int64)peek(&mycpu->gd_heartbeat));
}

void kt_log_harts(const char *name)
{
    uint64 started = 0;
    int beyond = 0;

    for (int cpu = ncpus; cpu < NCPU; cpu++)
        beyond += globaldata_of[cpu] != NULL;
    for (uint64 hartid = 0; hartid < 64; hartid++) {
        struct sbiret status = firmware(EXT_HSM, HART_GET_STATUS, hartid, 0);
        if (status.error == 0 && status.value == STATUS_STARTED)
            started |= 1UL << hartid;
    }
    kt_log("cpus", name, ncpus);
    kt_log("counted", name, (int64)late_harts.ncpus);
    kt_log("beyond", name, beyond);
    kt_log("started", name, (int64)started);
}

void spare_hart(void); /* where a spare hart begins: sparehart.S */

extern uint64 kt_spare; /* where it stores its id plus 1: sparehart.S */
uint64 kt_spare;

void kt_start_spare(const char *name, uint64 hartid)
{
    uint64 end = cpu_time() + cpu_timebase / 100;

    kt_log("asked", name, sbi_hart_start(cpu_hartid(mycpuid), KVA_TO_PA(spare_hart), 0));
    kt_log("asked", name, sbi_hart_start(hartid, KVA_TO_PA(spare_hart), KVA_TO_PA(&kt_spare)));
    while (peek(&kt_spare) == 0 && cpu_time() < end)
        kt_relax();
    kt_log("spare", name, (int64)peek(&kt_spare) - 1);
}
