/* SPDX-License-Identifier: BSD-3-Clause
 * Address spaces. The upper half is the kernel's and the same in all; the lower half is a process's:
 * program, guard page, stack, heap, in this order, as in xv6. The programs of this tree begin at the
 * second page, so that a null pointer leads nowhere. A process has one thread, so its address space is
 * used by one cpu at a time and needs no lock, unless processes share it (share.c).
 */
#ifndef MM_VM_H
#define MM_VM_H

#include <stdbool.h>

#include "kernel/types.h"
#include "lwkt/token.h"

struct lwkt_cpusync;

struct vmspace {
    uint64 *vm_root; /* Sv39 root page */
    uint64 vm_size;  /* bytes from 0 to the end of the heap: sbrk(0) */
    uint64 vm_heap;  /* lowest address of the heap: sbrk cannot shrink below it */
    uint64 vm_guard; /* address of the page below the stack, which stays unmapped */
    uint64 vm_top;   /* no page is mapped, and no table begins, at or above it */
    /* NULL until it is shared; from then on this guards the table and the fields above (vm_hold) */
    lwkt_token_t vm_token;
    uint32 vm_others; /* processes that have it, less one: AMO */
    uint32 vm_moves;  /* times that the end of the heap was moved */
};

/* Kinds of access for vm_fault and vm_map_user. */
#define VM_READ 1u
#define VM_WRITE 2u
#define VM_EXEC 4u

/* The region for kernel stacks: one entry of the root, and the address space of each stack. */
#define KSTACKS_SIZE (1UL << 30)
#define KSTACK_SLOT (32UL << 10)

/* --- pmap.c: page tables --- */

/* Build the kernel's page table from the device tree's memory and load it; boot hart. Text is read-only
 * and executable; all the rest is not executable. */
void pmap_init(uint64 mem_end);
/* Load the kernel's page table, or that of a satp value, on this hart, and store it in gd_satp. In a
 * critical section, or where the thread cannot move to another hart. */
void pmap_load_kernel(void);
void pmap_load(uint64 satp);
/* A root, with the kernel's half filled in, or NULL: no memory. / Free one whose user half is 0. */
uint64 *pmap_root_alloc(void);
void pmap_root_free(uint64 *root);
/* A lower table, all 0, or NULL: no memory. / Free one that is all 0. */
uint64 *pmap_table_alloc(void);
void pmap_table_free(uint64 *table);
/* Map one page of the region for stacks, from KSTACKS on, KSTACKS_SIZE bytes. -1: out of memory. Any
 * cpu; not twice at once for the same page. */
int pmap_kernel_map(uint64 va, uint64 pa, uint64 pte_flags);
/* The physical address of such a page, which is mapped. */
uint64 pmap_kernel_pa(uint64 va);
/* Unmap it; returns its physical address. The caller must have the harts drop their translations. */
uint64 pmap_kernel_unmap(uint64 va);
/* The entry for va in the table of this level (2: the root; 0: the PTE of the page), or NULL: there is
 * no such table. With `make`, missing tables are made (NULL: no memory). */
uint64 *pmap_walk(uint64 *root, uint64 va, int level, bool make);
/* One step of that walk: the table that an entry leads to. */
uint64 *pmap_table(uint64 *pte, bool make);

/* --- vm.c: user address spaces. All in thread context. --- */

/* An empty space, or NULL: no memory. */
struct vmspace *vmspace_create(void);
/* Free a space that nobody shares, and its pages; it must not be loaded on any hart. */
void vmspace_destroy(struct vmspace *vm);
/* Make dst, empty, a copy-on-write copy of src, which is loaded here. -1: no memory, and dst may be
 * partly filled: destroy it. */
int vmspace_fork(struct vmspace *dst, struct vmspace *src);
/* The value for satp. */
uint64 vmspace_satp(const struct vmspace *vm);

/* Put a page at va, where there is none, with these rights (VM_*); takes over the caller's reference.
 * -1: no memory, and the page is freed. */
int vm_map_user(struct vmspace *vm, uint64 va, void *page, uint32 rights);

/* Make a page of the heap a guard, or (on: false) an ordinary one, empty. A guard has no memory, and an
 * access to it fails. 0; -1: not a page of the heap, or no memory. */
int vm_guard_page(struct vmspace *vm, uint64 va, bool on);
bool vm_is_guard(struct vmspace *vm, uint64 va);

/* Make va accessible: break a copy-on-write share, or fill a page of the heap. When no page is left,
 * what is only kept is taken back first (reclaim.h). 0; -1: no such address or right, or no memory.
 * Between vm_hold and vm_drop. */
int vm_fault(struct vmspace *vm, uint64 va, uint32 access);

/* Move the end of the heap by delta bytes; returns the old end, or -1 (out of range; eager: no
 * memory). Without eager, pages come at their first touch. Shrinking frees at once, page tables too; it
 * needs memory, and may fail, only where a table is shared since a fork and keeps a part. */
int64 vm_sbrk(struct vmspace *vm, int64 delta, bool eager);

/* --- share.c: spaces of several processes. --- */

/* One more process has vm, which is the caller's. / One no longer has it: this hart has not loaded it
 * any more for that process. The last one destroys it. */
void vmspace_share(struct vmspace *vm);
void vmspace_release(struct vmspace *vm);

/* Whether other processes may have vm, too. */
static inline bool vm_is_shared(const struct vmspace *vm)
{
    return __builtin_expect(vm->vm_token != NULL, 0);
}

/* From hold to drop nobody else changes vm's table or frees a page of it, unless the caller blocks in
 * between; it is in a critical section. Thread context, holding no spin lock; hold and drop may switch.
 * No effect on a space that is not shared; code that is to be fast asks first whether it is. */
void vm_hold(const struct vmspace *vm, struct lwkt_tokref *ref);
void vm_drop(const struct vmspace *vm, struct lwkt_tokref *ref);

/* Between these two, the other harts that may use vm stand still, so that pages can be taken out of
 * it. The second makes all harts forget their translations. The caller holds vm, and must not block. */
void vm_stop_others(const struct vmspace *vm, struct lwkt_cpusync *poll);
void vm_let_others_go(const struct vmspace *vm, struct lwkt_cpusync *poll);

/* After entries of vm lost rights or point elsewhere: no hart uses the old ones from here on. */
void vm_flush(const struct vmspace *vm);

/* --- usercopy.c --- */

/* Copy between the kernel and user memory of vm; pages that are not there yet are faulted in.
 * 0, or -1 if any byte is not accessible (what was copied before it stays copied). */
int vm_copyin(struct vmspace *vm, void *dst, uint64 usrc, uint64 len);
int vm_copyout(struct vmspace *vm, uint64 udst, const void *src, uint64 len);
/* Copy a string with its NUL, at most max bytes. Returns its length, or -1. */
int64 vm_copyinstr(struct vmspace *vm, char *dst, uint64 usrc, uint64 max);
/* Set bits of the word at va, a multiple of 4, by one AMO. 0, or -1: it is not accessible. */
int vm_set_bits(struct vmspace *vm, uint64 va, uint32 bits);

/* The same on the memory of the calling thread's process. */
static inline int copyin(void *dst, uint64 usrc, uint64 len)
{
    return vm_copyin(curthread->td_vmspace, dst, usrc, len);
}
static inline int copyout(uint64 udst, const void *src, uint64 len)
{
    return vm_copyout(curthread->td_vmspace, udst, src, len);
}
static inline int64 copyinstr(char *dst, uint64 usrc, uint64 max)
{
    return vm_copyinstr(curthread->td_vmspace, dst, usrc, max);
}

#endif
