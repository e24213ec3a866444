/* SPDX-License-Identifier: BSD-3-Clause
 * Doubly linked lists with a sentinel, linked through a member of the element.
 * Not locked: the owner of the list states the rule for its use. A node that is on no list points to
 * itself, so that list_linked() can tell.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

/* The element of type `type` whose member `member` is the node at `node`. */
#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#define list_foreach(node, head) \
    for (struct list *node = (head)->next; node != (head); node = node->next)

/* As list_foreach, for a body that may remove `node`. */
#define list_foreach_safe(node, head)                                                 \
    for (struct list *node = (head)->next, *node##_next = node->next; node != (head); \
         node = node##_next, node##_next = node->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline bool list_linked(const struct list *node)
{
    return node->next != node;
}

static inline struct list *list_first(struct list *l)
{
    return l->next == l ? NULL : l->next;
}

static inline void list_insert_between(struct list *node, struct list *prev, struct list *next)
{
    node->prev = prev;
    node->next = next;
    prev->next = node;
    next->prev = node;
}

static inline void list_insert_head(struct list *l, struct list *node)
{
    list_insert_between(node, l, l->next);
}

static inline void list_insert_tail(struct list *l, struct list *node)
{
    list_insert_between(node, l->prev, l);
}

static inline void list_insert_before(struct list *pos, struct list *node)
{
    list_insert_between(node, pos->prev, pos);
}

static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    node->next = node->prev = node;
}

#endif
