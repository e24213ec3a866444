/* SPDX-License-Identifier: BSD-3-Clause
 * The kinds of serial port: what uart.c asks of the hardware. Each kind is a table of functions in a
 * file of its own; board.uart.kind says which of them the machine has.
 *
 * uart.c calls all of them with its lock held, except during boot and a panic, and except for has_byte
 * and receive, which only the thread of the port's interrupt calls.
 */
#ifndef DEV_UART_CHIP_H
#define DEV_UART_CHIP_H

#include <stdbool.h>

#include "kernel/types.h"

/* Interrupts, for enable(): levels, which stay until their cause is gone. */
#define UART_RX 0x01U /* a byte has been received */
#define UART_TX 0x02U /* can_send() is true */

struct uart_chip {
    int fifo;                    /* how many bytes send() may be given after can_send() */
    void (*init)(void);          /* no interrupts, FIFOs on; the firmware has set the speed */
    void (*enable)(uint8 which); /* enable these interrupts, and no others */
    bool (*can_send)(void);
    bool (*all_sent)(void); /* the last bit has left */
    void (*send)(uint8 byte);
    bool (*has_byte)(void); /* receive() may be called */
    uint8 (*receive)(void);
};

extern const struct uart_chip uart_ns16550, uart_sifive, uart_sbi;

#endif
