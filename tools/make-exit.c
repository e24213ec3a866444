/*
 * A function for GNU make (its manual, "Loading Dynamic Objects"): $(exit-with N) ends make with status
 * N, and does nothing for 0. make itself knows only 2 for a recipe that failed; `make qemu` is to end
 * as the machine did.
 */
#include <gnumake.h>
#include <stdlib.h>

int plugin_is_GPL_compatible; /* make loads nothing without it; so is Nymph's licence */

int make_exit_setup(void);

static char *exit_with(const char *name, unsigned int argc, char **argv)
{
    (void)name;
    if (argc == 1 && atoi(argv[0]) != 0)
        exit(atoi(argv[0]));
    return NULL;
}

int make_exit_setup(void)
{
    gmk_add_function("exit-with", exit_with, 1, 1, GMK_FUNC_DEFAULT);
    return 1;
}
