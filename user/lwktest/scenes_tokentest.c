/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of tokentest.
 */
#define main tokentest_main
#include "user/tokentest.c"
