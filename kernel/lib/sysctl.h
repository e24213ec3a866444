/*
 * The sysctl tree: named 64-bit values, read and set by name ("vm.free_pages") through the system
 * call sysctl() and listed by `sysctl -a`. A node is declared where its variable lives:
 *
 *   SYSCTL(vm_free_pages, "vm.free_pages", read_free_pages, NULL);
 *
 * The linker gathers the nodes (section "sysctl"). Handlers run in the calling process's context
 * and may block.
 */
#ifndef LIB_SYSCTL_H
#define LIB_SYSCTL_H

#include "kernel/types.h"

struct sysctl_node {
    const char *name;
    uint64 (*get)(void);
    int (*set)(uint64 value);    /* NULL: read-only. Returns 0, or -1 when out of range */
};

#define SYSCTL(ident, name_, get_, set_)                                             \
    __attribute__((used, section("sysctl"))) const struct sysctl_node sysctl_##ident = { \
        .name = (name_), .get = (get_), .set = (set_)}

/* The node of that name, or NULL. */
const struct sysctl_node *sysctl_find(const char *name);

/* The i-th node in the order of names, from 0; NULL past the last. */
const struct sysctl_node *sysctl_nth(int i);

#endif
