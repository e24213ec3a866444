/* SPDX-License-Identifier: BSD-3-Clause
 * From the first C instruction of each hart to its idle loop.
 *
 * The boot hart parses the device tree, takes over memory, builds the kernel's page table and lets
 * main_boot set up the rest. From a thread it then starts the others, one after the other, through the
 * firmware's hart state management (SBI HSM): each gets its globaldata and the stack of its idle
 * thread.
 */
#include "boot/boot.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"
#include "lwkt/waitwarn.h"
#include "mm/page.h"
#include "mm/vm.h"
#include "riscv/asm.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/plic.h"
#include "riscv/power.h"
#include "riscv/sbi.h"

/* Seconds. When 64 harts share a busy host, the firmware takes several to initialize them all. */
#define START_WAIT 20

static struct globaldata boot_gd;
static uint64 boot_hart;

extern char boot_stack[], __kernel_end[];
void _start_secondary(void);
void start_boot(uint64 hartid, uint64 dtb) __attribute__((noreturn));
void start_secondary(void) __attribute__((noreturn));

/* A hart's progress: it either comes up by itself, or the boot hart gives it up. */
enum { HART_STARTING, HART_UP, HART_ABANDONED };
static uint32 start_state;

/* What the hart that is being started needs; _start_secondary knows the offsets. */
struct {
    uint64 hartid;
    uint64 satp; /* the kernel's, which maps its stack */
    struct thread *idle;
} secondary_start;

/* This hart's CSRs: traps go to trap_entry, programs may read the counters, all sources are on. */
static void hart_csrs(void)
{
    w_stvec((uint64)trap_entry);
    w_sscratch(0);
    w_scounteren(7);
    set_sie(SIE_SSIE | SIE_STIE | SIE_SEIE);
}

/* Give [start, end), except for the holes, to the page allocator, in whole pages. */
static void free_memory_around(uint64 start, uint64 end, const uint64 (*hole)[2], int nholes)
{
    if (nholes == 0) {
        if (start < end)
            page_init(start, end);
        return;
    }
    uint64 hole_start = PGROUNDDOWN(hole[0][0]), hole_end = PGROUNDUP(hole[0][1]);
    if (hole_start >= hole_end || hole_end <= start || hole_start >= end) {
        free_memory_around(start, end, hole + 1, nholes - 1);
        return;
    }
    free_memory_around(start, hole_start > start ? hole_start : start, hole + 1, nholes - 1);
    free_memory_around(hole_end, end, hole + 1, nholes - 1);
}

/* Take all RAM above the kernel's image, except for the device tree, the initrd, and what the tree sets
 * aside. */
static void take_memory(void)
{
    uint64 holes[2 + MAXRESERVED][2] = {
        {board.dtb_start, board.dtb_end},
        {board.initrd_start, board.initrd_end},
    };
    uint64 start = PGROUNDUP(KVA_TO_PA(__kernel_end));

    for (int i = 0; i < board.nreserved; i++) {
        holes[2 + i][0] = board.reserved[i].base;
        holes[2 + i][1] = board.reserved[i].end;
    }
    free_memory_around(start, PGROUNDDOWN(board.mem_end), holes, 2 + board.nreserved);
    page_fill_reserve();
}

/*
 * Set up tp and the boot hart's thread before anything uses them. tp is set in assembly, because clang
 * takes an assignment to curthread for a local use of tp and restores the old value at the end.
 */
static void adopt_boot_thread(void)
{
    __asm__ volatile("mv tp, %0" ::"r"(&boot_gd.gd_idlethread) : "memory");
    lwkt_gdinit(&boot_gd, 0);
    lwkt_init_thread(curthread, boot_stack + PGSIZE, BOOT_STACK_SIZE - PGSIZE, TDF_RUNNING,
                     &boot_gd);
    curthread->td_mach.md_stack_base = (uint64)boot_stack + PGSIZE;
    curthread->td_mach.md_stack_top = (uint64)boot_stack + BOOT_STACK_SIZE;
    lwkt_set_comm(curthread, "idle0");
    curthread->td_flags |= TDF_NOSLEEP;
    boot_gd.gd_curthread = curthread;
}

