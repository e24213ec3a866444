/* SPDX-License-Identifier: BSD-3-Clause
 * Walking through a flattened device tree: what fdt.c offers to board.c and serial.c. No other
 * file includes this.
 */
#ifndef RISCV_FDT_NODE_H
#define RISCV_FDT_NODE_H

#include <stdbool.h>

#include "kernel/memlayout.h"
#include "kernel/types.h"
#include "riscv/fdt.h"

#define ADDR_LIMIT (KSTACKS - KERNBASE) /* the direct map ends here */

/* The properties that are kept; fdt.c has their names in the same order. */
enum {
    FDT_COMPATIBLE,
    FDT_DEVICE_TYPE,
    FDT_STATUS,
    FDT_REG,
    FDT_PHANDLE,
    FDT_ADDRESS_CELLS,
    FDT_SIZE_CELLS,
    FDT_INTERRUPTS,
    FDT_INTERRUPTS_EXTENDED,
    FDT_INTERRUPT_PARENT,
    FDT_NO_MAP,
    FDT_ISA,
    FDT_ISA_EXTENSIONS,
    FDT_MMU_TYPE,
    FDT_TIMEBASE,
    FDT_BOOTARGS,
    FDT_INITRD_START,
    FDT_INITRD_END,
    FDT_STDOUT_PATH,
    FDT_REG_SHIFT,
    FDT_REG_IO_WIDTH,
    FDT_SERIAL0, /* aliases */
    FDT_SERIAL1,
    FDT_SERIAL2,
    FDT_SERIAL3,
    FDT_NPROPS
};

/* A property's value, in the tree itself; data is NULL when the node does not have it. */
struct fdt_prop {
    const uint8 *data;
    uint32 len;
};

struct fdt_node {
    const char *name;        /* with its unit address: "cpu@0" */
    struct fdt_node *parent; /* NULL: the root */
    struct fdt_prop prop[FDT_NPROPS];
    uint32 intc_phandle; /* phandle of its child named "interrupt-controller"; 0: none */
};

/* Call visit(node) for each node of the tree, children before parents. A node and its ancestors are
 * valid during the call; what the properties point to is valid as long as the tree. Returns the length
 * of the tree in bytes; panics if it is broken. */
uint32 fdt_walk(const void *dtb, void (*visit)(struct fdt_node *node));

/* Call reserve(base, size) for each entry of the tree's list of reserved memory (/memreserve/). The
 * walk has checked the header. */
void fdt_reservations(const void *dtb, void (*reserve)(uint64 base, uint64 size));

/* Cell number i of a property, or deflt if the property is shorter. */
uint32 fdt_cell(const struct fdt_prop *p, uint32 i, uint32 deflt);

/* The number in cells [first, first + count): count is 1 or 2. False if they are not there. */
bool fdt_number(const struct fdt_prop *p, uint32 first, uint32 count, uint64 *out);

/* Whether a property is a list of strings with s among them. */
bool fdt_has_string(const struct fdt_prop *p, const char *s);

/* The i-th (address, size) pair of a node's reg. False: there is none, or it makes no sense. */
bool fdt_reg(const struct fdt_node *node, uint32 i, uint64 *base, uint64 *size);

/* Whether a node may be used: no status, or "okay", for itself and for all that it is a part of. */
bool fdt_usable(const struct fdt_node *node);

/* A device's registers and its first interrupt, whose number is that of the controller until board.c
 * has resolved it. False: not usable, or out of reach. */
bool fdt_device(const struct fdt_node *node, struct device_range *r);

/* serial.c, for fdt_parse: visit all nodes with the first, and then all with the second. */
void serial_note(struct fdt_node *node);
void serial_choose(struct fdt_node *node);

#endif
