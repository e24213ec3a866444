/* SPDX-License-Identifier: BSD-3-Clause
 * The serial port, whatever kind of chip it is (uart_chip.h). Without a chip that this kernel knows,
 * the firmware's console takes its place.
 *
 * Output. Text goes into a ring, and from the ring to the port's FIFO as long as that has room;
 * usually it takes everything at once, and the ring is empty again before the call returns. What
 * stays in the ring is sent by the interrupt for an empty FIFO, which is enabled only while the ring
 * holds something. A text enters the ring in one step under the lock, so no other text cuts it.
 *
 *   uart_write   process: sleeps for room          uart_print   any context: polls for room
 *        \______________  ring (lock)  ______________/
 *                            |  start_sending(): by the writer, and by uart_intr
 *                         the chip's FIFO
 *
 * Input. uart_intr hands each byte to console_input. While the console has no room the receive
 * interrupt is off and the bytes stay in the port, so that the sender waits; uart_receive turns it
 * on again, and it comes at once, since it is a level. Nothing but the enabled interrupt decides
 * who goes on, and both sides change it under the lock: console_has_room is asked under it too, so
 * a reader that makes room after a "no" calls uart_receive after the interrupt was turned off.
 *
 * A port without an interrupt is polled: uart_intr runs many times a second (sync/intr.h), which would
 * be too seldom for output, so that is sent at once.
 *
 * Deterministic mode (riscv/hart.h): the host decides when this port's interrupts come, so none is
 * enabled. Output is polled, and the first poll succeeds as long as the host keeps up. There is no
 * input.
 *
 * Invariants, under the lock: tail <= head <= tail + RINGSIZE (as differences, since they wrap). After
 * uart_init the transmit interrupt is enabled exactly while the ring holds something or a process waits
 * for room in it, and the receive interrupt exactly while `receiving` is set.
 */
#include "dev/uart.h"

#include "dev/console.h"
#include "dev/uart_chip.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/sysctl.h"
#include "lwkt/spin.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "sync/intr.h"
#include "sync/sleep.h"

#define RINGSIZE 4096 /* a power of two, several UART_PIECE */
#define PRINT_WAIT 2  /* seconds that uart_print waits for a port that takes no bytes */
#define DRAIN_WAIT 5  /* uart_drain: seconds */

_Static_assert((RINGSIZE & (RINGSIZE - 1)) == 0 && RINGSIZE >= UART_PIECE, "ring size");

static struct {
    struct spinlock lock; /* guards the rest */
    const struct uart_chip *chip;
    bool buffered;  /* interrupts are on: text may stay in the ring */
    bool receiving; /* the console has room for input, as far as the port knows */
    uint8 enabled;  /* interrupts: UART_RX, UART_TX */
    uint32 head;    /* bytes put into the ring; index = head % RINGSIZE */
    uint32 tail;    /* bytes taken out of it */
    uint32 wanted;  /* room that a sleeper in uart_write waits for; 0: there is none */
    bool stalled;   /* uart_print waited in vain, and no byte has been sent since */
    uint64 dropped; /* bytes that uart_print has dropped */
    char ring[RINGSIZE];
} uart = {.lock = SPINLOCK("uart")};

static uint64 get_dropped(void)
{
    return peek(&uart.dropped);
}
SYSCTL(console_dropped, "console.dropped", get_dropped, NULL);

static void enable(uint8 which)
{
    if (uart.enabled != which) {
        uart.enabled = which;
        uart.chip->enable(which);
    }
}

static uint32 ring_used(void)
{
    return uart.head - uart.tail;
}

static uint32 ring_room(void)
{
    return RINGSIZE - ring_used();
}

/* Poll until the chip says yes; false: the deadline came first. This waits for the port, not for
 * another hart, so it needs no cpu_relax(). */
static bool wait_chip(bool (*yes)(void), uint64 deadline)
{
    while (!yes())
        if (cpu_time() > deadline)
            return false;
    return true;
}

/* Move bytes from the ring to the port as long as it has room; lock held. */
static void send_ready(void)
{
    while (ring_used() != 0 && uart.chip->can_send()) {
        uart.stalled = false;
        for (int i = 0; i < uart.chip->fifo && ring_used() != 0; i++)
            uart.chip->send((uint8)uart.ring[uart.tail++ % RINGSIZE]);
    }
}

/* send_ready, and enable the interrupts that are needed from now on; lock held. A sleeper needs the
 * transmit interrupt even if the ring is empty again: only uart_intr wakes it, as uart_print's callers
 * may hold locks. */
static void start_sending(void)
{
    uint8 which = uart.receiving ? UART_RX : 0;

    send_ready();
    if (ring_used() != 0 || uart.wanted != 0)
        which |= UART_TX;
    if (uart.buffered)
        enable(which);
}

/* Send all that the ring holds, polling; false: the deadline came first. */
static bool send_all(uint64 deadline)
{
    while (ring_used() != 0) {
        if (!wait_chip(uart.chip->can_send, deadline))
            return false;
        send_ready();
    }
    return true;
}

/* Put a text into the ring, which has room for it; lock held. */
static void ring_put(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        uart.ring[uart.head++ % RINGSIZE] = text[i];
}

