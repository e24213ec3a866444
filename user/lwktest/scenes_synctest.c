/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of synctest.
 */
#define main synctest_main
#include "user/synctest.c"
