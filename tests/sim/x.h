/* SPDX-License-Identifier: BSD-3-Clause
 * What the explorer's scenes of one mechanism each (x_*.c) share.
 */
#ifndef SIM_X_H
#define SIM_X_H

#include "explore.h"
#include "lwkt/token.h"
#include "scenes.h"

#define PRI TDPRI_KERN_DAEMON

/* Two tokens, and a plain word under each. / Make them free, and 0. A scene that uses no token may take the
 * words for something else. / A thread that takes token number arg, and raises its word. */
extern struct lwkt_token x_token[2];
extern uint32 x_under[2];
void x_init(void);
void x_take(void *arg);

/* A thread that ends at once. */
void x_nothing(void *arg);

#endif
