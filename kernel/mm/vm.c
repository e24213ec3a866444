/* SPDX-License-Identifier: BSD-3-Clause
 * User address spaces. Called by the thread of the process whose space it is (vmspace_destroy: by the
 * one that replaces or reaps it). A space that several processes share is held meanwhile (share.c);
 * otherwise it has one thread, and nothing here is locked.
 *
 * The kernel never uses user addresses (sstatus.SUM stays 0): it walks the page table in software and
 * goes through the direct map. So a bad pointer of a program is an absent entry, not a trap.
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
 *
 * Fences. Only this hart has the space loaded. An entry that is new or has gained rights needs no
 * fence: if the hart remembers the old one, it faults again, and all that vm_fault does is to fence.
 * An entry that lost rights or points elsewhere needs a fence before the program continues.
 */
#include "mm/vm.h"

#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "lwkt/cpusync.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/turn.h"
#include "mm/zone.h"

#define PTE_USER (PTE_V | PTE_U | PTE_A | PTE_D)
#define TABLE_SPAN (PGSIZE << 9) /* bytes that a table of level 0 covers */

/* What an entry points to, as an address in the direct map. */
static inline void *pte_page(uint64 pte)
{
    return PA_TO_KVA(PTE_TO_PA(pte));
}

static inline uint64 page_pte(const void *page)
{
    return PA_TO_PTE(KVA_TO_PA(page));
}

struct vmspace *vmspace_create(void)
{
    struct vmspace *vm = kmalloc(sizeof(*vm));

    if (vm == NULL)
        return NULL;
    vm->vm_root = pmap_root_alloc();
    if (vm->vm_root == NULL) {
        kfree(vm);
        return NULL;
    }
    return vm;
}

uint64 vmspace_satp(const struct vmspace *vm)
{
    return MAKE_SATP(KVA_TO_PA(vm->vm_root));
}

/* The end of the part of [va, end) that one entry of a table of this level covers. */
static inline uint64 span_end(uint64 va, int level, uint64 end)
{
    uint64 next = (va | ((PGSIZE << (9 * level)) - 1)) + 1;

    return next < end ? next : end;
}

/* Clear n entries of a table, and give up their pages. */
static void drop_pages(uint64 *pte, uint64 n)
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
        drop_pages(&table[PX(0, start)], (end - start) / PGSIZE);
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
 * Other harts that use the space stand still. A table is out of reach of this hart (fence) before it and
 * what it leads to can be used for something else. The caller fences for the pages. The kernel uses no
 * user addresses before that.
 */
static int cut_table(struct vmspace *vm, uint64 *table, int level, uint64 from, uint64 end)
{
    uint64 next;

    if (level == 0) {
        drop_pages(&table[PX(0, from)], (end - from) / PGSIZE);
        return 0;
    }
    for (uint64 va = from; va < end; va = next) {
        uint64 *pte = &table[PX(level, va)], old = *pte;
        next = span_end(va, level, end);
        if (!(old & PTE_V))
            continue;
        if (va % (PGSIZE << (9 * level)) != 0) {
            if ((old & PTE_COW) && own_table(vm, pte, va, true) < 0)
                return -1;
            if (cut_table(vm, pte_page(*pte), level - 1, va, next) < 0)
                return -1;
            continue;
        }
        *pte = 0;
        sfence_vma();
        drop_table(pte_page(old), level - 1, va, next);
        pass_turn();
    }
    return 0;
}

/* Remove everything from `from` on, page aligned, from the space, which is loaded here and held: 0, or
 * -1 (see above). */
