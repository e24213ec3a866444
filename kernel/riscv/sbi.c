/* SPDX-License-Identifier: BSD-3-Clause
 * Calls into the firmware (RISC-V Supervisor Binary Interface Specification, chapter "Binary
 * Encoding"): `ecall` with the extension in a7, the function in a6 and arguments from a0; a0 comes
 * back as the error, a1 is lost, all else is preserved.
 *
 * Any context. None of these blocks, but each costs some 250 instructions of M-mode.
 */
#include "riscv/sbi.h"

#include "kernel/memlayout.h"
#include "lib/assert.h"

#define EXT_PUTCHAR 0x01L    /* "Legacy Extensions": console, */
#define EXT_GETCHAR 0x02L    /* which the newest firmware lacks */
#define EXT_DBCN 0x4442434EL /* "Debug Console Extension": since SBI 2.0 */
#define EXT_TIME 0x54494D45L /* "Timer Extension" */
#define EXT_IPI 0x735049L    /* "IPI Extension" */
#define EXT_HSM 0x48534DL    /* "Hart State Management Extension" */
#define EXT_SRST 0x53525354L /* "System Reset Extension" */

#define SRST_SHUTDOWN 0UL
#define SRST_COLD_REBOOT 1UL
#define SRST_NO_REASON 0UL
#define DBCN_READ 1L
#define DBCN_WRITE_BYTE 2L

struct sbi_result {
    int64 error; /* 0, or negative; of a legacy call: its value */
    int64 value;
};

/* Call a function of an extension. */
static inline struct sbi_result sbi_call(int64 extension, int64 function, uint64 arg0, uint64 arg1,
                                         uint64 arg2)
{
    register uint64 a0 __asm__("a0") = arg0;
    register uint64 a1 __asm__("a1") = arg1;
    register uint64 a2 __asm__("a2") = arg2;
    register int64 a6 __asm__("a6") = function;
    register int64 a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(int64)a0, (int64)a1};
}

/*
 * Start a stopped hart at a physical address in S-mode, paging and interrupts off, with
 * a0 = its hartid and a1 = opaque.
 */
int64 sbi_hart_start(uint64 hartid, uint64 entry_pa, uint64 opaque)
{ /* lab 1 */
    return sbi_call(EXT_HSM, 0, hartid, entry_pa, opaque).error;
}

/*
 * Raise a software interrupt on the harts hart_base + i, for each bit i of the mask. The firmware
 * passes it on to S-mode there. The target sees what this hart wrote before, because the firmware
 * fences before it writes the CLINT.
 */
int64 sbi_send_ipi(uint64 hart_mask, uint64 hart_base)
{
    return sbi_call(EXT_IPI, 0, hart_mask, hart_base, 0).error;
}

/* Set the timer of this hart to `when`, in ticks of `time`; also clears a pending timer interrupt. */
void sbi_set_timer(uint64 when)
{
    sbi_call(EXT_TIME, 0, when, 0, 0);
}

/*
 * One byte to the firmware's console, polled. The firmware writes a CR before each newline. Firmware
 * without DBCN says so each time; that costs as much as the call, and so nothing has to be remembered
 * before there is memory that is cleared.
 */
void sbi_console_putchar(int c)
{
    if (sbi_call(EXT_DBCN, DBCN_WRITE_BYTE, (uint64)c, 0, 0).error != 0)
        sbi_call(EXT_PUTCHAR, 0, (uint64)c, 0, 0);
}

/* One byte from it. The firmware stores the byte at a physical address, so a stack's will not do. */
int sbi_console_getchar(void)
{
    static uint8 byte;
    struct sbi_result r = sbi_call(EXT_DBCN, DBCN_READ, 1, KVA_TO_PA(&byte), 0);

    if (r.error != 0)
        return (int)sbi_call(EXT_GETCHAR, 0, 0, 0, 0).error;
    return r.value == 1 ? *(volatile uint8 *)&byte : -1;
}

/*
 * Power off. Firmware that cannot do that (sifive_u's in QEMU) may be able to restart the machine, at
 * which QEMU ends (-no-reboot). Returns if the firmware has no system reset extension, or refuses both.
 */
void sbi_shutdown(void)
{
    sbi_call(EXT_SRST, 0, SRST_SHUTDOWN, SRST_NO_REASON, 0);
    sbi_call(EXT_SRST, 0, SRST_COLD_REBOOT, SRST_NO_REASON, 0);
}
