/* SPDX-License-Identifier: BSD-3-Clause
 * User address spaces: faults, the heap. Called by the thread of the process whose space it is. A space
 * that several processes share is held meanwhile (share.c); otherwise it has one thread, and nothing
 * here is locked. table.c says what is always true of the page tables.
 *
 * The kernel never uses user addresses (sstatus.SUM stays 0): it walks the page table in software and
 * goes through the direct map. So a bad pointer of a program is an absent entry, not a trap.
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
#include "mm/table.h"
#include "mm/turn.h"
#include "mm/zone.h"

#define PTE_USER (PTE_V | PTE_U | PTE_A | PTE_D)
#define NO_MEMORY (-2)

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

/* The entry of va if its table is there and the space's own; else NULL. */
static inline uint64 *own_entry(const struct vmspace *vm, uint64 va)
{
    uint64 pte = vm->vm_root[PX(2, va)];

    if (!(pte & PTE_V))
        return NULL;
    pte = ((uint64 *)pte_page(pte))[PX(1, va)];
    return (pte & (PTE_V | PTE_COW)) == PTE_V ? (uint64 *)pte_page(pte) + PX(0, va) : NULL;
}

/* A page is about to be mapped at va: vm_top covers it. */
static inline void cover(struct vmspace *vm, uint64 va)
{
    if (vm->vm_top <= va)
        vm->vm_top = PGROUNDDOWN(va) + PGSIZE;
}

/* The entry of va, to be changed: missing tables are made, and a shared one becomes the space's own.
 * NULL: no memory. vm_top covers the tables that were made, even if no page follows. */
