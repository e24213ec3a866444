/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of mptest.
 */
#define main mptest_main
#include "user/mptest.c"
