/* SPDX-License-Identifier: BSD-3-Clause
 * Copies between the kernel and user memory, in the thread whose space it is (exec: also into a space
 * that no hart has loaded yet).
 *
 * Page by page, the table is walked in software and the page is reached through the direct map. So a
 * program may pass any address and length: what it may not touch is not found, and nothing traps. A
 * page that is not there yet, or is copy-on-write, is faulted in as if the program had touched it.
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

/*
 * Where the byte at va is, if the page may be accessed in this way; else NULL. access: VM_READ or
 * VM_WRITE; right: the same as PTE_R or PTE_W.
 */
static inline char *user_byte(struct vmspace *vm, uint64 va, uint32 access, uint64 right)
{
    uint64 need = PTE_V | PTE_U | right;
    uint64 pte = user_pte(vm, va);

    if ((pte & need) != need) {
        int result = vm_fault(vm, va, access);
        if (result == VM_NO_MEMORY)
            result = vm_fault_again(vm, va, access);
        if (result < 0)
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

int vm_copyin(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
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

int vm_copyout(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
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

int64 vm_copyinstr(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    uint64 len = 0;

    while (len < max && usrc + len < USERTOP) {
        uint64 n = in_page(usrc + len, max - len);
        const char *from = user_byte(vm, usrc + len, VM_READ, PTE_R);
        if (from == NULL)
            return -1;
        for (uint64 i = 0; i < n; i++)
            if ((dst[len + i] = from[i]) == '\0')
                return (int64)(len + i);
        len += n;
    }
    return -1;
}
