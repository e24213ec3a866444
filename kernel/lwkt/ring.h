/*
 * The ring of IPI messages from one cpu to another; the protocol is in ipiq.c.
 */
#ifndef LWKT_RING_H
#define LWKT_RING_H

#include "lwkt/ipiq.h"

#define LWKT_IPIQ_SIZE 32 /* messages, at most; a power of two: a batch of 16 makes nobody wait */

struct ipiq_slot {
    ipifunc_t func;
    void *arg;
};

/* Indices run freely and are masked on use; their difference is the number of messages. */
struct lwkt_ipiq {
    uint32 ip_windex __attribute__((aligned(CACHE_LINE))); /* next to write: the source's */
    uint32 ip_size; /* slots in use: LWKT_IPIQ_SIZE, or fewer for tests. Constant */
    uint32 ip_rindex __attribute__((aligned(CACHE_LINE))); /* next to take: the target's */
    uint32 ip_xindex;  /* all before it are finished: the target's */
    int ip_nesting;    /* runs of this ring under way, and PUT_OFF (ipiq.c): the target's own */
    uint32 ip_put_off; /* messages that were taken and put off: the target's own */
    struct ipiq_slot ip_slot[LWKT_IPIQ_SIZE] __attribute__((aligned(CACHE_LINE)));
};

#endif
