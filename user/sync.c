/* SPDX-License-Identifier: BSD-3-Clause
 * sync: wait until everything that was written is on the disk.
 */
#include "kernel/types.h"
#include "user/user.h"

int main(void)
{
    if (sync() < 0) {
        fprintf(2, "sync: disk error\n");
        exit(1);
    }
    exit(0);
}
