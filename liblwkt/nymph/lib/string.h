/* SPDX-License-Identifier: BSD-3-Clause
 * Strings and memory, by the prototypes of Nymph's user library.
 */
#ifndef LIB_STRING_H
#define LIB_STRING_H

#include "user/user.h"

#endif
