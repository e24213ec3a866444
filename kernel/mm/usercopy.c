/* SPDX-License-Identifier: BSD-3-Clause
 * Copies between the kernel and user memory, in the thread whose space it is (exec: also into a space
 * that no hart has loaded yet).
 *
 * Page by page, the table is walked in software and the page is reached through the direct map. So a
 * program may pass any address and length: what it may not touch is not found, and nothing traps. A
 * page that is not there yet, or is copy-on-write, is faulted in as if the program had touched it.
 *
 * A space that is shared is held from the look at an entry to the end of the copy (share.c). The
 * faulting in may block, and then lets go, but the entry is read after that.
 */
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/string.h"
#include "mm/vm.h"

/* What an entry points to, as an address in the direct map. */
static inline void *pte_page(uint64 pte)
{
    return PA_TO_KVA(PTE_TO_PA(pte));
}

/*
 * The entry for va, which is below USERTOP; 0: there is none. This is pmap_walk unrolled, because every
 * system call with a pointer comes here.
 */
static inline uint64 user_pte(const struct vmspace *vm, uint64 va)
{
    uint64 pte = vm->vm_root[PX(2, va)];

    if (!(pte & PTE_V))
        return 0;
    pte = ((uint64 *)pte_page(pte))[PX(1, va)];
    if (!(pte & PTE_V))
        return 0;
    return ((uint64 *)pte_page(pte))[PX(0, va)];
}

/* As if the program had touched va: 0, or -1. Not inlined, so that a copy saves fewer registers. */
static int __attribute__((noinline)) fault_in(struct vmspace *vm, uint64 va, uint32 access)
{
    int result = vm_fault(vm, va, access);

    return result == VM_NO_MEMORY ? vm_fault_again(vm, va, access) : result;
}

/*
 * Where the byte at va is, if the page may be accessed in this way; else NULL. access: VM_READ or
 * VM_WRITE; right: the same as PTE_R or PTE_W.
 */
static inline char *user_byte(struct vmspace *vm, uint64 va, uint32 access, uint64 right)
{
    uint64 need = PTE_V | PTE_U | right;
    uint64 pte = user_pte(vm, va);

    if ((pte & need) != need) {
        if (fault_in(vm, va, access) < 0)
            return NULL;
        pte = user_pte(vm, va);
    }
    return (char *)pte_page(pte) + va % PGSIZE;
}

/* Whether [va, va + len) lies below USERTOP, or is empty. */
static inline bool user_range(uint64 va, uint64 len)
{
    return len == 0 || (len <= USERTOP && va <= USERTOP - len);
}

/* Bytes from va to the end of its page, at most len. */
static inline uint64 in_page(uint64 va, uint64 len)
{
    uint64 left = PGSIZE - va % PGSIZE;

    return left < len ? left : len;
}

/* Where the byte at va is, if it and the len bytes from there lie in one page that is there, with this
 * right; else NULL. Most copies are of this kind. */
static inline char *in_one_page(const struct vmspace *vm, uint64 va, uint64 len, uint64 right)
{
    uint64 need = PTE_V | PTE_U | right;

    if (va >= USERTOP || len > PGSIZE - va % PGSIZE)
        return NULL;
    uint64 pte = user_pte(vm, va);
    return (pte & need) == need ? (char *)pte_page(pte) + va % PGSIZE : NULL;
}

static int __attribute__((noinline)) copy_in(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
{
    char *to = dst;

    if (!user_range(usrc, len))
        return -1;
    while (len > 0) {
        uint64 n = in_page(usrc, len);
        const char *from = user_byte(vm, usrc, VM_READ, PTE_R);
        if (from == NULL)
            return -1;
        memcpy(to, from, n);
        to += n;
        usrc += n;
        len -= n;
    }
    return 0;
}

static int __attribute__((noinline))
copy_in_shared(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    int result = copy_in(vm, dst, usrc, len);
    vm_drop(vm, &ref);
    return result;
}

int vm_copyin(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
{
    if (vm_is_shared(vm))
        return copy_in_shared(vm, dst, usrc, len);
    const char *from = in_one_page(vm, usrc, len, PTE_R);
    if (from == NULL)
        return copy_in(vm, dst, usrc, len);
    memcpy(dst, from, len);
    return 0;
}

static int __attribute__((noinline))
copy_out(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
{
    const char *from = src;

    if (!user_range(udst, len))
        return -1;
    while (len > 0) {
        uint64 n = in_page(udst, len);
        char *to = user_byte(vm, udst, VM_WRITE, PTE_W);
        if (to == NULL)
            return -1;
        memcpy(to, from, n);
        from += n;
        udst += n;
        len -= n;
    }
    return 0;
}

static int __attribute__((noinline))
copy_out_shared(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    int result = copy_out(vm, udst, src, len);
    vm_drop(vm, &ref);
    return result;
}

int vm_copyout(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
{
    if (vm_is_shared(vm))
        return copy_out_shared(vm, udst, src, len);
    char *to = in_one_page(vm, udst, len, PTE_W);
    if (to == NULL)
        return copy_out(vm, udst, src, len);
    memcpy(to, src, len);
    return 0;
}

int vm_set_bits(struct vmspace *vm, uint64 va, uint32 bits)
{
    struct lwkt_tokref ref;
    char *word = NULL;

    vm_hold(vm, &ref);
    if (user_range(va, sizeof(bits)) && va % sizeof(bits) == 0)
        word = user_byte(vm, va, VM_WRITE, PTE_W);
    if (word != NULL)
        amo_or((uint32 *)(void *)word, bits);
    vm_drop(vm, &ref);
    return word != NULL ? 0 : -1;
}

static int64 __attribute__((noinline))
copy_in_str(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    uint64 end = usrc + max >= usrc && usrc + max < USERTOP ? usrc + max : USERTOP;
    char *to = dst;

    while (usrc < end) {
        uint64 n = in_page(usrc, end - usrc);
        const char *from = user_byte(vm, usrc, VM_READ, PTE_R);
        if (from == NULL)
            return -1;
        usrc += n;
        for (const char *stop = from + n; from < stop;)
            if ((*to++ = *from++) == '\0')
                return to - dst - 1;
    }
    return -1;
}

static int64 __attribute__((noinline))
copy_in_str_shared(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    struct lwkt_tokref ref;

    vm_hold(vm, &ref);
    int64 result = copy_in_str(vm, dst, usrc, max);
    vm_drop(vm, &ref);
    return result;
}

int64 vm_copyinstr(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    return vm_is_shared(vm) ? copy_in_str_shared(vm, dst, usrc, max)
                            : copy_in_str(vm, dst, usrc, max);
}
