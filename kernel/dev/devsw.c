/* SPDX-License-Identifier: BSD-3-Clause
 * The table of character devices. It is filled at boot and only read from then on.
 */
#include "dev/devsw.h"

struct devsw devsw[NDEV];
