/* SPDX-License-Identifier: BSD-3-Clause
 * The serial port of SiFive's chips (FU540-C000 Manual, "Universal Asynchronous Receiver/Transmitter"):
 * 32-bit registers. The watermarks are set so that the pending bits say what uart.c asks: the transmit
 * FIFO is empty, a byte has been received.
 */
#include "dev/uart_chip.h"
#include "kernel/memlayout.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"

#define TXDATA 0x00
#define RXDATA 0x04
#define TXCTRL 0x08
#define RXCTRL 0x0c
#define IE 0x10 /* PENDING_* */
#define IP 0x14

#define CTRL_ENABLE 1U
#define TXCTRL_EMPTY \
    (1U << 16) /* pending when the FIFO has less than 1 byte; RXCTRL: more than 0 */
#define PENDING_TX 1U
#define PENDING_RX 2U

static inline uint64 address(uint64 reg)
{
    return (uint64)PA_TO_KVA(board.uart.range.base) + reg;
}

static void enable(uint8 which)
{
    mmio_write32(address(IE),
                 (which & UART_RX ? PENDING_RX : 0) | (which & UART_TX ? PENDING_TX : 0));
}

static void init(void)
{
    enable(0);
    mmio_write32(address(TXCTRL), CTRL_ENABLE | TXCTRL_EMPTY);
    mmio_write32(address(RXCTRL), CTRL_ENABLE);
}

static bool can_send(void)
{
    return (mmio_read32(address(IP)) & PENDING_TX) != 0;
}

static void send(uint8 byte)
{
    mmio_write32(address(TXDATA), byte);
}

static bool has_byte(void)
{
    return (mmio_read32(address(IP)) & PENDING_RX) != 0;
}

static uint8 receive(void)
{
    return (uint8)mmio_read32(address(RXDATA));
}

/* The chip does not tell when the last bit has left, only when it is the last byte. */
const struct uart_chip uart_sifive = {8, init, enable, can_send, can_send, send, has_byte, receive};
