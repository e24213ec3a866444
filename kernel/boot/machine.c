/* SPDX-License-Identifier: BSD-3-Clause
 * What riscv/machine.h promises to the threading core, where it takes more than an instruction or two.
 */
#include "boot/boot.h"
#include "kernel/riscv.h"
#include "lib/panic.h"
#include "lib/testpoint.h"
#include "lwkt/ktr.h"
#include "lwkt/ring.h"
#include "lwkt/spin.h"
#include "mm/page.h"
#include "mm/vm.h"
#include "mm/zone.h"
#include "riscv/asm.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/trapframe.h"

_Static_assert(offsetof(struct thread, td_mach) == 0, "assembly uses tp as struct md_thread");
_Static_assert(offsetof(struct md_thread, md_sp) == MD_SP, "asm.h");
_Static_assert(offsetof(struct md_thread, md_stack_top) == MD_STACK_TOP, "asm.h");
_Static_assert(offsetof(struct md_thread, md_stack_base) == MD_STACK_BASE, "asm.h");
_Static_assert(offsetof(struct md_thread, md_scratch) == MD_SCRATCH, "asm.h");
_Static_assert(offsetof(struct md_thread, md_whole) == MD_WHOLE, "asm.h");

/*
 * A thread's first stack frame. The first cpu_switch to the thread pops it, and so returns to
 * cpu_thread_first (riscv/switch.S) with func and arg in s1 and s2, and s0 = 0.
 */
void cpu_thread_setup(struct thread *td, void (*func)(void *), void *arg)
{
    uint64 top = (uint64)td->td_kstack + td->td_kstack_size;
    /* Above it lies the frame of traps from user mode, which a new process finds filled in. */
    uint64 *frame = (uint64 *)(top - sizeof(struct trapframe) - SF_SIZE);

    frame[0] = (uint64)cpu_thread_first;
    frame[1] = 0;
    frame[2] = (uint64)func;
    frame[3] = (uint64)arg;
    td->td_mach.md_sp = (uint64)frame;
    td->td_mach.md_stack_top = top;
    td->td_mach.md_stack_base = (uint64)td->td_kstack;
}

static struct zone *thread_zone;

void machine_zones_init(void)
{
    thread_zone = zone_create("thread", sizeof(struct thread));
}

struct thread *cpu_thread_struct_alloc(void)
{
    return zalloc(thread_zone);
}

void cpu_thread_struct_free(struct thread *td)
{
    zfree(thread_zone, td);
}

/* A power of two from 4 to LWKT_IPIQ_SIZE. */
static uint32 ring_size(void)
{
    uint64 size = bootarg_u64("ipiq_size", LWKT_IPIQ_SIZE);
    return size >= 4 && size <= LWKT_IPIQ_SIZE && (size & (size - 1)) == 0 ? (uint32)size
                                                                           : LWKT_IPIQ_SIZE;
}

/*
 * Rings are cut from pages, as cpus start: two for each pair, 2.5 MiB for 64 cpus. For tests: boot
 * argument ipiq_start=N, the indices begin there, which shows how they wrap; ipiq_size=N, the rings
 * are that short.
 */
struct lwkt_ipiq *cpu_ring_alloc(void)
{
    static struct lwkt_ipiq *page;
    static size_t used;
    struct lwkt_ipiq *ip;

    if (page == NULL || used == PGSIZE / sizeof(*page)) {
        page = page_zalloc();
        used = 0;
    }
    if (page == NULL)
        return NULL;
    ip = &page[used++];
    ip->ip_size = ring_size();
    ip->ip_windex = ip->ip_rindex = ip->ip_xindex = (uint32)bootarg_u64("ipiq_start", 0);
    return ip;
}

/*
 * Kernel threads (md_satp 0) run in whatever space is loaded, because a change costs a TLB flush. So a
 * space can stay loaded after its process has left the cpu; cpu_thread_leave, exec and exit make sure
 * that no hart keeps one that may be freed.
 */
void cpu_thread_enter(struct thread *td)
{
    if (td->td_mach.md_satp != mycpu->gd_satp)
        pmap_load(td->td_mach.md_satp);
}

void cpu_thread_leave(struct thread *td)
{
    if (td->td_mach.md_satp != 0 && td->td_mach.md_satp == mycpu->gd_satp)
        pmap_load_kernel();
}

void cpu_ipi_raise(int cpu)
{
    ipi_raise(cpu);
    testpoint(TP_STALL_IPI);
}

/* Give the other harts one turn. Interrupts off. */
static void pass_turn(void)
{
    set_sip(SIE_SSIE);
    wfi();
    clear_sip(SIE_SSIE);
    amo_or(&mycpu->gd_reqflags, RQF_IPIQ);
    panic_stop_if_asked();
}

/*
 * Under -icount, QEMU runs one hart until that hart gives up its turn, and only wfi does that. A
 * software interrupt of its own makes the wfi return at once. Clearing it may also clear one that
 * another hart has sent, so RQF_IPIQ is set as if one had come.
 */
void cpu_relax(void)
{
    uint64 s = cpu_intr_save();

    pass_turn();
    testpoint(TP_WATCHDOG);
    for (uint32 more = testpoint(TP_SPIN_DELAY); more > 0; more--)
        pass_turn();
    cpu_intr_restore(s);
}

/*
 * wfi returns when an enabled source is pending, whether or not interrupts are on, so an interrupt that
 * comes between the caller's last look and the wfi wakes it. In deterministic mode cpu 0 stays awake,
 * because virtual time stands still when all harts halt and no timer is due.
 */
void cpu_idle_wait(void)
{
    if (deterministic && mycpuid == 0)
        cpu_relax();
    else
        wfi();
}
