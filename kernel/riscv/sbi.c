/* SPDX-License-Identifier: BSD-3-Clause
 * Calls into the firmware (RISC-V Supervisor Binary Interface Specification, chapter "Binary
 * Encoding"): `ecall` with the extension in a7, the function in a6 and arguments from a0; a0 comes
 * back as the error, a1 is lost, all else is preserved.
 *
 * Any context. None of these blocks, but each costs some 250 instructions of M-mode.
 */
#include "riscv/sbi.h"

#include "lib/assert.h"

#define EXT_PUTCHAR 0x01L    /* "Legacy Extensions" */
#define EXT_TIME 0x54494D45L /* "Timer Extension" */
#define EXT_IPI 0x735049L    /* "IPI Extension" */
#define EXT_HSM 0x48534DL    /* "Hart State Management Extension" */
#define EXT_SRST 0x53525354L /* "System Reset Extension" */

#define SRST_SHUTDOWN 0UL
#define SRST_NO_REASON 0UL

/* Call function 0 of an extension, the only one that is needed of each. 0, or a negative error. */
static inline int64 sbi_call(int64 extension, uint64 arg0, uint64 arg1, uint64 arg2)
{
    register uint64 a0 __asm__("a0") = arg0;
    register uint64 a1 __asm__("a1") = arg1;
    register uint64 a2 __asm__("a2") = arg2;
    register int64 a6 __asm__("a6") = 0;
    register int64 a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (int64)a0;
}

/*
 * Start a stopped hart at a physical address in S-mode, paging and interrupts off, with
 * a0 = its hartid and a1 = opaque.
 */
int64 sbi_hart_start(uint64 hartid, uint64 entry_pa, uint64 opaque)
{ /* lab 1 */
    return sbi_call(EXT_HSM, hartid, entry_pa, opaque);
}

/*
 * Raise a software interrupt on the harts hart_base + i, for each bit i of the mask. The firmware
 * passes it on to S-mode there. The target sees what this hart wrote before, because the firmware
 * fences before it writes the CLINT.
 */
int64 sbi_send_ipi(uint64 hart_mask, uint64 hart_base)
{
    return sbi_call(EXT_IPI, hart_mask, hart_base, 0);
}

/* Set the timer of this hart to `when`, in ticks of `time`; also clears a pending timer interrupt. */
void sbi_set_timer(uint64 when)
{
    sbi_call(EXT_TIME, when, 0, 0);
}

/* One byte to the firmware's console, polled. The firmware writes a CR before each newline. */
void sbi_console_putchar(int c)
{
    sbi_call(EXT_PUTCHAR, (uint64)c, 0, 0);
}

/* Power off. Returns only if the firmware has no system reset extension, or refuses. */
void sbi_shutdown(void)
{
    sbi_call(EXT_SRST, SRST_SHUTDOWN, SRST_NO_REASON, 0);
}
