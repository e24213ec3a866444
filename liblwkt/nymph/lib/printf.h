/* SPDX-License-Identifier: BSD-3-Clause
 * What the threading core prints with, by the prototypes of Nymph's user library.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include "user/user.h"
#include "user/lib/lib.h"

int vprintf(const char *fmt, va_list ap);

#endif
