/* SPDX-License-Identifier: BSD-3-Clause
 * User address spaces. Called by the thread of the process whose space it is (vmspace_destroy: by the
 * one that replaces or reaps it). A space that several processes share is held meanwhile (share.c);
 * otherwise it has one thread, and nothing here is locked.
 *
 * The kernel never uses user addresses (sstatus.SUM stays 0): it walks the page table in software and
 * goes through the direct map. So a bad pointer of a program is an absent entry, not a trap.
 *
 * Invariants:
 *   - a page is mapped, and a table is made, only below vm_top;
 *   - only PTE_COW pages are in more than one space;
 *   - PTE_COW means: writable for the program, by a copy if others hold the page too;
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
#include "mm/zone.h"

#define PTE_USER (PTE_V | PTE_U | PTE_A | PTE_D)

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
    vm->vm_root = page_alloc();
    if (vm->vm_root == NULL) {
        kfree(vm);
        return NULL;
    }
    memset(vm->vm_root, 0, PGSIZE / 2);
    pmap_share_kernel(vm->vm_root);
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

/*
 * Free the pages that are present in [start, end), page aligned, looking only at tables that are
 * present. With free_tables, free the tables below `table`, too; `table` itself is the caller's.
 */
static void free_range(uint64 *table, int level, uint64 start, uint64 end, bool free_tables)
{
    uint64 next;

    for (uint64 va = start; va < end; va = next) {
        uint64 *pte = &table[PX(level, va)];
        next = span_end(va, level, end);
        if (!(*pte & PTE_V))
            continue;
        if (level > 0)
            free_range(pte_page(*pte), level - 1, va, next, free_tables);
        if (level == 0 || free_tables) {
            page_unref(pte_page(*pte));
            *pte = 0;
        }
    }
}

void vmspace_destroy(struct vmspace *vm)
{
    free_range(vm->vm_root, 2, 0, vm->vm_top, true);
    page_unref(vm->vm_root);
    kfree(vm);
}

/* Free the pages of a part of the heap, on which the program's harts may be at work. */
static void remove_range(struct vmspace *vm, uint64 start, uint64 end)
{
    struct lwkt_cpusync poll;

    vm_stop_others(vm, &poll);
    free_range(vm->vm_root, 2, start, end, false);
    vm_let_others_go(vm, &poll);
}

/*
 * Share the page of one entry with a further holder. A page that the program could write becomes
 * copy-on-write for both.
 */
static uint64 share_page(uint64 *pte)
{
    if (*pte & PTE_W)
        *pte = (*pte & ~PTE_W) | PTE_COW;
    page_ref(pte_page(*pte));
    return *pte;
}

/*
 * Make dst, an empty table of this level, share what src maps in [start, end). -1: no memory.
 */
static int fork_range(uint64 *dst, uint64 *src, int level, uint64 start, uint64 end)
{
    uint64 next;

    for (uint64 va = start; va < end; va = next) {
        uint64 i = PX(level, va);
        next = span_end(va, level, end);
        if (!(src[i] & PTE_V))
            continue;
        if (level == 0) {
            dst[i] = share_page(&src[i]);
            continue;
        }
        uint64 *table = page_zalloc_user();
        if (table == NULL)
            return -1;
        dst[i] = page_pte(table) | PTE_V;
        if (fork_range(table, pte_page(src[i]), level - 1, va, next) < 0)
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
    return fork_range(dst->vm_root, src->vm_root, 2, 0, src->vm_top);
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

/* The entry of va; missing tables are made. NULL: no memory. vm_top covers the tables that were made,
 * even if no page follows. */
static uint64 *make_entry(struct vmspace *vm, uint64 va)
{
    if (vm->vm_top <= va)
        vm->vm_top = PGROUNDDOWN(va) + PGSIZE;
    return pmap_walk(vm->vm_root, va, true);
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
    uint64 need = pte_needed(access);
    uint64 *pte = NULL;

    if (heap)
        pte = make_entry(vm, va);
    else if (va < USERTOP)
        pte = pmap_walk(vm->vm_root, va, false);
    if (pte == NULL)
        return heap ? VM_NO_MEMORY : -1;
    if (*pte == 0)
        return heap ? zero_fill(pte, va) : -1;
    if ((access & VM_WRITE) && (*pte & PTE_COW))
        return break_cow(pte, va);
    if ((*pte & need) != need)
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
    return make ? make_entry(vm, va) : pmap_walk(vm->vm_root, va, false);
}

int vm_guard_page(struct vmspace *vm, uint64 va, bool on)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    uint64 *pte = va % PGSIZE == 0 ? heap_entry(vm, va, true) : NULL;
    if (pte != NULL && on && *pte != PTE_GUARD) {
        if (*pte != 0)
            remove_range(vm, va, va + PGSIZE);
        *pte = PTE_GUARD;
        vm->vm_guards++;
    } else if (pte != NULL && !on && *pte == PTE_GUARD) {
        *pte = 0;
        vm->vm_guards--;
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

/* There are no guards in [start, end) any more, which is no longer the heap's. */
static void forget_guards(struct vmspace *vm, uint64 start, uint64 end)
{
    for (uint64 va = start; va < end && vm->vm_guards > 0; va += PGSIZE) {
        uint64 *pte = pmap_walk(vm->vm_root, va, false);
        if (pte != NULL && *pte == PTE_GUARD) {
            *pte = 0;
            vm->vm_guards--;
        }
    }
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
            remove_range(vm, start, va);
            return -1;
        }
    }
    return 0;
}

/* Tables stay until the space is destroyed: they are few, and this hart may be walking them. */
static int64 shrink_heap(struct vmspace *vm, uint64 bytes)
{
    uint64 old = vm->vm_size;

    if (bytes > old)
        return (int64)old; /* as in xv6: below address 0 there is nothing to give back */
    if (bytes > old - vm->vm_heap)
        return -1;
    vm->vm_size = old - bytes;
    uint64 end = PGROUNDUP(old) < vm->vm_top ? PGROUNDUP(old) : vm->vm_top;
    remove_range(vm, PGROUNDUP(vm->vm_size), end);
    forget_guards(vm, PGROUNDUP(vm->vm_size), end);
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
