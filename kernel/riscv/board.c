/* SPDX-License-Identifier: BSD-3-Clause
 * Fills in `board`, what this kernel needs to know about the machine, from the device tree.
 *
 * The boot hart calls fdt_parse() once, before anything else; from then on `board` is read-only, so
 * all may read it without a lock. Addresses are physical.
 *
 * The first pass learns which serial port is the console's (serial.c), and the second gathers harts and
 * devices. The PLIC and the SSWI device refer to a hart by its interrupt
 * controller's phandle and may come before the harts in the tree, so they are kept and resolved after
 * the pass.
 */
#include "riscv/fdt.h"

#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "riscv/fdt_node.h"

#define IRQ_S_EXTERNAL 9U /* the hart's input for S-mode external interrupts */
#define MAXMEM 16

struct board board;
uint64 fdt_boot_hartid;

struct memory {
    uint64 base, end;
};

/* Gathered by the pass, and used after it to resolve what refers to harts; boot hart only. */
static struct memory memory[MAXMEM];
static int nmemory;
static struct fdt_prop plic_harts[MAXPLIC], sswi_harts;
static uint32 plic_phandle[MAXPLIC];
static int harts_without_sstc;

/* A multi-letter extension in an ISA string: "rv64imac_zicsr_sstc" has "sstc", as a whole word. */
static bool isa_has(const struct fdt_prop *isa, const char *ext)
{
    const char *s = (const char *)isa->data;
    size_t len = isa->len, want = strlen(ext);

    for (size_t i = 0; i < len && s[i] != '\0'; i++) {
        if (s[i] != '_' || want > len - i - 1 || memcmp(s + i + 1, ext, want) != 0)
            continue;
        size_t after = i + 1 + want;
        if (after == len || s[after] == '_' || s[after] == '\0')
            return true;
    }
    return false;
}

/* Sv39 is the smallest page table format of 64-bit harts, so only these two words rule it out. */
static bool has_sv39(const struct fdt_node *cpu)
{
    const struct fdt_prop *mmu = &cpu->prop[FDT_MMU_TYPE];

    return !fdt_has_string(mmu, "riscv,none") && !fdt_has_string(mmu, "riscv,sv32");
}

/* The place of the next hart. When all are taken, the boot hart gets the last one. -1: none is left. */
static int hart_slot(uint64 hartid)
{
    if (board.nharts < NCPU)
        return board.nharts++;
    return hartid == fdt_boot_hartid ? NCPU - 1 : -1;
}

/* 32 or 64 bits, in /cpus or in a hart's own node; the former goes before the latter. */
static void set_timebase(const struct fdt_node *node)
{
    const struct fdt_prop *timebase = &node->prop[FDT_TIMEBASE];

    fdt_number(timebase, 0, timebase->len / 4, &board.timebase);
}

static void add_hart(const struct fdt_node *cpu)
{
    uint64 hartid, size;

    if (!fdt_usable(cpu) || !has_sv39(cpu) || cpu->intc_phandle == 0)
        return;
    if (!fdt_reg(cpu, 0, &hartid, &size))
        panic("device tree: %s has no hartid", cpu->name);
    int slot = hart_slot(hartid);
    if (slot < 0)
        return;
    set_timebase(cpu);
    board.hartid[slot] = hartid;
    board.hart_intc[slot] = cpu->intc_phandle;
    if (!isa_has(&cpu->prop[FDT_ISA], "sstc") &&
        !fdt_has_string(&cpu->prop[FDT_ISA_EXTENSIONS], "sstc"))
        harts_without_sstc++;
}

static void add_memory(const struct fdt_node *node)
{
    uint64 base, size;

    for (uint32 i = 0; fdt_usable(node) && fdt_reg(node, i, &base, &size); i++) {
        if (size == 0 || base >= ADDR_LIMIT)
            continue;
        if (nmemory == MAXMEM)
            panic("device tree: more than %d ranges of memory", MAXMEM);
        uint64 end = base + size < ADDR_LIMIT ? base + size : ADDR_LIMIT;
        memory[nmemory++] = (struct memory){.base = base, .end = end};
    }
}

static void reserve(uint64 base, uint64 size, bool nomap)
{
    if (size == 0 || base >= ADDR_LIMIT)
        return;
    if (board.nreserved == MAXRESERVED)
        panic("device tree: more than %d ranges of reserved memory", MAXRESERVED);
    board.reserved[board.nreserved++] = (struct reserved_range){
        .base = base,
        .end = size < ADDR_LIMIT - base ? base + size : ADDR_LIMIT,
        .nomap = nomap,
    };
}

static void reserve_entry(uint64 base, uint64 size)
{
    reserve(base, size, false);
}

/* A child of /reserved-memory. One without reg has no address until a driver gives it one. */
static void add_reserved(const struct fdt_node *node)
{
    bool nomap = node->prop[FDT_NO_MAP].data != NULL;
    uint64 base, size;

    for (uint32 i = 0; fdt_usable(node) && fdt_reg(node, i, &base, &size); i++)
        reserve(base, size, nomap);
}

