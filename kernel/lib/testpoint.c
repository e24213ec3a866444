/* SPDX-License-Identifier: BSD-3-Clause
 * The state of the test points: see testpoint.h.
 */
#include "lib/testpoint.h"

uint32 testpoints_on;
uint32 (*testpoint_reached)(enum testpoint which);
