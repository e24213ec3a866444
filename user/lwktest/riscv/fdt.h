/* SPDX-License-Identifier: BSD-3-Clause
 * See platform.h.
 */
#include "user/lwktest/platform.h"
