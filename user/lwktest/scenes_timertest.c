/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of timertest.
 */
#define main timertest_main
#include "user/timertest.c"
