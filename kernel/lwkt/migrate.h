/* SPDX-License-Identifier: BSD-3-Clause
 * For lwkt_switch_return: old, which is marked TDF_MIGRATING, is off its stack; send it to its new cpu.
 */
#ifndef LWKT_MIGRATE_H
#define LWKT_MIGRATE_H

#include "lwkt/thread.h"

void lwkt_setcpu_finish(thread_t old);

#endif
