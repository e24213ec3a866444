/* SPDX-License-Identifier: BSD-3-Clause
 * Chooses the boot hart. The firmware takes the first that comes: always hart 0 in the deterministic
 * mode. With BOOT_HART=n, tools/qemu has all harts begin here, in M-mode, instead of at the machine's
 * reset vector (0x1000): all but hart n let the others go first, then each does what the reset vector
 * does, with a copy of its message to the firmware (OpenSBI's struct fw_dynamic_info) that names hart n.
 *
 * Position-independent.
 */
#define RESET_VECTOR 0x1        /* in units of 4096, as lui takes it */
#define RESET_ENTRY 0x18        /* there: the firmware's first instruction, */
#define RESET_FDT 0x20          /* the device tree, */
#define RESET_INFO 0x28         /* and struct fw_dynamic_info: five words, then the boot hart */
#define CLINT 0x2000            /* in units of 4096: a word for each hart, its software interrupt */
#define MIE_MSIE 8

        .option norelax
        .text
        csrr    a0, mhartid
        lui     t0, RESET_VECTOR
        lla     a2, info
        ld      t1, 40(a2)
        beq     a0, t1, go

/* wfi passes the turn to the next hart; it returns because an interrupt is pending and not taken. */
        slli    t2, a0, 2
        lui     t3, CLINT
        add     t2, t2, t3
        li      t3, 1
        sw      t3, 0(t2)
        csrwi   mie, MIE_MSIE
        wfi
        csrwi   mie, 0
        sw      zero, 0(t2)

go:
        .irp    i, 0, 8, 16, 24, 32
        ld      t1, RESET_INFO + \i(t0)
        sd      t1, \i(a2)
        .endr
        ld      a1, RESET_FDT(t0)
        ld      t0, RESET_ENTRY(t0)
        jr      t0

        .balign 8
info:
        .zero   40              /* five words; tools/qemu adds n after them, at the file's end */
