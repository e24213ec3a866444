/* SPDX-License-Identifier: BSD-3-Clause
 * The console: a line editor between the serial port and the processes that read device CONSOLE.
 *
 * Input. console_input, which the port's interrupt thread calls, edits the line that is being typed. A
 * reader gets the line when a newline or ^D ends it, or when the buffer is full.
 * Keys:
 *
 *   Enter        ends the line (a carriage return counts as a newline)
 *   Backspace    deletes the last character (^H or DEL)
 *   ^U           deletes the line
 *   ^D           ends the line without a newline; on an empty line: end of file
 *   ^C           deletes all that was typed and not yet read, and ends the processes in the foreground
 *   ^\           the same, and ends those in the background, too: all but the shells
 *   ^P           prints the threads of each cpu
 *
 *       r            w                 e
 *   ----|============|~~~~~~~~~~~~~~~~~|----      buf, a ring
 *        lines ended,  being typed, may
 *        for readers   still be edited
 *
 * Nothing that is typed is lost. While the buffer is full, bytes stay in the port (uart.c), which
 * holds the sender back, and console_read has them fetched when it has made room. The keys above
 * have no effect until they are fetched. So the buffer is much larger than what people paste, and ^C
 * reaches the kernel even if no process reads. If a single line fills the whole buffer, readers get it
 * before its end has come, because nothing else would make room.
 *
 * Output. console_write sends a process's text in pieces, of whole lines where it can. No other text
 * cuts a piece, and no other process writes before the call returns.
 *
 * Invariants, under cons.lock: r <= w <= e <= r + INPUTSIZE (differences, as they wrap); a full
 * buffer has something for readers; `full` is set when the port was told that there is no room, and
 * nothing has been read since. Lock order: the port's lock (uart.c) before cons.lock.
 */
#include "dev/console.h"

#include "dev/devsw.h"
#include "dev/uart.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lwkt/spin.h"
#include "mm/vm.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "sync/mutex.h"
#include "sync/sleep.h"

#define CTRL(key) ((key) - '@')
#define DEL 0x7f
#define INPUTSIZE (256 << 10) /* bytes that can be typed ahead; a power of two */
#define READPIECE 128         /* bytes that console_read copies at once: on the stack */

void (*console_show_threads)(void);
bool (*console_interrupt)(bool all);

static struct {
    struct spinlock lock; /* guards the rest; readers sleep on &cons.r */
    uint32 r;             /* next byte to read; index = r % INPUTSIZE */
    uint32 w;             /* end of what may be read */
    uint32 e;             /* end of what was typed */
    bool full;            /* the port receives nothing: the next reader has it start again */
    char buf[INPUTSIZE];
} cons = {.lock = SPINLOCK("console")};

/* One process writes at a time. This is a mutex because its holder sleeps until the port has room. */
static struct mutex write_mutex = MUTEX("console");
static char write_buf[UART_PIECE]; /* write_mutex */

/* --- input: console_input's side --- */

/* Delete the last character of the line; false when the line is empty. In UTF-8 that is a byte, and the
 * continuation bytes (10xxxxxx) after it, at most 3. Lock held. */
static bool delete_last(void)
{
    if (cons.e == cons.w)
        return false;
    for (int i = 0; i < 3 && (cons.buf[--cons.e % INPUTSIZE] & 0xc0) == 0x80; i++)
        if (cons.e == cons.w)
            return true;
    return true;
}

/* Delete the whole line (^U), or its last character. Returns how many characters there are to rub out
 * on the screen. */
static uint32 delete_typed(bool whole_line)
{
    uint32 n = 0;

    spin_lock(&cons.lock);
    while ((n == 0 || whole_line) && delete_last())
        n++;
    spin_unlock(&cons.lock);
    return n;
}

/* Add a character to the line; there is room. True: this makes something available to readers. */
static bool append_typed(char c)
{
    bool ended;

    spin_lock(&cons.lock);
    KASSERT(cons.e - cons.r < INPUTSIZE, "%u bytes", cons.e - cons.r);
    cons.buf[cons.e++ % INPUTSIZE] = c;
    ended = c == '\n' || c == CTRL('D') || cons.e - cons.w == INPUTSIZE;
    if (ended)
        cons.w = cons.e;
    spin_unlock(&cons.lock);
    return ended;
}

/* An ordinary character: store it, echo it, and wake the readers if it ends a line. No lock is held
 * during the echo and the wakeup. */
static void type_char(char c)
{
    bool ended = append_typed(c);

    if (c != CTRL('D'))
        uart_print(&c, 1);
    if (ended)
        wakeup(&cons.r);
}

/* ^C and ^\. If nothing is in the foreground, a shell reads: the empty line makes it prompt anew. */
static void interrupt(bool all)
{
    spin_lock(&cons.lock);
    cons.r = cons.w = cons.e;
    spin_unlock(&cons.lock);
    uart_print(all ? "^\\" : "^C", 2);
    if (console_interrupt == NULL || !console_interrupt(all))
        type_char('\n');
    else
        uart_print("\n", 1);
}

