/* SPDX-License-Identifier: BSD-3-Clause
 * Finding sysctl nodes: the linker has put all of them into one array. There are some dozens of them,
 * in no order, and searches are rare, so both searches just go through the array.
 */
#include "lib/sysctl.h"

#include <stddef.h>

#include "kernel/syscall.h"
#include "lib/atomic.h"
#include "lib/string.h"

extern const struct sysctl_node __start_sysctl[], __stop_sysctl[];

const struct sysctl_node *sysctl_find(const char *name)
{
    for (const struct sysctl_node *n = __start_sysctl; n < __stop_sysctl; n++) {
        if (strcmp(n->name, name) == 0)
            return n;
    }
    return NULL;
}

/* The node whose name comes next after that of `after` (NULL: the first of all). */
static const struct sysctl_node *next_by_name(const struct sysctl_node *after)
{
    const struct sysctl_node *best = NULL;

    for (const struct sysctl_node *n = __start_sysctl; n < __stop_sysctl; n++) {
        if (after != NULL && strcmp(n->name, after->name) <= 0)
            continue;
        if (best == NULL || strcmp(n->name, best->name) < 0)
            best = n;
    }
    return best;
}

const struct sysctl_node *sysctl_nth(int i)
{
    const struct sysctl_node *n = NULL;

    if (i < 0)
        return NULL;
    do {
        n = next_by_name(n);
    } while (n != NULL && i-- > 0);
    return n;
}

uint64 sysctl_read(const struct sysctl_node *n)
{
    if (n->flag != NULL)
        return (uint64)peek(n->flag);
    return n->get != NULL ? n->get() : n->get_of(n->arg);
}

int sysctl_write(const struct sysctl_node *n, uint64 value)
{
    int result;

    if (n->flag != NULL) {
        if (value > 1)
            return SYSCTL_RANGE;
        poke(n->flag, (int)value);
        return 0;
    }
    if (n->set == NULL && n->set_of == NULL)
        return SYSCTL_READONLY;
    result = n->set != NULL ? n->set(value) : n->set_of(n->arg, value);
    return result < 0 ? SYSCTL_RANGE : 0;
}
