/* SPDX-License-Identifier: BSD-3-Clause
 * What the files for Nymph share.
 */
#ifndef LIBLWKT_MACHINE_INSIDE_H
#define LIBLWKT_MACHINE_INSIDE_H

#include "inside.h"

/* The calling process becomes that cpu, as far as upcalls are concerned. */
void machine_enter(struct cpu *c);

#endif