static void number_boot_hart(uint64 hartid)
{ /* lab 1 */
    for (int i = 0; i < board.nharts; i++)
        if (board.hartid[i] == hartid) {
            cpu_set_hart(0, i);
            boot_hart = hartid;
            return;
        }
    panic("the device tree lacks the boot hart, %lu", hartid);
}

void start_boot(uint64 hartid, uint64 dtb)
{
    boot_instret = r_instret();
    adopt_boot_thread();
    hart_csrs();
    fdt_boot_hartid = hartid;
    fdt_parse(PA_TO_KVA(dtb));
    number_boot_hart(hartid);
    deterministic = bootarg_u64("det", 0) != 0;
    timer_init();
    ipi_init();
    take_memory();
    pmap_init(board.mem_end);
    main_boot();
    curthread->td_flags &= ~TDF_NOSLEEP;
    lwkt_idle_loop();
}

/* A hart that comes up after it was given up halts here, since no cpu knows of it. */
void start_secondary(void)
{ /* lab 1 */
    hart_csrs();
    pmap_load_kernel();
    if (!amo_cas(&start_state, HART_STARTING, HART_UP))
        hart_park();
    plic_inithart(mycpuid);
    main_secondary();
    lwkt_idle_loop();
}

/* Make the globaldata of a cpu, with its idle thread; no other cpu knows of it yet. */
static globaldata_t prepare_cpu(int cpu)
{
    globaldata_t gd = page_zalloc();
    void *stack = gd != NULL ? cpu_stack_alloc(LWKT_THREAD_STACK) : NULL;

    _Static_assert(sizeof(*gd) <= PGSIZE, "a globaldata is a page");
    if (stack == NULL)
        panic("no memory to start cpu %d", cpu);
    lwkt_gdinit(gd, cpu);
    lwkt_init_thread(&gd->gd_idlethread, stack, LWKT_THREAD_STACK, TDF_RUNNING, gd);
    cpu_thread_setup(&gd->gd_idlethread, NULL, NULL);
    lwkt_set_comm(&gd->gd_idlethread, "idle%d", cpu);
    gd->gd_curthread = &gd->gd_idlethread;
    if (!lwkt_ipiq_connect(gd))
        panic("no memory for the messages of cpu %d", cpu);
    return gd;
}

/*
 * Start the board's i-th hart as cpu number ncpus. A fence orders what the hart will read before the
 * call into the firmware; its partner is the hart's own fence before it reads (entry.S: sfence.vma).
 */
static bool hart_start(int i)
{ /* lab 1 */
    int cpu = ncpus;
    globaldata_t gd = prepare_cpu(cpu);
    struct waitwarn w = {0};
    uint64 deadline;
    int64 error;

    cpu_set_hart(cpu, i);
    globaldata_of[cpu] = gd;
    start_state = HART_STARTING;
    secondary_start.hartid = board.hartid[i];
    secondary_start.satp = mycpu->gd_satp;
    secondary_start.idle = &gd->gd_idlethread;
    fence();
    error = sbi_hart_start(board.hartid[i], KVA_TO_PA(_start_secondary), 0);
    deadline = cpu_time() + START_WAIT * cpu_timebase;
    while (error == 0 && consume(&start_state) == HART_STARTING)
        if (cpu_time() < deadline) {
            cpu_relax();
            if (wait_turn(&w))
                w.since = lwkt_wait_lasts(w.since, curthread, __func__, "a hart to come up",
                                          CPUMASK(cpu));
        } else if (amo_cas(&start_state, HART_STARTING, HART_ABANDONED)) {
            error = -1;
        }
    if (error != 0) {
        printf("hart %lu cannot be started (error %ld): left out\n", board.hartid[i], error);
        globaldata_of[cpu] = NULL;
        return false;
    }
    publish(&ncpus, cpu + 1);
    return true;
}

/* Boot argument reverse_harts=1: cpu numbers fall as hart ids rise, to find code that mistakes one for
 * the other. */
void hart_start_all(void)
{ /* lab 1 */
    bool reverse = bootarg_u64("reverse_harts", 0) != 0;

    for (int n = 0; n < board.nharts; n++) {
        int i = reverse ? board.nharts - 1 - n : n;
        if (board.hartid[i] != boot_hart)
            hart_start(i);
    }
    printf("%d hart%s up, boot hart %lu is cpu 0\n", ncpus, ncpus == 1 ? "" : "s", boot_hart);
}
