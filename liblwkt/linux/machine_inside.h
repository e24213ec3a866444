/* SPDX-License-Identifier: BSD-3-Clause
 * What the files for Linux share.
 */
#ifndef LIBLWKT_MACHINE_INSIDE_H
#define LIBLWKT_MACHINE_INSIDE_H

#include "inside.h"

/* Signal handlers. / The calling pthread becomes that cpu, in its idle thread. Does not return. */
void machine_init(void);
void machine_enter(struct cpu *c, struct thread *idle);

#endif
