/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of waittest.
 */
#define main waittest_main
#include "user/waittest.c"
