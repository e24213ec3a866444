/* SPDX-License-Identifier: BSD-3-Clause
 * The console: a line editor over the UART, and device CONSOLE of the file system.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include <stdbool.h>

#include "kernel/types.h"

/* Boot hart, before interrupts: printf goes to the UART, polled. */
void console_init_early(void);
/* Start input and buffered output, and put the console into the device switch. Thread context,
 * interrupts on. */
void console_init(void);

/* ^P calls this, in any context, to print the threads of each cpu. The layer that knows processes sets
 * it at boot; NULL: the key does nothing. */
extern void (*console_show_threads)(void);

/* ^C and ^\ call this, in the UART's interrupt thread, to end the processes in the foreground; all:
 * those in the background, too. False: nothing was in the foreground. NULL: as if there was nothing. */
extern bool (*console_interrupt)(bool all);

/* Take one character from the UART's interrupt thread, after console_has_room has returned true. */
void console_input(int c);
/* False: no room for a character, and a reader calls uart_receive when it has made some. The caller
 * holds the UART's lock until its interrupt is off, so that uart_receive comes after that. */
bool console_has_room(void);

#endif
