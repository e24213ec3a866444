/* SPDX-License-Identifier: BSD-3-Clause
 * What a grader reads in the memory of a machine that has fallen silent (grading/postmortem.py). The
 * graders look through QEMU's monitor, so nothing of the kernel needs to work for that. They know the
 * addresses of these two by their names, and expect the offsets in this order.
 */
#include "ktest/internal.h"

uint64 kt_watched_until; /* time at which the watchdog ends the scene; 0: it watches nothing */

extern const uint32 kt_layout[];
const uint32 kt_layout[] = {
    __builtin_offsetof(struct thread, td_gd),
    __builtin_offsetof(struct thread, td_critcount),
    __builtin_offsetof(struct thread, td_flags),
    __builtin_offsetof(struct thread, td_comm),
    __builtin_offsetof(struct globaldata, gd_cpuid),
    __builtin_offsetof(struct globaldata, gd_reqflags),
    __builtin_offsetof(struct globaldata, gd_runqmask),
    __builtin_offsetof(struct globaldata, gd_intr_nesting_level),
};