static inline uint64 *make_entry(struct vmspace *vm, uint64 va)
{
    uint64 *pte = own_entry(vm, va);

    cover(vm, va);
    return pte != NULL ? pte : table_entry(vm, va);
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
static inline int break_cow(uint64 *pte, uint64 va)
{
    void *old = pte_page(*pte);

    if (page_sole(old)) {
        *pte = (*pte & ~PTE_COW) | PTE_W;
        return 0;
    }
    void *copy = page_alloc();
    if (copy == NULL)
        return NO_MEMORY;
    copy = copy_page(copy, old);
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
static inline int zero_fill(uint64 *pte, uint64 va)
{
    void *page = page_zalloc();

    if (page == NULL)
        return NO_MEMORY;
    enter_page(pte, va, page, VM_READ | VM_WRITE);
    return 0;
}

/* The bits that an entry must have for this access. */
static inline uint64 pte_needed(uint32 access)
{
    return PTE_V | PTE_U | (access & VM_READ ? PTE_R : 0) | (access & VM_WRITE ? PTE_W : 0) |
           (access & VM_EXEC ? PTE_X : 0);
}

/* Whether this is an access that the heap allows. */
static inline bool in_heap(const struct vmspace *vm, uint64 va, uint32 access)
{
    return va >= vm->vm_heap && va < vm->vm_size && !(access & VM_EXEC);
}

/*
 * vm_fault, or NO_MEMORY: no page is left. Only an address of the heap may make page tables: stray
 * accesses cost no memory.
 */
static int try_fault(struct vmspace *vm, uint64 va, uint32 access)
{
    bool heap = in_heap(vm, va, access);
    uint64 *pte = NULL;

    if (heap)
        pte = make_entry(vm, va);
    else if (va < USERTOP)
        pte = pmap_walk(vm->vm_root, va, 0, false);
    if (pte == NULL)
        return heap ? NO_MEMORY : -1;
    if (*pte == 0)
        return heap ? zero_fill(pte, va) : -1;
    if ((access & VM_WRITE) && (*pte & PTE_COW))
        return break_cow(pte, va);
    if ((*pte & pte_needed(access)) != pte_needed(access))
        return -1;
    sfence_vma_page(va); /* nothing is wrong: this hart remembers the old entry */
    return 0;
}

static int __attribute__((noinline)) fault_again(struct vmspace *vm, uint64 va, uint32 access)
{
    return memory_reclaim(false) && try_fault(vm, va, access) == 0 ? 0 : -1;
}

static int __attribute__((noinline)) fault_any(struct vmspace *vm, uint64 va, uint32 access)
{
    int result = try_fault(vm, va, access);

    return result == NO_MEMORY ? fault_again(vm, va, access) : result;
}

static int __attribute__((noinline)) fault_absent(struct vmspace *vm, uint64 va, uint64 *pte)
{
    cover(vm, va);
    return zero_fill(pte, va) == 0 ? 0 : fault_again(vm, va, VM_WRITE);
}

static int __attribute__((noinline)) fault_cow(uint64 *pte, uint64 va)
{
    return break_cow(pte, va) == 0 ? 0 : fault_again(curthread->td_vmspace, va, VM_WRITE);
}

/*
 * The two usual faults are told apart here, and each ends in a function of its own, so that nothing is
 * saved that it does not need. fault_any deals with all faults.
 */
int vm_fault(struct vmspace *vm, uint64 va, uint32 access)
{
    uint64 *pte = va < USERTOP ? own_entry(vm, va) : NULL;

    if (pte != NULL && (*pte & PTE_COW) && (access & VM_WRITE))
        return fault_cow(pte, va);
    if (pte != NULL && *pte == 0 && in_heap(vm, va, access))
        return fault_absent(vm, va, pte);
    return fault_any(vm, va, access);
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
        table_drop_pages(pte, 1);
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
 * Eager growth: fill in what is absent of [va, end). False: no memory. After each 64 pages, which are
 * zeroed in some 40,000 instructions, others may run. A shared space is let go meanwhile, so sharers
 * may have touched the next pages, or have moved the end of the heap to below them.
 */
static bool fill_heap(struct vmspace *vm, uint64 va, uint64 end, struct lwkt_tokref *ref)
{
    for (; va < end && va < vm->vm_size; va += PGSIZE) {
        uint64 *pte = make_entry(vm, va);
        if (pte == NULL || (*pte == 0 && zero_fill(pte, va) < 0))
            return false;
        if (PX(0, va) % 64 == 63) {
            vm_drop(vm, ref);
            pass_turn();
            vm_hold(vm, ref);
        }
    }
    return true;
}

static int64 shrink_heap(struct vmspace *vm, uint64 bytes, struct cut *cut)
{
    uint64 old = vm->vm_size;

    if (bytes > old)
        return (int64)old; /* as in xv6: below address 0 there is nothing to give back */
    if (bytes > old - vm->vm_heap)
        return -1;
    if (table_cut(vm, PGROUNDUP(old - bytes), cut) < 0)
        return -1;
    ++vm->vm_moves;
    vm->vm_size = old - bytes;
    return (int64)old;
}

/*
 * The end of the heap moves up. vm is held, and there was room a moment ago. The new part is the
 * caller's before it is filled. If there is no memory for it after all, it goes, unless a sharer has
 * moved the end meanwhile, or has forked, and there is no memory for a table of this space's own: then
 * it stays, and what is absent comes when it is touched.
 */
static int64 grow_heap(struct vmspace *vm, uint64 bytes, bool eager, struct lwkt_tokref *ref,
                       struct cut *cut)
{
    uint64 old = vm->vm_size, start = PGROUNDUP(old), end = PGROUNDUP(old + bytes);

    if (bytes == 0)
        return (int64)old;
    if (bytes > USERTOP - old)
        return -1;
    uint32 move = ++vm->vm_moves;
    vm->vm_size = old + bytes;
    if (!eager || fill_heap(vm, start, end, ref) || vm->vm_moves != move ||
        table_cut(vm, start, cut) < 0)
        return (int64)old;
    vm->vm_size = old;
    return -1;
}

/* Whoever shares the space may have moved the end of the heap while this waited for room, so the room
 * is only an estimate. */
int64 vm_sbrk(struct vmspace *vm, int64 delta, bool eager)
{
    uint64 size = peek(&vm->vm_size);
    struct cut cut = {0};
    struct lwkt_tokref ref;
    int64 old;

    if (delta > 0 && (uint64)delta > USERTOP - size)
        return -1;
    if (delta > 0 && eager && !heap_has_room(PGROUNDUP(size), PGROUNDUP(size + (uint64)delta)))
        return -1;
    vm_hold(vm, &ref);
    old = delta < 0 ? shrink_heap(vm, -(uint64)delta, &cut)
                    : grow_heap(vm, (uint64)delta, eager, &ref, &cut);
    vm_drop(vm, &ref);
    table_drop_cut(&cut);
    return old;
}
