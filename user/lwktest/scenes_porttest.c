/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of porttest.
 */
#define main porttest_main
#include "user/porttest.c"