bool console_has_room(void)
{
    bool room;

    spin_lock(&cons.lock);
    room = cons.e - cons.r < INPUTSIZE;
    cons.full = !room;
    spin_unlock(&cons.lock);
    return room;
}

void console_input(int c)
{
    switch (c) {
    case '\0':
        break; /* a break on the serial line, not a key */
    case CTRL('P'):
        if (console_show_threads != NULL)
            console_show_threads();
        break;
    case CTRL('C'):
    case CTRL('\\'):
        interrupt(c == CTRL('\\'));
        break;
    case CTRL('H'):
    case DEL:
    case CTRL('U'):
        for (uint32 n = delete_typed(c == CTRL('U')); n > 0; n--)
            uart_print("\b \b", 3);
        break;
    default:
        type_char(c == '\r' ? '\n' : (char)c);
    }
}

/* --- input: the readers' side --- */

/* There is something to read. */
static bool has_input(void *arg)
{
    bool ready;

    (void)arg;
    spin_lock(&cons.lock);
    ready = cons.r != cons.w;
    spin_unlock(&cons.lock);
    return ready;
}

/* Sleep until there is something to read; -1: killed, and the input is left to others. */
static int wait_input(void)
{
    if (thread_killed() || tsleep_until(&cons.r, PCATCH, "ttyin", has_input, NULL) == EINTR)
        return -1;
    return 0;
}

/*
 * Take up to n bytes of one line into dst. Sets *ended at the line's end: after a newline, and at a ^D.
 * A ^D is taken only when nothing comes before it in this read; otherwise it stays, and the next read
 * returns end of file.
 */
static int take_line(char *dst, int n, bool first, bool *ended)
{
    int got = 0;
    bool resume;
    uint32 start;

    spin_lock(&cons.lock);
    start = cons.r;
    *ended = false;
    while (!*ended && got < n && cons.r != cons.w) {
        char c = cons.buf[cons.r % INPUTSIZE];

        *ended = c == '\n' || c == CTRL('D');
        if (c == CTRL('D') && !(first && got == 0))
            break;
        cons.r++;
        if (c != CTRL('D'))
            dst[got++] = c;
    }
    resume = cons.full && cons.r != start;
    if (resume)
        cons.full = false;
    spin_unlock(&cons.lock);
    if (resume)
        uart_receive();
    return got;
}

/*
 * Read at most one line. 0: end of file, which comes at once in deterministic mode, as there is no
 * keyboard. -1: killed, or a bad address.
 */
static int console_read(uint64 udst, int n)
{
    char piece[READPIECE];
    int done = 0, got;
    bool ended = false;

    if (deterministic)
        return 0;
    while (done < n && !ended) {
        int want = n - done < READPIECE ? n - done : READPIECE;

        if (done == 0 && wait_input() < 0)
            return -1;
        /* 0 bytes without an end: another reader was faster, so wait again. */
        got = take_line(piece, want, done == 0, &ended);
        if (got == 0 && done > 0)
            break;
        if (copyout(udst + (uint64)done, piece, (uint64)got) < 0)
            return -1;
        done += got;
    }
    return done;
}

/* --- output --- */

/* How many of the n bytes in write_buf to send as one piece: all of them when they are the call's last,
 * otherwise whole lines if there are any. */
static int piece_length(int n, bool last)
{
    int whole = n;

    if (last)
        return n;
    while (whole > 0 && write_buf[whole - 1] != '\n')
        whole--;
    return whole > 0 ? whole : n;
}

/*
 * Send n bytes in pieces. write_mutex is held, so other processes that write wait. Those that run in
 * the kernel come in after each piece; otherwise they would wait for all of it, as a port that takes
 * what it gets never makes us sleep. (pass_turn would wait for a turn, too, with the mutex.)
 */
static int write_pieces(uint64 usrc, int n)
{
    int done = 0;

    while (done < n) {
        int len = n - done < UART_PIECE ? n - done : UART_PIECE;

        if (thread_killed() || copyin(write_buf, usrc + (uint64)done, (uint64)len) < 0)
            return done > 0 ? done : -1;
        len = piece_length(len, done + len == n);
        if (uart_write(write_buf, (size_t)len) < 0)
            return done > 0 ? done : -1;
        done += len;
        lwkt_yield();
    }
    return done;
}

/* Returns the bytes written; -1: killed, or a bad address, before anything was written. */
static int console_write(uint64 usrc, int n)
{
    int done;

    mutex_lock(&write_mutex);
    done = write_pieces(usrc, n);
    mutex_unlock(&write_mutex);
    return done;
}

/* --- boot --- */

void console_init_early(void)
{
    uart_init_early();
    printf_output = uart_print_early;
}

void console_init(void)
{
    printf_output = uart_print;
    printf_drain = uart_drain;
    uart_init();
    if (board.uart.kind == UART_NONE)
        printf(
            "console: no serial port of a known kind in the device tree: the firmware's console is "
            "used\n");
    devsw[CONSOLE].read = console_read;
    devsw[CONSOLE].write = console_write;
}
