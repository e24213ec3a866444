/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of ipitest.
 */
#define main ipitest_main
#include "user/ipitest.c"
