/* SPDX-License-Identifier: BSD-3-Clause
 * The page tables of user spaces: how forks share them, and how parts of them go. Called like vm.c, by
 * the thread of the process (vmspace_destroy: by the one that replaces or reaps it).
 *
 * Invariants:
 *   - pages are mapped, and tables begin, only below vm_top;
 *   - a page that is in more than one space is not writable;
 *   - PTE_COW means: writable for the program, by a copy if others hold the page too;
 *   - PTE_COW in an entry of level 1 means the same of the table to which it leads: other spaces may
 *     hold it, no entry in it is writable, and code that changes it makes a copy first (own_table). A
 *     page counts the tables that map it, and a table the spaces that share it. Only tables of the heap
 *     are shared;
 *   - an entry's A and D bits are set, so the hart never writes to a user table.
 */
#include "mm/table.h"

#include "kernel/memlayout.h"
#include "lib/assert.h"
#include "lwkt/cpusync.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/turn.h"
#include "mm/zone.h"

#define TABLE_SPAN (PGSIZE << 9) /* bytes that a table of level 0 covers */

/* The end of the part of [va, end) that one entry of a table of this level covers. */
static inline uint64 span_end(uint64 va, int level, uint64 end)
{
    uint64 next = (va | ((PGSIZE << (9 * level)) - 1)) + 1;

    return next < end ? next : end;
}

void table_drop_pages(uint64 *pte, uint64 n)
{
    for (uint64 *end = pte + n; pte < end; pte++) {
        uint64 old = *pte;
        if (old == 0)
            continue;
        *pte = 0;
        if (old & PTE_V)
            page_unref(pte_page(old));
    }
}

static void drop_table(uint64 *table, int level, uint64 start, uint64 end);

/*
 * Empty a table of this level, which covers [start, end), and which no hart can reach any more: give up
 * all that it leads to. False: other spaces share it, so it stays as it is and only loses a holder.
 */
static bool drop_entries(uint64 *table, int level, uint64 start, uint64 end)
{
    uint64 next;

    if (level == 0) {
        if (page_unref_shared(table))
            return false;
        table_drop_pages(&table[PX(0, start)], (end - start) / PGSIZE);
        return true;
    }
    for (uint64 va = start; va < end; va = next) {
        uint64 *pte = &table[PX(level, va)], *lower = pte_page(*pte);
        next = span_end(va, level, end);
        if (!(*pte & PTE_V))
            continue;
        *pte = 0;
        drop_table(lower, level - 1, va, next);
        if (next < end)
            pass_turn();
    }
    return true;
}

/* The same, and then give up the table. */
static void drop_table(uint64 *table, int level, uint64 start, uint64 end)
{
    if (drop_entries(table, level, start, end))
        pmap_table_free(table);
}

void vmspace_destroy(struct vmspace *vm)
{
    drop_entries(vm->vm_root, 2, 0, vm->vm_top);
    pmap_root_free(vm->vm_root);
    kfree(vm);
}

/*
 * The table that *pte leads to is about to change. If other spaces share it, *pte gets a copy of its
 * own. -1: no memory for one. Until the fence, harts that use the space may walk through the old table;
 * stopped: all others stand still, and forget it before they go on.
 */
static int own_table(struct vmspace *vm, uint64 *pte, uint64 va, bool stopped)
{
    uint64 *old = pte_page(*pte), *table;

    if (page_sole(old)) {
        *pte &= ~PTE_COW;
        return 0;
    }
    table = page_alloc_user();
    if (table == NULL)
        return -1;
    for (uint64 i = 0; i < PGSIZE / sizeof(*table); i++) {
        table[i] = old[i];
        if (table[i] & PTE_V)
            page_ref(pte_page(table[i]));
    }
    *pte = page_pte(table) | PTE_V;
    if (stopped)
        sfence_vma();
    else
        vm_flush(vm);
    va -= va % TABLE_SPAN;
    drop_table(old, 0, va, va + TABLE_SPAN);
    return 0;
}

/*
 * Take all pages and tables from `from` on, page aligned, out of a table of this level, which covers
 * addresses up to `end`. A table that begins below `from` stays, without that part. -1: no memory to
 * take a part out of a shared table; then nothing has changed, because that table is the first.
 *
 * Other harts that use the space stand still. Whole tables move to `away`, a table of the same level,
 * or, if that is NULL, are given up at once: then a table is out of reach of this hart (fence) before
 * it and what it leads to can be used for something else. The caller fences for the pages. The kernel
 * uses no user addresses before that.
 */
static int cut_table(struct vmspace *vm, uint64 *table, int level, uint64 from, uint64 end,
                     uint64 *away)
{
    uint64 next;

    if (level == 0) {
        table_drop_pages(&table[PX(0, from)], (end - from) / PGSIZE);
        return 0;
    }
    for (uint64 va = from; va < end; va = next) {
        uint64 i = PX(level, va), old = table[i];
        next = span_end(va, level, end);
        if (!(old & PTE_V))
            continue;
        if (va % (PGSIZE << (9 * level)) != 0) {
            uint64 *lower = away != NULL && level == 2 ? pte_page(away[i]) : NULL;
            if ((old & PTE_COW) && own_table(vm, &table[i], va, true) < 0)
                return -1;
            if (cut_table(vm, pte_page(table[i]), level - 1, va, next, lower) < 0)
                return -1;
            continue;
        }
        table[i] = 0;
        if (away != NULL) {
            away[i] = old;
            continue;
        }
        sfence_vma();
        drop_table(pte_page(old), level - 1, va, next);
        pass_turn();
    }
    return 0;
}

