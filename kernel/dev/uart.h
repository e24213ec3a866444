/*
 * The serial port (16550A, at board.uart): console.c's way to the world. See uart.c for which
 * output function serves where.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/types.h"

#define UART_PIECE 1024 /* bytes that uart_write takes at once, at most */

/* Set the port up without interrupts. false: there is none. Boot hart, first. */
bool uart_init_early(void);

/* Interrupts and buffering from now on; in deterministic mode, polled output under a lock and no
 * input. Thread context. */
void uart_init(void);

/* The console, which had no room for input, has some: receive again. Thread context. */
void uart_receive(void);

/* Write a text and wait for the port, without any lock: the caller is alone, or prints a panic. */
void uart_print_early(const char *text, size_t len);

/* Any context, locks held or not. Never sleeps: waits for the port when the buffer is full, and
 * drops text when the port stands still for too long. */
void uart_print(const char *text, size_t len);

/* Thread context: sleeps until there is room for all of a text of at most UART_PIECE bytes, which
 * then goes out in one piece. -1: the calling process was killed; nothing was written. */
int uart_write(const char *text, size_t len);

/* For tests, in deterministic mode, where the port's interrupt is unused: raise it now, and have
 * `handler` called by it, as every handler is. false: not in this mode, or no interrupt. Thread
 * context, perhaps in a critical section; one handler for ever. */
bool uart_self_interrupt(void (*handler)(void));

/* Wait, for a bounded time, until all that was written has left. Any context, panics included. */
void uart_drain(void);

#endif
