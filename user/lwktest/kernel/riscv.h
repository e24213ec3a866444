/* SPDX-License-Identifier: BSD-3-Clause
 * The kernel's header without what only the kernel may do, and the program's stand-ins for that.
 */
#include "user/lwktest/platform.h"