/* Make a root, and the table of level 1 that begins below `from` if there is one. Without memory for
 * them, cut->root is NULL. */
static void cut_begin(struct cut *cut, uint64 from, uint64 end)
{
    uint64 *lower;

    *cut = (struct cut){.root = pmap_table_alloc(), .from = from, .end = end};
    if (cut->root == NULL || from % (TABLE_SPAN << 9) == 0)
        return;
    if ((lower = pmap_table_alloc()) != NULL) {
        cut->root[PX(2, from)] = page_pte(lower) | PTE_V;
    } else {
        pmap_table_free(cut->root);
        cut->root = NULL;
    }
}

int table_cut(struct vmspace *vm, uint64 from, struct cut *cut)
{
    struct lwkt_cpusync poll;

    if (from >= vm->vm_top)
        return 0;
    if (vm_is_shared(vm))
        cut_begin(cut, from, vm->vm_top);
    vm_stop_others(vm, &poll);
    int result = cut_table(vm, vm->vm_root, 2, from, vm->vm_top, cut->root);
    if (result == 0)
        vm->vm_top = from;
    vm_let_others_go(vm, &poll);
    return result;
}

void table_drop_cut(struct cut *cut)
{
    if (cut->root == NULL)
        return;
    drop_entries(cut->root, 2, cut->from, cut->end);
    pmap_table_free(cut->root);
}

/*
 * Share the pages of n entries of src with a further holder. Those that the program could write become
 * copy-on-write for both.
 */
static void share_pages(uint64 *dst, uint64 *src, uint64 n)
{
    for (uint64 *end = src + n; src < end; src++, dst++) {
        uint64 pte = *src;
        if (pte == 0)
            continue;
        if (pte & PTE_W)
            *src = pte = (pte & ~PTE_W) | PTE_COW;
        *dst = pte;
        if (pte & PTE_V)
            page_ref(pte_page(pte));
    }
}

/*
 * Share the table that *pte leads to, and so all of its pages at once. If it is shared already, none of
 * them can be written through it.
 */
static uint64 share_table(uint64 *pte)
{
    uint64 *table = pte_page(*pte);

    if (!(*pte & PTE_COW)) {
        for (uint64 i = 0; i < PGSIZE / sizeof(*table); i++)
            if (table[i] & PTE_W)
                table[i] = (table[i] & ~PTE_W) | PTE_COW;
        *pte |= PTE_COW;
    }
    page_ref(table);
    return *pte;
}

/*
 * Make dst, an empty table of this level, share what src maps in [start, end). -1: no memory. Tables of
 * the heap alone are shared whole. The one with the stack is copied at once: parent and child both
 * write to their stacks next.
 */
static int fork_table(uint64 *dst, uint64 *src, int level, uint64 start, uint64 end, uint64 heap)
{
    uint64 next;

    if (level == 0) {
        share_pages(&dst[PX(0, start)], &src[PX(0, start)], (end - start) / PGSIZE);
        return 0;
    }
    for (uint64 va = start; va < end; va = next) {
        uint64 i = PX(level, va);
        next = span_end(va, level, end);
        if (!(src[i] & PTE_V))
            continue;
        if (level == 1 && va >= heap) {
            dst[i] = share_table(&src[i]);
            pass_turn();
            continue;
        }
        uint64 *table = pmap_table_alloc();
        if (table == NULL && (table = page_zalloc_reclaimed()) == NULL)
            return -1;
        dst[i] = page_pte(table) | PTE_V;
        if (fork_table(table, pte_page(src[i]), level - 1, va, next, heap) < 0)
            return -1;
    }
    return 0;
}

static inline int fork_all(struct vmspace *dst, struct vmspace *src)
{
    dst->vm_size = src->vm_size;
    dst->vm_heap = src->vm_heap;
    dst->vm_guard = src->vm_guard;
    dst->vm_top = src->vm_top;
    return fork_table(dst->vm_root, src->vm_root, 2, 0, src->vm_top, src->vm_heap);
}

static int __attribute__((noinline)) fork_from_shared(struct vmspace *dst, struct vmspace *src)
{
    struct lwkt_tokref ref;

    vm_hold(src, &ref);
    int result = fork_all(dst, src);
    vm_flush(src);
    vm_drop(src, &ref);
    return result;
}

/*
 * The fence is for this hart (the flush for all), which may remember src's pages as writable, even if
 * the fork failed.
 */
int vmspace_fork(struct vmspace *dst, struct vmspace *src)
{
    if (vm_is_shared(src))
        return fork_from_shared(dst, src);
    int result = fork_all(dst, src);
    sfence_vma();
    return result;
}

uint64 *table_entry(struct vmspace *vm, uint64 va)
{
    uint64 *pte = pmap_walk(vm->vm_root, va, 1, true);

    if (pte == NULL || ((*pte & PTE_COW) && own_table(vm, pte, va, false) < 0))
        return NULL;
    uint64 *table = pmap_table(pte, true);
    return table != NULL ? &table[PX(0, va)] : NULL;
}
