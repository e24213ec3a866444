/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of runqtest.
 */
#define main runqtest_main
#include "user/runqtest.c"
