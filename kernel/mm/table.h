/* SPDX-License-Identifier: BSD-3-Clause
 * The page tables of user spaces, for the files of mm/. Thread context; the space is held (share.c).
 */
#ifndef MM_TABLE_H
#define MM_TABLE_H

#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "mm/vm.h"

/* What an entry points to, as an address in the direct map. */
static inline void *pte_page(uint64 pte)
{
    return PA_TO_KVA(PTE_TO_PA(pte));
}

static inline uint64 page_pte(const void *page)
{
    return PA_TO_PTE(KVA_TO_PA(page));
}

/* The entry of va, to be changed: missing tables are made, and a shared one becomes the space's own.
 * NULL: no memory. */
uint64 *table_entry(struct vmspace *vm, uint64 va);

/* Clear n entries of a table, and give up their pages. */
void table_drop_pages(uint64 *pte, uint64 n);

/* What a cut has moved out of a space that is shared: a root that leads to it. NULL: nothing. */
struct cut {
    uint64 *root;
    uint64 from, end; /* the addresses that it had */
};

/* Remove everything from `from` on, page aligned, from the space, which is loaded here: 0; -1: no
 * memory to take a part out of a table that is shared, and nothing has changed. While the other harts
 * stand still, the tables of a shared space only move to *cut, which is {0} before. The caller gives
 * them up with table_drop_cut() when it has let go of the space; that passes its turn. */
int table_cut(struct vmspace *vm, uint64 from, struct cut *cut);
void table_drop_cut(struct cut *cut);

#endif
