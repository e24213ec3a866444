/* SPDX-License-Identifier: BSD-3-Clause
 * Formatted output of the kernel. Formats: %d %i %u %x %X %o %c %s %p %%, with l, ll and z, a
 * width, `0`, `-` and a precision for %s (or `*` for either). Enough for a kernel; no floating point.
 *
 * printf() may be called anywhere, in interrupts and critical sections too. A call's text comes out
 * whole: no other hart's text is mixed into it, so a line printed by one call is a whole line.
 */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

int printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int vprintf(const char *fmt, va_list ap);

/* Write at most size bytes, the NUL included; return the length that the whole text would have. */
int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);

/* Where printf's bytes go: the console driver sets it, and until then output is polled. The function is
 * called with the whole text of one call, or with pieces of 1 KiB of a longer one. NULL means polled
 * output again (a panic sets that). */
extern void (*printf_output)(const char *text, size_t len);

/* Waits, for a bounded time, until what printf_output took has left the machine; NULL if printf_output
 * itself waits. Called at the end of the machine, in any context, panics included. */
extern void (*printf_drain)(void);

#endif
