/*
 * Finding sysctl nodes: the linker has put all of them into one array. There are some dozens of them,
 * in no order, and nobody asks often, so both searches just go through the array.
 */
#include "lib/sysctl.h"

#include <stddef.h>

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

/* The node with the least name that is greater than `after` (NULL: the least of all). */
static const struct sysctl_node *next_by_name(const char *after)
{
    const struct sysctl_node *best = NULL;

    for (const struct sysctl_node *n = __start_sysctl; n < __stop_sysctl; n++) {
        if (after != NULL && strcmp(n->name, after) <= 0)
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
        n = next_by_name(n != NULL ? n->name : NULL);
    } while (n != NULL && i-- > 0);
    return n;
}
