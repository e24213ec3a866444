/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of crittest.
 */
#define main crittest_main
#include "user/crittest.c"