/* Keep the first device of a kind; true when this node is that one. */
static bool set_device(struct device_range *dev, const struct fdt_node *node)
{
    return dev->base == 0 && fdt_device(node, dev);
}

static void add_plic(const struct fdt_node *node)
{
    if (board.nplic == MAXPLIC || !fdt_device(node, &board.plic[board.nplic]))
        return;
    plic_harts[board.nplic] = node->prop[FDT_INTERRUPTS_EXTENDED];
    plic_phandle[board.nplic++] = fdt_cell(&node->prop[FDT_PHANDLE], 0, 0);
}

/* Keep the slots sorted by address, whatever the tree's order, so that disk numbers are stable. */
static void add_virtio(const struct fdt_node *node)
{
    struct device_range r;

    if (board.nvirtio == MAXVIRTIO || !fdt_device(node, &r))
        return;
    int i = board.nvirtio++;
    for (; i > 0 && board.virtio[i - 1].base > r.base; i--)
        board.virtio[i] = board.virtio[i - 1];
    board.virtio[i] = r;
}

static void add_chosen(const struct fdt_node *node)
{
    const struct fdt_prop *args = &node->prop[FDT_BOOTARGS];
    const struct fdt_prop *start = &node->prop[FDT_INITRD_START];
    const struct fdt_prop *end = &node->prop[FDT_INITRD_END];

    if (args->data != NULL) {
        size_t len = strnlen((const char *)args->data, args->len);
        if (len >= sizeof(board.bootargs))
            panic("boot arguments of %lu bytes: at most %d are allowed", len, MAXBOOTARGS - 1);
        memcpy(board.bootargs, args->data, len);
    }
    /* 32 or 64 bits: the firmware or boot loader chose the length, and no #address-cells says it. */
    fdt_number(start, 0, start->len / 4, &board.initrd_start);
    fdt_number(end, 0, end->len / 4, &board.initrd_end);
}

static bool is_a(const struct fdt_node *node, const char *compatible)
{
    return fdt_has_string(&node->prop[FDT_COMPATIBLE], compatible);
}

static void visit(struct fdt_node *node)
{
    serial_choose(node);
    if (fdt_has_string(&node->prop[FDT_DEVICE_TYPE], "cpu"))
        add_hart(node);
    else if (fdt_has_string(&node->prop[FDT_DEVICE_TYPE], "memory"))
        add_memory(node);
    else if (strcmp(node->name, "cpus") == 0)
        set_timebase(node);
    else if (node->parent != NULL && strcmp(node->parent->name, "reserved-memory") == 0)
        add_reserved(node);
    else if (strcmp(node->name, "chosen") == 0)
        add_chosen(node);
    else if (is_a(node, "virtio,mmio"))
        add_virtio(node);
    else if (is_a(node, "sifive,test0"))
        set_device(&board.test, node);
    else if (is_a(node, "riscv,plic0") || is_a(node, "sifive,plic-1.0.0"))
        add_plic(node);
    else if (is_a(node, "riscv,aclint-sswi")) {
        if (set_device(&board.sswi, node))
            sswi_harts = node->prop[FDT_INTERRUPTS_EXTENDED];
    }
}

/*
 * The place of a hart in a list of (phandle, input) pairs: `input` of the hart's interrupt
 * controller, or any when it is ~0. -1: not there.
 */
static int place_of_hart(const struct fdt_prop *list, uint32 phandle, uint32 input)
{
    for (uint32 i = 0; i < list->len / 8; i++) {
        if (fdt_cell(list, 2 * i, 0) == phandle &&
            (input == ~0U || fdt_cell(list, 2 * i + 1, 0) == input))
            return (int)i;
    }
    return -1;
}

/* Find the hart's place at one of the PLICs, of which there may be one for each socket. */
static void resolve_context(int hart)
{
    board.plic_context[hart] = NO_PLIC_CONTEXT;
    for (int k = 0; k < board.nplic; k++) {
        int context = place_of_hart(&plic_harts[k], board.hart_intc[hart], IRQ_S_EXTERNAL);
        if (context < 0)
            continue;
        board.plic_context[hart] = (uint32)context;
        board.hart_plic[hart] = k;
        return;
    }
}

/* From the number of the source to that of the interrupt. A device that names no controller has the
 * first PLIC; one of another controller than a PLIC has no interrupt that this kernel can take. */
static void resolve_irq(struct device_range *r)
{
    int plic = 0;

    while (plic < board.nplic && r->parent != 0 && plic_phandle[plic] != r->parent)
        plic++;
    if (r->irq >= NIRQ || plic == board.nplic)
        r->irq = 0;
    if (r->irq != 0)
        r->irq += (uint32)plic * NIRQ;
}

static void resolve_irqs(void)
{
    resolve_irq(&board.uart.range);
    for (int i = 0; i < board.nvirtio; i++)
        resolve_irq(&board.virtio[i]);
}

