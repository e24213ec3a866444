/* SPDX-License-Identifier: BSD-3-Clause
 * Page tables (Sv39), and the kernel's own.
 *
 *   root entries   0 .. 255    user memory: differs from process to process
 *                  256 ..      the direct map: global, made by pmap_init, never changed
 *                  384         kernel stacks: one level-1 table, made by pmap_init; its lower tables
 *                              are made when a stack needs them, and never freed
 *
 * A user root copies the upper 256 entries once. They never change, so a new stack, whose entry is in a
 * lower table, appears in all roots at once.
 *
 * pmap_init: boot hart. Loading: thread context or a switch. Mapping: thread context, any cpu. A
 * table becomes visible to other harts before the entry that points to it (publish; its partner is
 * the other harts' table walk after their fence).
 */
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "lwkt/spin.h"
#include "mm/memstat.h"
#include "mm/page.h"
#include "mm/vm.h"
#include "riscv/fdt.h"

#define PTE_KERNEL (PTE_V | PTE_G | PTE_A | PTE_D)
#define KERNEL_RW (PTE_KERNEL | PTE_R | PTE_W)
#define KERNEL_RX (PTE_KERNEL | PTE_R | PTE_X)
#define KERNEL_R (PTE_KERNEL | PTE_R)
#define ROOT_HALF 256 /* entries of a root for each half of the address space */

extern char __kernel_start[], __text_end[], __rodata_end[], __kernel_end[];

static uint64 *kernel_root;
static struct spinlock kernel_pmap_lock = SPINLOCK("kernel pmap"); /* making tables below it */
static uint64 stack_tables; /* tables for kernel stacks but for the first: that lock; others peek */

/*
 * Page tables that were given up, kept for the next ones. A table whose entries were all taken out is a
 * page of zeros, and the user half of a root likewise; making another one costs as many stores as the
 * last one had entries, not 512. Linked by entry 0. Each cpu has its own and touches them in a critical
 * section; others may peek at the count.
 */
#define KEPT_TABLES 4 /* of each kind and cpu: a process that forks or exits needs two and a root */
enum { TABLE, ROOT, NKINDS };

static struct {
    uint64 *first[NKINDS];
    uint32 n[NKINDS];
} __attribute__((aligned(CACHE_LINE))) kept[NCPU];

/* A kept table of this kind, or NULL. */
static uint64 *kept_get(int kind)
{
    crit_enter();
    uint64 *table = kept[mycpuid].first[kind];
    if (table != NULL) {
        kept[mycpuid].first[kind] = (uint64 *)table[0];
        table[0] = 0;
        poke(&kept[mycpuid].n[kind], kept[mycpuid].n[kind] - 1);
    }
    crit_exit();
#ifdef INVARIANTS
    for (int i = 0; table != NULL && i < (kind == ROOT ? ROOT_HALF : 2 * ROOT_HALF); i++)
        KASSERT(table[i] == 0, "entry %d of a kept table is %#lx", i, table[i]);
#endif
    return table;
}

/* Keep a table whose (user) entries are 0, or free it if there are enough. */
static void kept_put(int kind, uint64 *table)
{
    crit_enter();
    bool room = kept[mycpuid].n[kind] < KEPT_TABLES;
    if (room) {
        table[0] = (uint64)kept[mycpuid].first[kind];
        kept[mycpuid].first[kind] = table;
        poke(&kept[mycpuid].n[kind], kept[mycpuid].n[kind] + 1);
    }
    crit_exit();
    if (!room)
        page_unref(table);
}

void pmap_drain(void)
{
    for (int kind = 0; kind < NKINDS; kind++)
        for (uint64 *table; (table = kept_get(kind)) != NULL;)
            page_unref(table);
}

uint64 pmap_count_stack_tables(void)
{
    return peek(&stack_tables);
}

uint64 pmap_count_reserve(void)
{
    uint64 n = pmap_count_stack_tables();

    for (int cpu = 0; cpu < ncpus; cpu++)
        n += peek(&kept[cpu].n[TABLE]) + peek(&kept[cpu].n[ROOT]);
    return n;
}

uint64 *pmap_table_alloc(void)
{
    uint64 *table = kept_get(TABLE);

    return table != NULL ? table : page_zalloc();
}

void pmap_table_free(uint64 *table)
{
    kept_put(TABLE, table);
}

uint64 *pmap_root_alloc(void)
{
    uint64 *root = kept_get(ROOT);

    if (root == NULL && (root = page_alloc()) != NULL) {
        memset(root, 0, ROOT_HALF * sizeof(*root));
        memcpy(root + ROOT_HALF, kernel_root + ROOT_HALF, ROOT_HALF * sizeof(*root));
    }
    return root;
}

void pmap_root_free(uint64 *root)
{
    kept_put(ROOT, root);
}

