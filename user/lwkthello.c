/* SPDX-License-Identifier: BSD-3-Clause
 * lwkthello: the smallest program of the threading core's library, the same here and on Linux.
 */
#include "lwkt.h"

#include "liblwkt/demo/hello.c"
