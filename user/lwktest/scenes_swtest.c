/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of swtest.
 */
#define main swtest_main
#include "user/swtest.c"
