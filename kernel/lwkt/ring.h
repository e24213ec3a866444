/* SPDX-License-Identifier: BSD-3-Clause
 * The ring of IPI messages from one cpu to another. The protocol is in ipiq.c.
 *
 * Differences from DragonFly: 32 slots instead of 16; the indices of the two sides are on cache lines
 * of their own; a bit in the target's gd_ipimask does what ip_npoll does there.
 */
#ifndef LWKT_RING_H
#define LWKT_RING_H

#include "lwkt/ipiq.h"

#define LWKT_IPIQ_SIZE 32 /* messages at most; a power of two. A batch of 16 need not wait */

struct ipiq_slot {
    ipifunc_t func;
    void *arg;
};

/* Indices run freely and are masked on use; a difference of two is a number of messages. */
struct lwkt_ipiq {
    uint32 ip_windex __attribute__((aligned(CACHE_LINE))); /* next to write; the source writes it */
    uint32 ip_size; /* slots in use: LWKT_IPIQ_SIZE, or fewer for tests; constant */
    uint32 ip_rindex __attribute__((aligned(CACHE_LINE))); /* next to take; the target writes it */
    uint32 ip_xindex;  /* messages before it are finished; the target writes it */
    int ip_nesting;    /* runs of this ring under way, and PUT_OFF (ipiq.c); the target's own */
    uint32 ip_put_off; /* messages that were taken and put off; the target's own */
    struct ipiq_slot ip_slot[LWKT_IPIQ_SIZE] __attribute__((aligned(CACHE_LINE)));
};

#endif
