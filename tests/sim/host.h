/* SPDX-License-Identifier: BSD-3-Clause
 * What the explorer puts in the place of the kernel that kernel/sync, kernel/fs/pipe.c and the user
 * scheduler build on, beside the core: pages, zones, user memory, processes. As thin as these scenes allow.
 *
 *   host_memory.c   pages and objects are the simulated machine's memory; a user address is an address
 *   host_proc.c     a process is a struct proc, a thread of the scene, and a loop that is user mode
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "explore.h"

struct proc;

/* Give each cpu its sleep queues. Once a scene, before the mark. */
void host_sleep_init(void);
/* Nobody is on a sleep queue. */
void host_sleep_audit(void);
/* Pages and objects in use, without those of the sleep queues. */
int host_memory_used(void);

/* How often something was printed between the marks; there printf prints nothing. */
uint64 host_printed(void);

/* --- processes --- */

/* A process whose program is `main`: a thread of the scene, on that cpu, that begins inside the kernel,
 * without a designation. / The same, not scheduled at the mark: the scene does that. */
struct proc *host_proc(int cpu, void (*main)(struct proc *p), const char *name);
struct proc *host_proc_stopped(int cpu, void (*main)(struct proc *p), const char *name);
/* For `main`: go to user mode, as the end of a system call does; come back from it at once. A process that
 * was killed ends here. */
void host_user(struct proc *p);
/* Stay in user mode, which interrupts leave and come back to, until *flag is set. */
void host_user_until(struct proc *p, const uint32 *flag);
/* The parent's part: when p has ended, its memory is another's. Any thread. */
void host_reap(struct proc *p);
/* The processes are gone, and so is what they had. */
void host_proc_audit(void);

#endif
