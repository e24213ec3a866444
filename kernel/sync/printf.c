/* SPDX-License-Identifier: BSD-3-Clause
 * Formatted output, for all code in any context (see printf.h for the formats).
 *
 * The text of one call comes out whole because it is built and sent under one spin lock. The text is
 * built in a buffer that the lock guards, not on the stack, so that a printf deep in a kernel stack
 * costs little of it; a text longer than the buffer is sent in pieces, still under the lock.
 *
 * A panic must be able to print whatever state the lock is in. So the cpu that panics ignores the
 * lock and uses a buffer of its own, and the other cpus stop here instead of printing.
 */
#include "lib/printf.h"

#include <stdbool.h>

#include "lib/atomic.h"
#include "lib/format.h"
#include "lib/panic.h"
#include "lwkt/spin.h"
#include "riscv/sbi.h"

#define TEXTSIZE 1024

void (*printf_output)(const char *text, size_t len);
void (*printf_drain)(void);

static struct spinlock output_lock = SPINLOCK("printf");
static char output_text[TEXTSIZE]; /* output_lock */
static char panic_text[TEXTSIZE];  /* the cpu that panics */

/*
 * Send a piece of output to the console driver or, before there is one, to the firmware. The pointer
 * is read once: a panic on another hart may set it to NULL meanwhile.
 */
static void emit(const char *text, size_t len)
{
    void (*output)(const char *, size_t) = peek(&printf_output);

    if (output != NULL) {
        output(text, len);
        return;
    }
    for (size_t i = 0; i < len; i++)
        sbi_console_putchar(text[i]);
}

/* Format into buf and send it all. The caller makes sure that no other cpu uses buf. */
static int format_and_emit(char *buf, const char *fmt, va_list ap)
{
    struct sink s = {.buf = buf, .size = TEXTSIZE, .flush = emit};
    va_list args;

    va_copy(args, ap);
    format(&s, fmt, &args);
    va_end(args);
    emit(buf, s.used);
    return (int)s.total;
}

int vprintf(const char *fmt, va_list ap)
{
    panic_stop_if_asked();
    if (panic_is_mine())
        return format_and_emit(panic_text, fmt, ap);
    spin_lock(&output_lock);
    int n = format_and_emit(output_text, fmt, ap);
    spin_unlock(&output_lock);
    return n;
}

int printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int n = vprintf(fmt, ap);
    va_end(ap);
    return n;
}
