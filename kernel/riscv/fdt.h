/* SPDX-License-Identifier: BSD-3-Clause
 * The flattened device tree that the firmware hands over (Devicetree Specification, "Flattened
 * Devicetree (DTB) Format"), and what this kernel needs from it. Parsed once, at boot, with every
 * offset and length checked; a tree that makes no sense ends in a panic that says what is wrong.
 */
#ifndef RISCV_FDT_H
#define RISCV_FDT_H

#include <stdbool.h>

#include "kernel/param.h"
#include "kernel/types.h"

#define MAXVIRTIO 16
#define MAXBOOTARGS 1024
#define NIRQ 128       /* sources of an interrupt controller: 1 .. NIRQ - 1 */
#define MAXPLIC 4      /* interrupt controllers: one for each socket */
#define MAXRESERVED 32 /* ranges */
#define NO_PLIC_CONTEXT (~0U)

struct device_range {
    uint64 base; /* physical address; 0: not there */
    uint64 size;
    uint32
        irq; /* interrupt: NIRQ * index of the PLIC + source; 0: none, or of another controller */
    uint32 parent; /* phandle of the interrupt controller */
};

/* The port that /chosen's stdout-path names, or the first in the tree if there is no stdout-path. */
enum uart_kind { UART_NONE, UART_NS16550, UART_SIFIVE };
struct serial_port {
    enum uart_kind kind; /* UART_NONE: it is of no kind that the kernel has a driver for */
    struct device_range range;
    uint32 reg_shift; /* registers are 1 << reg_shift bytes apart */
    uint32 io_width;  /* bytes of an access: 1 or 4 */
};

/* Memory that the tree sets aside. */
struct reserved_range {
    uint64 base, end; /* physical */
    bool nomap;       /* not even the kernel's direct map may have it */
};

struct board {
    uint64 mem_base, mem_end;  /* RAM, firmware and gaps included */
    uint64 mem_gaps;           /* bytes in it that are not RAM; they are reserved */
    uint64 mem_unused;         /* bytes of RAM outside of it */
    uint64 timebase;           /* ticks of the time CSR a second */
    int nharts;                /* usable harts found, at most NCPU */
    uint64 hartid[NCPU];       /* in the tree's order */
    uint32 hart_intc[NCPU];    /* phandle of each hart's interrupt controller */
    uint32 plic_context[NCPU]; /* each hart's S-mode context of its PLIC, or NO_PLIC_CONTEXT */
    int hart_plic[NCPU];       /* which PLIC that is: index */
    uint32 sswi_index[NCPU];   /* each hart's word in the sswi registers: base + 4 * index */
    bool sstc;                 /* stimecmp is there, on every hart */
    struct serial_port uart;
    struct device_range sswi, test; /* test: sifive,test0, the end of the machine */
    struct device_range plic[MAXPLIC];
    int nplic;
    struct device_range virtio[MAXVIRTIO];
    int nvirtio;
    uint64 initrd_start, initrd_end; /* physical; 0: none */
    struct reserved_range reserved[MAXRESERVED];
    int nreserved;
    char bootargs[MAXBOOTARGS];
    uint64 dtb_start, dtb_end; /* physical; this memory must not be reused */
};

extern struct board board;

/* Set before fdt_parse: if there are more than NCPU harts, this one is among those taken. */
extern uint64 fdt_boot_hartid;

/* For tests: harts that come late, and by how many ticks the next one; what ncpus was when the last one
 * came. entry.S knows the offsets. */
extern struct late_harts {
    uint64 mask, ticks, ncpus;
} late_harts;

/* Fill in `board` from the tree at dtb (a kernel address). Boot hart, first thing in C. */
void fdt_parse(const void *dtb);

/* Boot arguments: `name=value` words; "run=" takes the rest of the line. The value (a copy in buf,
 * at most len bytes with the NUL), or NULL when there is none. bootarg_u64: a number in decimal or
 * 0x hex, or deflt; a value that is not a number is reported, and deflt is taken. */
const char *bootarg(const char *name, char *buf, int len);
uint64 bootarg_u64(const char *name, uint64 deflt);

#endif
