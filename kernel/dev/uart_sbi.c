/* SPDX-License-Identifier: BSD-3-Clause
 * The firmware's console as a serial port, for machines whose own port this kernel does not know. It
 * has no interrupt, so it is polled. It takes every byte, and waits in M-mode until it has.
 */
#include "dev/uart_chip.h"
#include "riscv/sbi.h"

static int next = -1; /* a byte that has_byte() has fetched */

static void init(void) {}

static void enable(uint8 which)
{
    (void)which;
}

static bool can_send(void)
{
    return true;
}

static void send(uint8 byte)
{
    sbi_console_putchar(byte);
}

static bool has_byte(void)
{
    if (next < 0)
        next = sbi_console_getchar();
    return next >= 0;
}

static uint8 receive(void)
{
    uint8 byte = (uint8)next;

    next = -1;
    return byte;
}

const struct uart_chip uart_sbi = {1, init, enable, can_send, can_send, send, has_byte, receive};
