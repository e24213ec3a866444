/* SPDX-License-Identifier: BSD-3-Clause
 * halt [status]: write everything to the disk and end the machine. status, 0 to 255, is what the
 * emulator reports; 74 if the disk did not take everything.
 */
#include "kernel/types.h"
#include "user/user.h"
#include "user/lib/lib.h"

int main(int argc, char **argv)
{
    int status = 0;

    if (argc > 2 ||
        (argc == 2 && (parse_int(argv[1], &status) < 0 || status < 0 || status > 255))) {
        fprintf(2, "usage: halt [status from 0 to 255]\n");
        exit(2);
    }
    halt(status);
    fprintf(2, "halt: the machine does not stop\n");
    exit(1);
}
