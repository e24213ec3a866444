/* SPDX-License-Identifier: BSD-3-Clause
 * The sysctl tree: named 64-bit values, read and set by name ("vm.free_pages") through the system
 * call sysctl() and listed by `sysctl -a`. A node is declared where its variable lives:
 *
 *   SYSCTL(vm_free_pages, "vm.free_pages", read_free_pages, NULL);
 *   SYSCTL_FLAG(lwkt_token_debug, "lwkt.token_debug", lwkt_token_debug);
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
    int (*set)(uint64 value);     /* NULL: read-only. Returns 0, or -1 when out of range */
    int *flag;                    /* get NULL: a variable that is 0 or 1 (peek, poke) */
    uint64 (*get_of)(uint64 arg); /* or: one function for several nodes, */
    int (*set_of)(uint64 arg, uint64 value); /* which `arg` tells apart */
    uint64 arg;
};

#define SYSCTL_NODE(ident, ...) \
    __attribute__((used, section("sysctl"))) const struct sysctl_node sysctl_##ident = {__VA_ARGS__}

#define SYSCTL(ident, name_, get_, set_) \
    SYSCTL_NODE(ident, .name = (name_), .get = (get_), .set = (set_))
#define SYSCTL_FLAG(ident, name_, flag_) SYSCTL_NODE(ident, .name = (name_), .flag = &(flag_))
#define SYSCTL_OF(ident, name_, get_, set_, arg_) \
    SYSCTL_NODE(ident, .name = (name_), .get_of = (get_), .set_of = (set_), .arg = (arg_))

/* The node of that name, or NULL. */
const struct sysctl_node *sysctl_find(const char *name);

/* The i-th node in the order of names, from 0; NULL past the last. */
const struct sysctl_node *sysctl_nth(int i);

/* Its value. / Set it: 0, SYSCTL_READONLY or SYSCTL_RANGE (kernel/syscall.h). Thread context. */
uint64 sysctl_read(const struct sysctl_node *n);
int sysctl_write(const struct sysctl_node *n, uint64 value);

#endif
