/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of preempttest.
 */
#define main preempttest_main
#include "user/preempttest.c"
