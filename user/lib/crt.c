/* SPDX-License-Identifier: BSD-3-Clause
 * Where a program begins: exec jumps to `start`, the first byte of the text (user.ld puts this
 * section first), with argc in a0, argv in a1 and the stack ready.
 */
#include "user/user.h"

/* Some of xv6's programs define main as void: their status is then what happens to be in a0. */
extern int main(int argc, char **argv);

void start(int argc, char **argv);

__attribute__((noreturn, section(".text.start"))) void start(int argc, char **argv)
{
    exit(main(argc, argv));
}
