/* SPDX-License-Identifier: BSD-3-Clause
 * kernel/param.h for programs, with names that xv6's programs use and that this kernel has no such
 * limit for.
 */
#include_next "kernel/param.h"

#ifndef XV6_PARAM_H
#define XV6_PARAM_H

#define NINODE 50                 /* inodes in memory: as many as open files need, and more */
#define LOGSIZE (MAXOPBLOCKS * 3) /* of a transaction of xv6's */

#endif
