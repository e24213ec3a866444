/* SPDX-License-Identifier: BSD-3-Clause
 * Kernel tracing: each cpu keeps the last KTR_ENTRIES events of its scheduling in a ring. Sysctl
 * kern.ktr_mask (a bit per event; 0: nothing, the default) or the boot argument ktr=MASK chooses what
 * is recorded. ktrace() reads a ring; ktrdump prints all of them.
 */
#ifndef KERNEL_KTR_ENTRY_H
#define KERNEL_KTR_ENTRY_H

#include "kernel/types.h"

#define KTR_ENTRIES 2048 /* a cpu; a power of two */

/* Events, and the meaning of a and b. A thread is given by its id. */
enum ktr_event {
    KTR_SWITCH,      /* the thread runs now; a: the one before, b: its td_flags */
    KTR_SCHEDULE,    /* lwkt_schedule; a: thread, b: its cpu */
    KTR_PREEMPT,     /* the thread is preempted; a: by which, b: its priority */
    KTR_NEWTD,       /* a: new thread, b: its cpu */
    KTR_DEADTD,      /* the thread exits */
    KTR_IPI_SEND,    /* a: target cpu, b: function */
    KTR_IPI_RECV,    /* a: source cpu, b: function; it runs next */
    KTR_TOKEN_GET,   /* the thread has it; a: token */
    KTR_TOKEN_REL,   /* a: token */
    KTR_TOKEN_WAIT,  /* contended; a: token, b: cpu that owns it */
    KTR_MIGRATE_OUT, /* the thread leaves; a: to which cpu */
    KTR_MIGRATE_IN,  /* a: thread that has arrived here */
    KTR_SLEEP,       /* a: ident, b: ticks it sleeps at most, 0: no limit */
    KTR_WAKEUP,      /* a: ident, b: how many at most, -1: all */
    KTR_SYSCALL,     /* a: number, b: first argument */
    KTR_SYSRET,      /* a: number, b: result */
    KTR_TICK,        /* a: ticks so far, b: mask of the priorities that are queued */
    KTR_INTR,        /* a device interrupts; a: its source at the PLIC */
    KTR_ARGS,        /* follows KTR_SYSCALL; a, b: second and third argument */
    KTR_NEVENTS,
};

#define KTR_BIT(event) (1u << (event))
#define KTR_CTXSW                                                                              \
    (KTR_BIT(KTR_SWITCH) | KTR_BIT(KTR_SCHEDULE) | KTR_BIT(KTR_PREEMPT) | KTR_BIT(KTR_NEWTD) | \
     KTR_BIT(KTR_DEADTD))
#define KTR_IPIQ (KTR_BIT(KTR_IPI_SEND) | KTR_BIT(KTR_IPI_RECV))
#define KTR_TOKENS (KTR_BIT(KTR_TOKEN_GET) | KTR_BIT(KTR_TOKEN_REL) | KTR_BIT(KTR_TOKEN_WAIT))
#define KTR_MIGRATE (KTR_BIT(KTR_MIGRATE_OUT) | KTR_BIT(KTR_MIGRATE_IN))
#define KTR_TSLEEP (KTR_BIT(KTR_SLEEP) | KTR_BIT(KTR_WAKEUP))
#define KTR_SYSCALLS (KTR_BIT(KTR_SYSCALL) | KTR_BIT(KTR_ARGS) | KTR_BIT(KTR_SYSRET))
#define KTR_TICKS (KTR_BIT(KTR_TICK) | KTR_BIT(KTR_INTR))
#define KTR_ALL (KTR_BIT(KTR_NEVENTS) - 1)

struct ktr_entry {
    uint64 seq;  /* 1, 2, ...: the cpu's events since it booted */
    uint64 time; /* ticks of the time CSR, the same clock on all cpus */
    uint32 event;
    uint32 td; /* id of the thread that was current */
    uint64 a, b;
    char comm[16]; /* that thread's name */
    uint32 pc;     /* where the event was recorded: the low half of the address */
    /* that thread's priority, td_pri; << 8: the low bits of td_wmesg, the address of a string, 0: it
     * does not sleep */
    uint32 pri_wmesg;
};

/*
 * int ktrace(int cpu, uint64 first, struct ktr_entry *buf, int max): the ring's entries from sequence
 * number `first` on, oldest first, at most max. Returns how many; -1: no such cpu, bad address. What
 * has been overwritten, or is overwritten during the call, is left out.
 */

#endif
