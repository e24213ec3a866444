/* SPDX-License-Identifier: BSD-3-Clause
 * The serial port (board.uart), or the firmware's console, for console.c. See uart.c for which output
 * function serves where.
 */
#ifndef DEV_UART_H
#define DEV_UART_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/types.h"

#define UART_PIECE 1024 /* bytes that uart_write takes at once, at most */

/* Set the port up without interrupts. Boot hart, before all other functions. */
void uart_init_early(void);

/* Use interrupts and buffering from now on; in deterministic mode, output stays polled, under a lock,
 * and there is no input. Thread context. */
void uart_init(void);

/* The console, which had no room for input, has some: receive again. Thread context. */
void uart_receive(void);

/* Write a text and wait for the port, without any lock: no other cpu runs yet, or this one prints a
 * panic. */
void uart_print_early(const char *text, size_t len);

/* Any context, locks held or not. Never sleeps: it polls the port while the buffer is full, and drops
 * text if the port takes no bytes for too long. */
void uart_print(const char *text, size_t len);

/* Thread context. Sleeps until there is room for all of a text of at most UART_PIECE bytes, which then
 * goes out in one piece. -1: the calling process was killed; nothing was written. */
int uart_write(const char *text, size_t len);

/* For tests, in deterministic mode, where the port's interrupt is otherwise unused: raise it now. It
 * calls `handler` as it would any handler; the first one stays for ever. False: not in this mode, or
 * the port has no interrupt. Thread context, in a critical section or not. */
bool uart_self_interrupt(void (*handler)(void));

/* Wait, for a bounded time, until the port has sent all that was written. Any context, panics
 * included. */
void uart_drain(void);

#endif
