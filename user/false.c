/* SPDX-License-Identifier: BSD-3-Clause
 * false: do nothing, unsuccessfully.
 */
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    exit(1);
}
