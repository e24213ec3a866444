/* SPDX-License-Identifier: BSD-3-Clause
 * Upcalls: a process is interrupted as a hart is. It registers a handler and a struct upcall by
 * upcall(). Code that wants to interrupt it sets a bit of `pending`, in the memory that both share, and
 * calls upcall_notify() if that was the first bit. The kernel then makes the process call its handler
 * as soon as it is in user mode, unless `masked` is set. Code that clears `masked` must look at
 * `pending` afterwards.
 *
 * The handler finds the interrupted registers in a frame on the interrupted stack, and `masked` set; it
 * clears the bits that it serves, and ends with upcall_return(frame).
 */
#ifndef KERNEL_UPCALL_H
#define KERNEL_UPCALL_H

#include "kernel/types.h"

struct upcall {
    uint32 masked;  /* not 0: no upcall is made. The kernel sets it before each one */
    uint32 pending; /* a bit for each kind of event; AMO */
};

/* The bit of `pending` that the kernel sets, when the time of upcall_timer() has come. The others mean
 * what the program wants. */
#define UPCALL_TIMER 1u

struct upcall_frame {
    uint64 x[31]; /* registers x1 (ra) to x31 (t6) */
    uint64 pc;
};

#endif
