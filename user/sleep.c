/* SPDX-License-Identifier: BSD-3-Clause
 * sleep ticks: wait for so many ticks; a second has UHZ (kernel/param.h) of them.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

int main(int argc, char **argv)
{
    int ticks;

    if (argc != 2 || parse_int(argv[1], &ticks) < 0 || ticks < 0) {
        fprintf(2, "usage: sleep ticks\n");
        exit(2);
    }
    exit(sleep(ticks) < 0);
}
