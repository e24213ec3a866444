/*
 * Calls into the firmware (RISC-V Supervisor Binary Interface Specification, chapter "Binary
 * Encoding"): `ecall` with the extension in a7, the function in a6 and arguments from a0; a0 comes
 * back as the error, a1 as the value, all else is preserved.
 *
 * Any context. None of these blocks, but each costs some 250 instructions of M-mode.
 */
#include "riscv/sbi.h"

#define EXT_PUTCHAR 0x01L    /* "Legacy Extensions" */
#define EXT_BASE 0x10L       /* "Base Extension" */
#define EXT_TIME 0x54494D45L /* "Timer Extension" */
#define EXT_IPI 0x735049L    /* "IPI Extension" */
#define EXT_HSM 0x48534DL    /* "Hart State Management Extension" */
#define EXT_SRST 0x53525354L /* "System Reset Extension" */

#define BASE_PROBE_EXTENSION 3L
#define SRST_SHUTDOWN 0UL
#define SRST_NO_REASON 0UL

struct sbiret {
    int64 error;
    int64 value;
};

static inline struct sbiret sbi_call(int64 extension, int64 function, uint64 arg0, uint64 arg1,
                                     uint64 arg2)
{
    register uint64 a0 __asm__("a0") = arg0;
    register uint64 a1 __asm__("a1") = arg1;
    register uint64 a2 __asm__("a2") = arg2;
    register int64 a6 __asm__("a6") = function;
    register int64 a7 __asm__("a7") = extension;

    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (struct sbiret){.error = (int64)a0, .value = (int64)a1};
}

/*
 * Start a stopped hart at a physical address in S-mode, paging and interrupts off, with
 * a0 = its hartid and a1 = opaque.
 */
int64 sbi_hart_start(uint64 hartid, uint64 entry_pa, uint64 opaque)
{
    return sbi_call(EXT_HSM, 0, hartid, entry_pa, opaque).error;
}

/*
 * Raise a software interrupt on the harts hart_base + i, for each bit i of the mask. The firmware
 * passes it on to S-mode there. What this hart wrote before is seen by the target: the firmware
 * fences before it writes the CLINT.
 */
int64 sbi_send_ipi(uint64 hart_mask, uint64 hart_base)
{
    return sbi_call(EXT_IPI, 0, hart_mask, hart_base, 0).error;
}

/* Timer interrupt of this hart at `when` in ticks of `time`; also takes a pending one back. */
void sbi_set_timer(uint64 when)
{
    sbi_call(EXT_TIME, 0, when, 0, 0);
}

/* One byte to the firmware's console, polled. The firmware writes a CR before each newline. */
void sbi_console_putchar(int c)
{
    sbi_call(EXT_PUTCHAR, 0, (uint64)c, 0, 0);
}

/* Power off. Returns only when the firmware has no system reset extension or refuses. */
void sbi_shutdown(void)
{
    sbi_call(EXT_SRST, 0, SRST_SHUTDOWN, SRST_NO_REASON, 0);
}

/* Whether the firmware has an extension: 0, or something that is not. */
int64 sbi_probe(int64 extension)
{
    return sbi_call(EXT_BASE, BASE_PROBE_EXTENSION, (uint64)extension, 0, 0).value;
}
