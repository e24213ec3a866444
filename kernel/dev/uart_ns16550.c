/* SPDX-License-Identifier: BSD-3-Clause
 * The 16550A (National Semiconductor PC16550D data sheet), and what others make like it: Synopsys calls
 * theirs dw-apb-uart. They differ in how far apart the registers are, and how wide an access must be.
 */
#include "dev/uart_chip.h"
#include "kernel/memlayout.h"
#include "machine.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"

/* Registers, with the bits that are used. */
#define DATA 0 /* read: byte received; write: byte to send */
#define IER 1  /* UART_RX, UART_TX */
#define FCR 2
#define FCR_ENABLE 0x01
#define FCR_CLEAR 0x06 /* both FIFOs */
#define LSR 5
#define LSR_RX 0x01   /* a byte is there */
#define LSR_THRE 0x20 /* transmit FIFO empty */
#define LSR_TEMT 0x40 /* ... and the last bit has left */

#define FIRMWARE_WAIT \
    10 /* parts of a second: for the last characters that the firmware has written */

_Static_assert(UART_RX == 0x01 && UART_TX == 0x02, "enable() writes them to IER as they are");

static struct {
    uint64 data, ier, lsr; /* kernel addresses of the registers that are used all the time */
    bool wide;             /* accesses have 32 bits, not 8 */
} port;

/* Volatile keeps the accesses in order. */
static inline uint8 reg_read(uint64 reg)
{
    return port.wide ? (uint8)mmio_read32(reg) : *(volatile uint8 *)reg;
}

static inline void reg_write(uint64 reg, uint8 value)
{
    if (port.wide)
        mmio_write32(reg, value);
    else
        *(volatile uint8 *)reg = value;
}

static uint64 address(uint64 reg)
{
    return (uint64)PA_TO_KVA(board.uart.range.base) + (reg << board.uart.reg_shift);
}

static void enable(uint8 which)
{
    reg_write(port.ier, which);
}

static bool can_send(void)
{
    return (reg_read(port.lsr) & LSR_THRE) != 0;
}

static bool all_sent(void)
{
    return (reg_read(port.lsr) & LSR_TEMT) != 0;
}

static void init(void)
{
    uint64 deadline = cpu_time() + cpu_timebase / FIRMWARE_WAIT;

    port.data = address(DATA);
    port.ier = address(IER);
    port.lsr = address(LSR);
    port.wide = board.uart.io_width == 4;
    reg_write(port.ier, 0);
    while (!all_sent() && cpu_time() < deadline)
        ;
    reg_write(address(FCR), FCR_ENABLE | FCR_CLEAR);
}

static void send(uint8 byte)
{
    reg_write(port.data, byte);
}

static bool has_byte(void)
{
    return (reg_read(port.lsr) & LSR_RX) != 0;
}

static uint8 receive(void)
{
    return reg_read(port.data);
}

const struct uart_chip uart_ns16550 = {16,       init, enable,   can_send,
                                       all_sent, send, has_byte, receive};
