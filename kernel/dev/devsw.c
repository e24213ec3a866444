/*
 * The table of character devices. Filled at boot, read only from then on.
 */
#include "dev/devsw.h"

struct devsw devsw[NDEV];
