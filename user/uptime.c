/* SPDX-License-Identifier: BSD-3-Clause
 * uptime: print how many seconds ago the machine started.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "user/user.h"

int main(void)
{
    int ticks = uptime();

    printf("up %d.%d s\n", ticks / UHZ, ticks % UHZ * 10 / UHZ);
    exit(0);
}
