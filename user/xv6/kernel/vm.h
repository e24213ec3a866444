/* SPDX-License-Identifier: BSD-3-Clause
 * xv6's kernel/vm.h, how sbrk gets memory: SBRK_EAGER and SBRK_LAZY are in user/user.h here.
 */
#include "user/user.h"
