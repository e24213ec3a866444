/* SPDX-License-Identifier: BSD-3-Clause
 * rm name...: remove files and empty directories.
 */
#include "kernel/types.h"
#include "user/user.h"

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc < 2) {
        fprintf(2, "usage: rm name...\n");
        exit(2);
    }
    for (int i = 1; i < argc; i++) {
        if (unlink(argv[i]) < 0) {
            fprintf(2, "rm: cannot remove %s\n", argv[i]);
            failed = 1;
        }
    }
    exit(failed);
}