static int cut_space(struct vmspace *vm, uint64 from)
{
    struct lwkt_cpusync poll;

    if (from >= vm->vm_top)
        return 0;
    vm_stop_others(vm, &poll);
    int result = cut_table(vm, vm->vm_root, 2, from, vm->vm_top);
    if (result == 0)
        vm->vm_top = from;
    vm_let_others_go(vm, &poll);
    return result;
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
    crit_enter(); /* so no turn is passed, as that would let go of src */
    int result = fork_all(dst, src);
    vm_flush(src);
    crit_exit();
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

/* make_entry, if a table is missing or shared. */
static uint64 *__attribute__((noinline)) make_entry_slow(struct vmspace *vm, uint64 va)
{
    uint64 *pte = pmap_walk(vm->vm_root, va, 1, true);

    if (pte == NULL || ((*pte & PTE_COW) && own_table(vm, pte, va, false) < 0))
        return NULL;
    uint64 *table = pmap_table(pte, true);
    return table != NULL ? &table[PX(0, va)] : NULL;
}

/* The entry of va, to be changed: missing tables are made, and a shared one becomes the space's own.
 * NULL: no memory. vm_top covers the tables that were made, even if no page follows. */
static inline uint64 *make_entry(struct vmspace *vm, uint64 va)
{
    uint64 pte = vm->vm_root[PX(2, va)];

    if (vm->vm_top <= va)
        vm->vm_top = PGROUNDDOWN(va) + PGSIZE;
    if (pte & PTE_V) {
        pte = ((uint64 *)pte_page(pte))[PX(1, va)];
        if ((pte & (PTE_V | PTE_COW)) == PTE_V)
            return (uint64 *)pte_page(pte) + PX(0, va);
    }
    return make_entry_slow(vm, va);
}

/* Fill in the entry of va, which is absent. */
static void enter_page(uint64 *pte, uint64 va, void *page, uint32 rights)
{
    KASSERT(*pte == 0 && va < USERTOP, "%p is mapped already", (void *)va);
    *pte = page_pte(page) | PTE_USER | (rights & (VM_READ | VM_WRITE) ? PTE_R : 0) |
           (rights & VM_WRITE ? PTE_W : 0) | (rights & VM_EXEC ? PTE_X : 0);
}

int vm_map_user(struct vmspace *vm, uint64 va, void *page, uint32 rights)
{
    uint64 *pte = make_entry(vm, va);

    if (pte == NULL) {
        page_unref(page);
        return -1;
    }
    enter_page(pte, va, page, rights);
    return 0;
}

/* Not inlined, so that vm_fault saves few registers. */
static int break_cow(uint64 *pte, uint64 va) __attribute__((noinline));

/*
 * The program writes to a copy-on-write page. If no other space holds it any more, it is not copied.
 * (The space is the caller's: no other has such pages while it is being made.)
 */
static int break_cow(uint64 *pte, uint64 va)
{
    void *old = pte_page(*pte);

    if (page_sole(old)) {
        *pte = (*pte & ~PTE_COW) | PTE_W;
        return 0;
    }
    void *copy = page_alloc();
    if (copy == NULL)
        return VM_NO_MEMORY;
    memcpy(copy, old, PGSIZE);
    *pte = page_pte(copy) | (PTE_FLAGS(*pte) & ~PTE_COW) | PTE_W;
    if (vm_is_shared(curthread->td_vmspace))
        vm_flush(curthread->td_vmspace);
    sfence_vma_page(va);
    if (*pte & PTE_X)
        fence_i();
    page_unref(old);
    return 0;
}

/* Put a page of zeros at va, whose entry is absent. */
static int zero_fill(uint64 *pte, uint64 va)
{
    void *page = page_zalloc();

    if (page == NULL)
        return VM_NO_MEMORY;
    enter_page(pte, va, page, VM_READ | VM_WRITE);
    return 0;
}

/* The bits that an entry must have for this access. */
static inline uint64 pte_needed(uint32 access)
{
    return PTE_V | PTE_U | (access & VM_READ ? PTE_R : 0) | (access & VM_WRITE ? PTE_W : 0) |
           (access & VM_EXEC ? PTE_X : 0);
}

/*
 * Only an address of the heap may make page tables: stray accesses cost no memory.
 */
int vm_fault(struct vmspace *vm, uint64 va, uint32 access)
{
    bool heap = va >= vm->vm_heap && va < vm->vm_size && !(access & VM_EXEC);
    uint64 *pte = NULL;

    if (heap)
        pte = make_entry(vm, va);
    else if (va < USERTOP)
        pte = pmap_walk(vm->vm_root, va, 0, false);
    if (pte == NULL)
        return heap ? VM_NO_MEMORY : -1;
    if (*pte == 0)
        return heap ? zero_fill(pte, va) : -1;
    if ((access & VM_WRITE) && (*pte & PTE_COW))
        return break_cow(pte, va);
    if ((*pte & pte_needed(access)) != pte_needed(access))
        return -1;
    sfence_vma_page(va); /* nothing is wrong: this hart remembers the old entry */
    return 0;
}

int vm_fault_again(struct vmspace *vm, uint64 va, uint32 access)
{
    return memory_reclaim(false) && vm_fault(vm, va, access) == 0 ? 0 : -1;
}

/* The entry of a page of the heap, or NULL. */
static uint64 *heap_entry(struct vmspace *vm, uint64 va, bool make)
{
    if (va < vm->vm_heap || va >= vm->vm_size)
        return NULL;
    return make ? make_entry(vm, va) : pmap_walk(vm->vm_root, va, 0, false);
}

int vm_guard_page(struct vmspace *vm, uint64 va, bool on)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    uint64 *pte = va % PGSIZE == 0 ? heap_entry(vm, va, true) : NULL;
    if (pte != NULL && on && *pte != PTE_GUARD) {
        struct lwkt_cpusync poll;
        vm_stop_others(vm, &poll);
        drop_pages(pte, 1);
        *pte = PTE_GUARD;
        vm_let_others_go(vm, &poll);
    } else if (pte != NULL && !on && *pte == PTE_GUARD) {
        *pte = 0;
    }
    vm_drop(vm, &ref);
    return pte != NULL ? 0 : -1;
}

