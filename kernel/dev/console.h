/*
 * The console: a line editor over the UART, and device CONSOLE of the file system.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include <stdbool.h>

#include "kernel/types.h"

/* Boot hart, before interrupts: printf goes to the UART, polled. */
void console_init_early(void);
/* Thread context, interrupts on: input, buffered output, device table entry. */
void console_init(void);

/* What ^P calls, in any context: prints the threads of each cpu. Set at boot by the layer that knows
 * processes; NULL: the key does nothing. */
extern void (*console_show_threads)(void);

/* One character from the UART's interrupt, after console_has_room has said true. */
void console_input(int c);
/* False: no room for a character, and a reader calls uart_receive when it has made some. The caller
 * holds the UART's lock until its interrupt is off, so that uart_receive comes after that. */
bool console_has_room(void);

#endif
