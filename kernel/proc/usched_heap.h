/* SPDX-License-Identifier: BSD-3-Clause
 * A pairing heap of processes, for usched_queue.c: the one that goes first is the root, and each goes
 * before its children, which are in no order. To insert one takes one step, and to look at the first
 * none. To remove one takes as many as it has children, which are few on average: O(log n) for each
 * removal, over a series of them. Not locked.
 *
 * p_heapprev is the sibling before or, in a first child, the parent; NULL in the root.
 */
#ifndef PROC_USCHED_HEAP_H
#define PROC_USCHED_HEAP_H

#include "proc/proc.h"

typedef bool (*heap_order_t)(const struct proc *p, const struct proc *q);

/* Make one heap of two, either of which may be empty. */
static inline struct proc *heap_meld(struct proc *a, struct proc *b, heap_order_t before)
{
    if (a == NULL || b == NULL)
        return a != NULL ? a : b;
    if (before(b, a)) {
        struct proc *first = b;
        b = a;
        a = first;
    }
    b->p_heapprev = a;
    b->p_heapnext = a->p_heapchild;
    if (b->p_heapnext != NULL)
        b->p_heapnext->p_heapprev = b;
    a->p_heapchild = b;
    return a;
}

/* p is no sibling of anything any more. Returns its next one. */
static inline struct proc *heap_part(struct proc *p)
{
    struct proc *next = p->p_heapnext;

    p->p_heapnext = p->p_heapprev = NULL;
    return next;
}

/* Make one heap of siblings: of two each, and then of all these, the last first. That order makes the
 * steps few. */
static inline struct proc *heap_meld_all(struct proc *first, heap_order_t before)
{
    struct proc *pairs = NULL, *all = NULL;

    while (first != NULL) {
        struct proc *a = first, *b = heap_part(a);
        first = b != NULL ? heap_part(b) : NULL;
        a = heap_meld(a, b, before);
        a->p_heapnext = pairs;
        pairs = a;
    }
    while (pairs != NULL) {
        struct proc *a = pairs;
        pairs = heap_part(a);
        all = heap_meld(all, a, before);
    }
    return all;
}

static inline void heap_insert(struct proc **root, struct proc *p, heap_order_t before)
{
    p->p_heapchild = NULL;
    heap_part(p);
    *root = heap_meld(*root, p, before);
}

static inline void heap_remove(struct proc **root, struct proc *p, heap_order_t before)
{
    struct proc *children = heap_meld_all(p->p_heapchild, before), *prev = p->p_heapprev;
    struct proc *next = heap_part(p);

    p->p_heapchild = NULL;
    if (prev == NULL) {
        *root = children;
        return;
    }
    if (prev->p_heapchild == p)
        prev->p_heapchild = next;
    else
        prev->p_heapnext = next;
    if (next != NULL)
        next->p_heapprev = prev;
    *root = heap_meld(*root, children, before);
}

/* The one after p on a walk through all of a heap, each before its children; NULL after the last. */
static inline struct proc *heap_walk(struct proc *p)
{
    if (p->p_heapchild != NULL)
        return p->p_heapchild;
    while (p != NULL && p->p_heapnext == NULL) {
        while (p->p_heapprev != NULL && p->p_heapprev->p_heapchild != p)
            p = p->p_heapprev;
        p = p->p_heapprev; /* the parent */
    }
    return p != NULL ? p->p_heapnext : NULL;
}

#endif