bool vm_is_guard(struct vmspace *vm, uint64 va)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    uint64 *pte = heap_entry(vm, va, false);
    bool guard = pte != NULL && *pte == PTE_GUARD;
    vm_drop(vm, &ref);
    return guard;
}

/* Whether there is memory for eager growth by [start, end). It keeps a hopeless request from using up
 * all memory first. May block. */
static bool heap_has_room(uint64 start, uint64 end)
{
    uint64 pages = (end - start) / PGSIZE;

    return memory_has(pages) || (memory_reclaim(true) && memory_has(pages));
}

/*
 * Eager growth: all pages of [start, end), page aligned, at once, or none and -1.
 */
static int fill_heap(struct vmspace *vm, uint64 start, uint64 end)
{
    for (uint64 va = start; va < end; va += PGSIZE) {
        uint64 *pte = make_entry(vm, va);
        if (pte == NULL || zero_fill(pte, va) < 0) {
            cut_space(vm, start);
            return -1;
        }
        /* 64 pages are zeroed in some 40,000 instructions. A pause would let go of a shared space. */
        if (PX(0, va) % 64 == 63 && !vm_is_shared(vm))
            pass_turn();
    }
    return 0;
}

static int64 shrink_heap(struct vmspace *vm, uint64 bytes)
{
    uint64 old = vm->vm_size;

    if (bytes > old)
        return (int64)old; /* as in xv6: below address 0 there is nothing to give back */
    if (bytes > old - vm->vm_heap)
        return -1;
    if (cut_space(vm, PGROUNDUP(old - bytes)) < 0)
        return -1;
    vm->vm_size = old - bytes;
    return (int64)old;
}

/* The end of the heap moves up. vm is held, and there was room a moment ago. */
static int64 grow_heap(struct vmspace *vm, uint64 bytes, bool eager)
{
    uint64 old = vm->vm_size;

    if (bytes > USERTOP - old)
        return -1;
    if (eager && fill_heap(vm, PGROUNDUP(old), PGROUNDUP(old + bytes)) < 0)
        return -1;
    vm->vm_size = old + bytes;
    return (int64)old;
}

/* Whoever shares the space may have moved the end of the heap while this waited for room, so the room
 * is only an estimate. */
int64 vm_sbrk(struct vmspace *vm, int64 delta, bool eager)
{
    uint64 size = peek(&vm->vm_size);
    struct lwkt_tokref ref;
    int64 old;

    if (delta > 0 && (uint64)delta > USERTOP - size)
        return -1;
    if (delta > 0 && eager && !heap_has_room(PGROUNDUP(size), PGROUNDUP(size + (uint64)delta)))
        return -1;
    vm_hold(vm, &ref);
    old = delta < 0 ? shrink_heap(vm, -(uint64)delta) : grow_heap(vm, (uint64)delta, eager);
    vm_drop(vm, &ref);
    return old;
}
