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
#include "mm/table.h"

/*
 * Where the byte at va, below MAXVA, is, if the page is there and `right` (PTE_R or PTE_W) is set;
 * else NULL. This is pmap_walk unrolled, because every system call with a pointer comes here.
 */
static inline char *present_byte(const struct vmspace *vm, uint64 va, uint64 right)
{
    uint64 need = PTE_V | PTE_U | right;
    uint64 pte = vm->vm_root[PX(2, va)];

    if (!(pte & PTE_V))
        return NULL;
    pte = ((uint64 *)pte_page(pte))[PX(1, va)];
    if (!(pte & PTE_V))
        return NULL;
    pte = ((uint64 *)pte_page(pte))[PX(0, va)];
    return (pte & need) == need ? (char *)pte_page(pte) + va % PGSIZE : NULL;
}

/*
 * The same, after the page was faulted in if that is needed. NULL: it may not be accessed in this way.
 */
static char *user_byte(struct vmspace *vm, uint64 va, uint32 access)
{
    uint64 right = access == VM_WRITE ? PTE_W : PTE_R;
    char *byte = present_byte(vm, va, right);

    if (byte == NULL && vm_fault(vm, va, access) == 0)
        byte = present_byte(vm, va, right);
    return byte;
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

/* The copies below try first what they nearly always find, a page that is there and has all the bytes,
 * and end in one of these otherwise. */
static int __attribute__((noinline))
copyin_pages(struct vmspace *vm, char *to, uint64 usrc, uint64 len)
{
    struct lwkt_tokref ref;
    const char *from;

    if (!user_range(usrc, len))
        return -1;
    if (vm_is_shared(vm))
        vm_hold(vm, &ref);
    while (len > 0 && (from = user_byte(vm, usrc, VM_READ)) != NULL) {
        uint64 n = in_page(usrc, len);
        memcpy(to, from, n);
        to += n;
        usrc += n;
        len -= n;
    }
    if (vm_is_shared(vm))
        vm_drop(vm, &ref);
    return len == 0 ? 0 : -1;
}

static int __attribute__((noinline))
copyout_pages(struct vmspace *vm, uint64 udst, const char *from, uint64 len)
{
    struct lwkt_tokref ref;
    char *to;

    if (!user_range(udst, len))
        return -1;
    if (vm_is_shared(vm))
        vm_hold(vm, &ref);
    while (len > 0 && (to = user_byte(vm, udst, VM_WRITE)) != NULL) {
        uint64 n = in_page(udst, len);
        memcpy(to, from, n);
        from += n;
        udst += n;
        len -= n;
    }
    if (vm_is_shared(vm))
        vm_drop(vm, &ref);
    return len == 0 ? 0 : -1;
}

int vm_set_bits(struct vmspace *vm, uint64 va, uint32 bits)
{
    struct lwkt_tokref ref;
    char *word = NULL;

    vm_hold(vm, &ref);
    if (user_range(va, sizeof(bits)) && va % sizeof(bits) == 0)
        word = user_byte(vm, va, VM_WRITE);
    if (word != NULL)
        amo_or((uint32 *)(void *)word, bits);
    vm_drop(vm, &ref);
    return word != NULL ? 0 : -1;
}

/* Where the len bytes at va are, if all lie in one page that is present, of a space that is not shared;
 * else NULL. */
static inline char *present_bytes(const struct vmspace *vm, uint64 va, uint64 len, uint64 right)
{
    /* Nothing is mapped from USERTOP to MAXVA, and a comparison with a power of two is shorter. */
    if (va >= MAXVA || len > PGSIZE - va % PGSIZE || vm_is_shared(vm))
        return NULL;
    return present_byte(vm, va, right);
}

/* Few bytes are copied without a call. */
static inline void copy_bytes(char *to, const char *from, uint64 n)
{
    if (n > 8)
        memcpy(to, from, n);
    else
        for (; n > 0; n--)
            *to++ = *from++;
}

int vm_copyin(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
{
    const char *from = present_bytes(vm, usrc, len, PTE_R);

    if (from == NULL)
        return copyin_pages(vm, dst, usrc, len);
    copy_bytes(dst, from, len);
    return 0;
}

int vm_copyout(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
{
    char *to = present_bytes(vm, udst, len, PTE_W);

    if (to == NULL)
        return copyout_pages(vm, udst, src, len);
    copy_bytes(to, src, len);
    return 0;
}

/* Whether one of the eight bytes is 0: the subtraction sets the top bit of the lowest such byte, and of
 * no byte below it that was not 0x80 or more, which ~w takes out. */
static inline bool has_zero_byte(uint64 w)
{
    const uint64 ones = 0x0101010101010101UL;

    return ((w - ones) & ~w & ones << 7) != 0;
}

/* Copy a string of at most n bytes; returns its length, or n: there was no NUL. If both are aligned, it
 * copies eight bytes at a time, as long as there is no NUL among them. */
static inline uint64 copy_string(char *dst, const char *src, uint64 n)
{
    typedef uint64 __attribute__((may_alias)) word;
    uint64 i = 0;

    if ((((uint64)dst | (uint64)src) & 7) == 0)
        for (; i + 8 <= n; i += 8) {
            uint64 w = *(const word *)(const void *)(src + i);
            if (has_zero_byte(w))
                break;
            *(word *)(void *)(dst + i) = w;
        }
    for (; i < n && (dst[i] = src[i]) != '\0'; i++)
        ;
    return i;
}

static int64 __attribute__((noinline))
copyinstr_pages(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    struct lwkt_tokref ref;
    const char *from;
    uint64 len = 0;
    bool ended = false;

    vm_hold(vm, &ref);
    while (!ended && len < max && usrc + len < USERTOP &&
           (from = user_byte(vm, usrc + len, VM_READ)) != NULL) {
        uint64 n = in_page(usrc + len, max - len);
        uint64 got = copy_string(dst + len, from, n);
        len += got;
        ended = got < n;
    }
    vm_drop(vm, &ref);
    return ended ? (int64)len : -1;
}

int64 vm_copyinstr(struct vmspace *vm, char *dst, uint64 usrc, uint64 max)
{
    uint64 n = in_page(usrc, max);
    const char *from = present_bytes(vm, usrc, n, PTE_R);
    uint64 len = from != NULL ? copy_string(dst, from, n) : n;

    return len < n ? (int64)len : copyinstr_pages(vm, dst, usrc, max);
}