/* Find each hart's PLIC context and SSWI register. If one hart has no SSWI register, none is used. */
static void resolve_harts(void)
{
    for (int i = 0; i < board.nharts; i++) {
        resolve_context(i);
        int index = place_of_hart(&sswi_harts, board.hart_intc[i], ~0U);
        if (index < 0 || 4 * ((uint64)index + 1) > board.sswi.size)
            board.sswi.base = 0;
        board.sswi_index[i] = (uint32)index;
    }
}

/* Add the ranges of memory that touch board.mem_base .. mem_end (one per NUMA node). */
static void add_touching(void)
{
    for (int pass = 0; pass < nmemory; pass++) {
        for (int i = 0; i < nmemory; i++) {
            if (memory[i].base > board.mem_end || memory[i].end < board.mem_base)
                continue;
            if (memory[i].base < board.mem_base)
                board.mem_base = memory[i].base;
            if (memory[i].end > board.mem_end)
                board.mem_end = memory[i].end;
        }
    }
}

/*
 * Add the next range above, and set the gap before it aside. The page allocator has a count for every
 * page from the first to the last, those of gaps included, so a range that is small and far away would
 * cost more than it brings. False: there is no range that is worth it.
 */
static bool add_next_range(void)
{
    const struct memory *next = NULL;

    for (int i = 0; i < nmemory; i++)
        if (memory[i].base > board.mem_end && (next == NULL || memory[i].base < next->base))
            next = &memory[i];
    if (next == NULL ||
        (next->end - board.mem_base) / PGSIZE * sizeof(uint32) > (next->end - next->base) / 8)
        return false;
    reserve(board.mem_end, next->base - board.mem_end, true);
    board.mem_gaps += next->base - board.mem_end;
    board.mem_end = next->end;
    return true;
}

/* The memory that the kernel was loaded to, and what is above. */
static void resolve_memory(void)
{
    board.mem_base = board.mem_end = KERNLOAD;
    do
        add_touching();
    while (add_next_range());
    for (int i = 0; i < nmemory; i++)
        if (memory[i].base < board.mem_base || memory[i].end > board.mem_end)
            board.mem_unused += memory[i].end - memory[i].base;
    if (board.mem_end == KERNLOAD)
        panic("device tree: no memory at %lx, where the kernel lies", KERNLOAD);
}

static void check(void)
{
    if (board.nharts == 0)
        panic("device tree: no usable hart");
    if (board.timebase == 0)
        panic("device tree: no timebase-frequency");
    if (board.initrd_start > board.initrd_end || board.initrd_end > board.mem_end ||
        (board.initrd_end != 0 && board.initrd_start < board.mem_base))
        panic("device tree: initrd %lx to %lx is not in memory", board.initrd_start,
              board.initrd_end);
}

/* Insert one more hart at that place, with the interrupt controller of some other hart. */
static void insert_hart(uint64 hartid, int place)
{
    for (int i = board.nharts++; i > place; i--) {
        board.hartid[i] = board.hartid[i - 1];
        board.hart_intc[i] = board.hart_intc[i - 1];
    }
    board.hartid[place] = hartid;
}

static void remove_hart(uint64 hartid)
{
    int kept = 0;

    for (int i = 0; i < board.nharts; i++)
        if (board.hartid[i] != hartid) {
            board.hartid[kept] = board.hartid[i];
            board.hart_intc[kept++] = board.hart_intc[i];
        }
    board.nharts = kept;
}

struct late_harts late_harts; /* see change_harts */

/*
 * For tests, with ktest=1. absent_hart=ID: as if the tree named a hart that the firmware does not have,
 * at the place absent_place=. disabled_hart=ID: as if the tree said that this hart must not be used.
 * late_harts=MASK, a bit for each id below 64: as if the firmware took late_ms= milliseconds to start
 * the first of them, and an eighth of the time for each one after it.
 */
static void change_harts(void)
{
    uint64 place = bootarg_u64("absent_place", 0);

    if (bootarg_u64("ktest", 0) == 0)
        return;
    remove_hart(bootarg_u64("disabled_hart", ~0UL));
    if (bootarg("absent_hart", (char[2]){0}, 2) != NULL && board.nharts < NCPU)
        insert_hart(bootarg_u64("absent_hart", 0),
                    place < (uint64)board.nharts ? (int)place : board.nharts);
    late_harts.mask = bootarg_u64("late_harts", 0);
    late_harts.ticks = bootarg_u64("late_ms", 0) * board.timebase / 1000;
}

void fdt_parse(const void *dtb)
{
    fdt_walk(dtb, serial_note);
    uint32 size = fdt_walk(dtb, visit);

    fdt_reservations(dtb, reserve_entry);
    board.dtb_start = KVA_TO_PA(dtb);
    board.dtb_end = board.dtb_start + size;
    board.sstc = harts_without_sstc == 0;
    change_harts();
    resolve_harts();
    resolve_irqs();
    resolve_memory();
    check();
}
