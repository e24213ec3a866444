/* SPDX-License-Identifier: BSD-3-Clause
 * A program that is large in memory, and small on the disk: late's exec runs it.
 */
#include "kernel/types.h"
#include "user/user.h"

static volatile char memory[100 << 20];

int main(void)
{
    exit(memory[0]);
}