uint64 *pmap_table(uint64 *pte, bool make)
{
    if (*pte & PTE_V) {
        KASSERT(!PTE_LEAF(*pte), "a table is wanted where a large page is mapped");
        return PA_TO_KVA(PTE_TO_PA(*pte));
    }
    uint64 *table = make ? pmap_table_alloc() : NULL;
    if (table != NULL)
        publish(pte, PA_TO_PTE(KVA_TO_PA(table)) | PTE_V);
    return table;
}

uint64 *pmap_walk(uint64 *root, uint64 va, int level, bool make)
{
    uint64 *table = root;

    for (int l = 2; l > level && table != NULL; l--)
        table = pmap_table(&table[PX(l, va)], make);
    return table != NULL ? &table[PX(level, va)] : NULL;
}

/*
 * Add [start, end) of physical memory to the direct map, in the largest pages that fit. Boot only.
 */
static void direct_map(uint64 start, uint64 end, uint64 flags)
{
    int last = -1;
    uint64 *pte = NULL;

    while (start < end) {
        uint64 va = (uint64)PA_TO_KVA(start);
        int level = 2;
        uint64 span = PGSIZE << 18;
        for (; level > 0 && (start % span != 0 || end - start < span); span >>= 9)
            level--;
        if (level == last && PX(level, va) != 0)
            pte++; /* in the same table */
        else
            pte = pmap_walk(kernel_root, va, level, true);
        last = level;
        if (pte == NULL)
            panic("no memory for the kernel's page table");
        *pte = PA_TO_PTE(start) | flags;
        start += span;
    }
}

/*
 * Map RAM from start on, except for what the device tree wants unmapped. Boot only.
 */
static void direct_map_ram(uint64 start, uint64 end)
{
    while (start < end) {
        const struct reserved_range *next = NULL;
        for (int i = 0; i < board.nreserved; i++) {
            const struct reserved_range *r = &board.reserved[i];
            if (r->nomap && r->end > start && r->base < end &&
                (next == NULL || r->base < next->base))
                next = r;
        }
        uint64 stop = next != NULL ? PGROUNDDOWN(next->base) : end;
        if (stop > start)
            direct_map(start, stop, KERNEL_RW);
        start = next != NULL ? PGROUNDUP(next->end) : end;
    }
}

/*
 * Everything below RAM is devices. The firmware, between the start of RAM and the kernel, protects
 * itself (PMP); because it is not mapped, a stray access is a page fault that names the address.
 */
void pmap_init(uint64 mem_end)
{
    uint64 text_end = KVA_TO_PA(__text_end), rodata_end = KVA_TO_PA(__rodata_end);

    kernel_root = page_zalloc();
    if (kernel_root == NULL)
        panic("no memory for the kernel's page table");
    direct_map(0, board.mem_base, KERNEL_RW);
    direct_map(KVA_TO_PA(__kernel_start), text_end, KERNEL_RX);
    direct_map(text_end, rodata_end, KERNEL_R);
    direct_map(rodata_end, KVA_TO_PA(__kernel_end), KERNEL_RW);
    direct_map_ram(KVA_TO_PA(__kernel_end), PGROUNDDOWN(mem_end));
    if (pmap_walk(kernel_root, KSTACKS, 0, true) == NULL)
        panic("no memory for the kernel's page table");
    pmap_load_kernel();
}

void pmap_load(uint64 satp)
{
    w_satp(satp);
    sfence_vma();
    mycpu->gd_satp = satp;
}

void pmap_load_kernel(void)
{
    pmap_load(MAKE_SATP(KVA_TO_PA(kernel_root)));
}

int pmap_kernel_map(uint64 va, uint64 pa, uint64 pte_flags)
{
    KASSERT(va - KSTACKS < KSTACKS_SIZE, "%p", (void *)va);
    spin_lock(&kernel_pmap_lock);
    uint64 *pte = pmap_walk(kernel_root, va, 0, false);
    if (pte == NULL && (pte = pmap_walk(kernel_root, va, 0, true)) != NULL)
        poke(&stack_tables, stack_tables + 1);
    spin_unlock(&kernel_pmap_lock);
    if (pte == NULL)
        return -1;
    KASSERT(*pte == 0, "%p is mapped already", (void *)va);
    *pte = PA_TO_PTE(pa) | PTE_KERNEL | pte_flags;
    return 0;
}

/* The entry of a page that is mapped in the stacks' region. */
static uint64 *kernel_pte(uint64 va)
{
    uint64 *pte = pmap_walk(kernel_root, va, 0, false);

    KASSERT(pte != NULL && (*pte & PTE_V), "%p is not mapped", (void *)va);
    return pte;
}

uint64 pmap_kernel_pa(uint64 va)
{
    return PTE_TO_PA(*kernel_pte(va));
}

uint64 pmap_kernel_unmap(uint64 va)
{
    uint64 *pte = kernel_pte(va);
    uint64 pa = PTE_TO_PA(*pte);

    *pte = 0;
    return pa;
}
