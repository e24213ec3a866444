/* SPDX-License-Identifier: BSD-3-Clause
 * The scenes of migratetest.
 */
#define main migratetest_main
#include "user/migratetest.c"
