/* SPDX-License-Identifier: BSD-3-Clause
 * mkfs's command line. Exit status: 0; 1: an error, or the check found something; 2: usage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"
#include "mkfs/mkfs.h"

static void __attribute__((noreturn)) usage(void)
{
    fputs("usage: mkfs IMAGE [-s BLOCKS] [NAME=]FILE...   make an image\n"
          "       mkfs -c IMAGE                           check it\n"
          "       mkfs -l IMAGE [PATH]                    list what is in it\n"
          "       mkfs -x IMAGE PATH [OUT]                copy a file or a tree out of it\n",
          stderr);
    exit(2);
}

/* A number of blocks, in decimal. */
static uint32 parse_blocks(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0')
        die("-s %s: not a number of blocks", text);
    if (n > MAX_IMAGE_BLOCKS)
        die("-s %s: more than %u blocks", text, MAX_IMAGE_BLOCKS);
    return (uint32)n;
}

/* mkfs IMAGE [-s BLOCKS] FILE...; the option may come anywhere. */
static void make(int argc, char **argv)
{
    uint32 nblocks = FSSIZE;
    int n = 0;

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "-s") == 0) {
            if (++i == argc)
                usage();
            nblocks = parse_blocks(argv[i]);
        } else if (argv[i][0] == '-') {
            usage();
        } else {
            argv[n++] = argv[i];
        }
    }
    if (n == 0)
        usage();
    make_image(argv[0], nblocks, argv + 1, n - 1);
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";

    if (strcmp(command, "-c") == 0 && argc == 3)
        return check_image(argv[2]) != 0;
    if (strcmp(command, "-l") == 0 && (argc == 3 || argc == 4))
        list_image(argv[2], argc == 4 ? argv[3] : "/");
    else if (strcmp(command, "-x") == 0 && (argc == 4 || argc == 5))
        extract_image(argv[2], argv[3], argc == 5 ? argv[4] : NULL);
    else if (command[0] != '-' || strcmp(command, "-s") == 0)
        make(argc - 1, argv + 1);
    else
        usage();
    if (fflush(stdout) != 0)
        die("cannot write to standard output");
    return 0;
}
