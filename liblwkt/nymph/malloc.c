/* SPDX-License-Identifier: BSD-3-Clause
 * The user library's malloc, for several processes with one heap: under a spin lock, so in a critical
 * section. Any context, and before there are threads. The heap is lazy: so the page below a new stack
 * has no memory yet, and can become a guard without stopping other harts.
 */
#define malloc unlocked_malloc
#define free unlocked_free
#define sbrk sbrklazy
#include "user/lib/malloc.c"
#undef malloc
#undef free
#undef sbrk

#include "lwkt/spin.h"

static struct spinlock lock = SPINLOCK("malloc");

void *malloc(uint n)
{
    if (curthread == NULL)
        return unlocked_malloc(n);
    spin_lock(&lock);
    void *p = unlocked_malloc(n);
    spin_unlock(&lock);
    return p;
}

void free(void *p)
{
    if (curthread == NULL) {
        unlocked_free(p);
        return;
    }
    spin_lock(&lock);
    unlocked_free(p);
    spin_unlock(&lock);
}