void uart_init_early(void)
{
    static const struct uart_chip *const kinds[] = {
        [UART_NONE] = &uart_sbi,
        [UART_NS16550] = &uart_ns16550,
        [UART_SIFIVE] = &uart_sifive,
    };

    uart.chip = kinds[board.uart.kind];
    uart.chip->init();
}

void uart_print_early(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        wait_chip(uart.chip->can_send, cpu_time() + cpu_timebase * PRINT_WAIT);
        uart.chip->send((uint8)text[i]);
    }
}

/*
 * Make room for len bytes without sleeping; lock held, also during the wait, so that the text can
 * follow in one piece. False: the port takes no bytes. The first caller to find that out waits in
 * vain, once; later callers do not wait until the port has taken a byte again.
 */
static bool poll_room(size_t len)
{
    uint64 deadline = uart.stalled ? 0 : cpu_time() + cpu_timebase * PRINT_WAIT;

    while (ring_room() < len && wait_chip(uart.chip->can_send, deadline))
        send_ready();
    uart.stalled = ring_room() < len;
    return !uart.stalled;
}

/* Put a text into the ring in pieces, each whole or not at all. Lock held. */
static void put_pieces(const char *text, size_t len)
{
    while (len > 0) {
        size_t n = len < UART_PIECE ? len : UART_PIECE;

        if (poll_room(n))
            ring_put(text, n);
        else
            uart.dropped += n;
        text += n;
        len -= n;
    }
}

void uart_print(const char *text, size_t len)
{
    spin_lock(&uart.lock);
    put_pieces(text, len);
    if (uart.buffered)
        start_sending();
    else
        send_all(cpu_time() + cpu_timebase * DRAIN_WAIT);
    spin_unlock(&uart.lock);
}

struct text {
    const char *start;
    size_t len;
};

/* Put a text into the ring when all of it fits; else note how much room its writer waits for. */
static bool try_write(void *arg)
{
    const struct text *text = arg;
    bool fits;

    spin_lock(&uart.lock);
    fits = ring_room() >= text->len;
    if (fits)
        ring_put(text->start, text->len);
    uart.wanted = fits ? 0 : (uint32)text->len;
    start_sending();
    spin_unlock(&uart.lock);
    return fits;
}

/* The caller, console_write, lets one process write at a time, so `wanted` has one writer. */
int uart_write(const char *text, size_t len)
{
    struct text whole = {text, len};

    KASSERT(len <= UART_PIECE, "%lu bytes", len);
    if (!uart.buffered) {
        uart_print(text, len);
        return 0;
    }
    return tsleep_until(&uart.wanted, PCATCH, "ttyout", try_write, &whole) == 0 ? 0 : -1;
}

/* True when a sleeper in uart_write can go on; it is woken once. Lock held, and start_sending()
 * follows. */
static bool take_wanted(void)
{
    if (uart.wanted == 0 || ring_room() < uart.wanted)
        return false;
    uart.wanted = 0;
    return true;
}

/* Receive from now on, or stop, as the console has room. */
static bool receive_if_room(void)
{
    bool room;

    spin_lock(&uart.lock);
    room = uart.receiving = console_has_room();
    start_sending();
    spin_unlock(&uart.lock);
    return room;
}

void uart_receive(void)
{
    receive_if_room();
}

/*
 * The port's interrupt, for both directions: a level that stays until its cause is gone. Bytes are
 * received only here, by one thread, so that needs no lock.
 */
static void uart_intr(void *arg)
{
    bool wake;

    (void)arg;
    while (uart.chip->has_byte() && receive_if_room())
        console_input(uart.chip->receive());

    spin_lock(&uart.lock);
    send_ready();
    wake = take_wanted();
    start_sending();
    spin_unlock(&uart.lock);
    if (wake)
        wakeup(&uart.wanted);
}

void uart_init(void)
{
    if (deterministic)
        return;
    intr_register(board.uart.range.irq, uart_intr, NULL, "uart");
    spin_lock(&uart.lock);
    uart.buffered = board.uart.range.irq != 0;
    uart.receiving = true;
    start_sending();
    spin_unlock(&uart.lock);
}

/*
 * The end of the machine must not lose text. A cpu that panics takes no lock: the lock's holder may
 * have been stopped while it held it, and no other cpu runs any more.
 */
void uart_drain(void)
{
    uint64 deadline = cpu_time() + cpu_timebase * DRAIN_WAIT;
    bool locked = !panic_is_mine() && curthread != NULL;

    if (locked)
        spin_lock(&uart.lock);
    if (send_all(deadline))
        wait_chip(uart.chip->all_sent, deadline);
    if (locked)
        spin_unlock(&uart.lock);
}

static void (*self_handler)(void);

static void uart_self_intr(void *arg)
{
    (void)arg;
    uart.chip->enable(0);
    self_handler();
}

/* The transmit FIFO is empty, so enabling its interrupt raises it at once. */
bool uart_self_interrupt(void (*handler)(void))
{
    if (!deterministic || board.uart.range.irq == 0)
        return false;
    if (self_handler == NULL) {
        self_handler = handler;
        intr_register(board.uart.range.irq, uart_self_intr, NULL, "uart");
    }
    uart.chip->enable(UART_TX);
    return true;
}
