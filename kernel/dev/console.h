/*
 * The console: a line editor over the UART, and device CONSOLE of the file system.
 */
#ifndef DEV_CONSOLE_H
#define DEV_CONSOLE_H

#include "kernel/types.h"

/* Boot hart, before interrupts: printf goes to the UART, polled. */
void console_init_early(void);
/* Thread context, interrupts on: input, buffered output, device table entry. */
void console_init(void);

/* read and write of the device; user addresses of the calling process. Bytes done, or -1. */
int console_read(uint64 udst, int n);
int console_write(uint64 usrc, int n);

/* What ^P calls, in any context: prints the threads of each cpu. Set at boot by the layer that knows
 * processes; NULL: the key does nothing. */
extern void (*console_show_threads)(void);

/* One character from the UART's interrupt. */
void console_input(int c);

#endif
