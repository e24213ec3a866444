/* SPDX-License-Identifier: BSD-3-Clause
 * The flattened device tree format (Devicetree Specification, chapter 5): a header of offsets, a
 * list of reserved memory, a block of 32-bit big-endian tokens and a block of property names.
 *
 *   reserved       pairs of 64-bit numbers, address and size; (0, 0) ends the list
 *   struct block   BEGIN_NODE "name\0" pad | PROP len nameoff value pad | ... | END_NODE ... END
 *   strings block  "compatible\0reg\0..."
 *
 * The tree comes from outside, so nothing in it is trusted: every read goes through a cursor that
 * knows the end of its block, and a read beyond it is a panic. Used once, by the boot hart, on a tree
 * that does not change; no allocation, no recursion.
 */
#include "riscv/fdt_node.h"

#include <stddef.h>

#include "lib/assert.h"
#include "lib/string.h"

#define FDT_MAGIC 0xd00dfeedU
#define FDT_HEADER_SIZE 40U
#define FDT_VERSION 17U          /* the format since 2007: has the length of both blocks */
#define FDT_MAX_SIZE (16U << 20) /* a larger size means a damaged header */
#define FDT_MAX_DEPTH 8

#define FDT_BEGIN_NODE 1U
#define FDT_END_NODE 2U
#define FDT_PROP 3U
#define FDT_NOP 4U
#define FDT_END 9U

/* Byte offsets in the header. */
enum {
    H_MAGIC = 0,
    H_TOTALSIZE = 4,
    H_OFF_STRUCT = 8,
    H_OFF_STRINGS = 12,
    H_OFF_RESERVED = 16,
    H_VERSION = 20,
    H_LAST_COMPATIBLE = 24,
    H_SIZE_STRINGS = 32,
    H_SIZE_STRUCT = 36
};

#define UNWANTED 0xffU

/*
 * Where the walk is: the bytes of the struct block, and of the strings block. The same names come
 * in many nodes, so what the name at an offset of the strings means is looked up once: 1 + the number
 * of the property, UNWANTED, or 0, which is not looked up yet.
 */
struct cursor {
    const uint8 *base;
    uint32 pos, len;
    const char *strings;
    uint32 strings_len;
    uint8 meaning[512]; /* of those at the first offsets */
};

static const char *const prop_names[FDT_NPROPS] = {
    [FDT_COMPATIBLE] = "compatible",
    [FDT_DEVICE_TYPE] = "device_type",
    [FDT_STATUS] = "status",
    [FDT_REG] = "reg",
    [FDT_PHANDLE] = "phandle",
    [FDT_ADDRESS_CELLS] = "#address-cells",
    [FDT_SIZE_CELLS] = "#size-cells",
    [FDT_INTERRUPTS] = "interrupts",
    [FDT_INTERRUPTS_EXTENDED] = "interrupts-extended",
    [FDT_INTERRUPT_PARENT] = "interrupt-parent",
    [FDT_NO_MAP] = "no-map",
    [FDT_ISA] = "riscv,isa",
    [FDT_ISA_EXTENSIONS] = "riscv,isa-extensions",
    [FDT_MMU_TYPE] = "mmu-type",
    [FDT_TIMEBASE] = "timebase-frequency",
    [FDT_BOOTARGS] = "bootargs",
    [FDT_INITRD_START] = "linux,initrd-start",
    [FDT_INITRD_END] = "linux,initrd-end",
    [FDT_STDOUT_PATH] = "stdout-path",
    [FDT_REG_SHIFT] = "reg-shift",
    [FDT_REG_IO_WIDTH] = "reg-io-width",
    [FDT_SERIAL0] = "serial0",
    [FDT_SERIAL1] = "serial1",
    [FDT_SERIAL2] = "serial2",
    [FDT_SERIAL3] = "serial3",
};

/* The nodes from the root to the one that the walk is in. Static: it is large for a boot stack. */
static struct fdt_node path[FDT_MAX_DEPTH];

/* Big-endian, and from any address: property values are aligned to 4 bytes only. */
static uint32 be32(const uint8 *p)
{
    return (uint32)p[0] << 24 | (uint32)p[1] << 16 | (uint32)p[2] << 8 | p[3];
}

/* len bytes at the cursor, which moves past them and their padding to a multiple of 4. */
static const uint8 *take(struct cursor *c, uint32 len)
{
    const uint8 *p = c->base + c->pos;

    if (len > c->len - c->pos)
        panic("device tree: %u bytes at offset %u of the structure run past its end", len, c->pos);
    c->pos += len;
    c->pos += -c->pos & 3;
    if (c->pos > c->len)
        c->pos = c->len;
    return p;
}

static uint32 take_u32(struct cursor *c)
{
    return be32(take(c, 4));
}

/* A node's name: a string inside the struct block. */
static const char *take_string(struct cursor *c)
{
    const char *s = (const char *)c->base + c->pos;
    uint32 len = (uint32)strnlen(s, c->len - c->pos);

    take(c, len + 1);
    return s;
}

/* Look up the name of a property: a value as in c->meaning. */
static uint32 look_up(const struct cursor *c, uint32 nameoff)
{
    if (nameoff >= c->strings_len)
        panic("device tree: a property's name at %u is outside the strings", nameoff);
    const char *name = c->strings + nameoff;
    if (strnlen(name, c->strings_len - nameoff) == c->strings_len - nameoff)
        panic("device tree: a property's name at %u has no end", nameoff);
    for (uint32 i = 0; i < FDT_NPROPS; i++)
        if (strcmp(name, prop_names[i]) == 0)
            return i + 1;
    return UNWANTED;
}

/* Read the rest of a PROP token; keep the value if it is one of those wanted (fdt_node.h). */
static void take_prop(struct cursor *c, struct fdt_node *node)
{
    uint32 len = take_u32(c);
    uint32 nameoff = take_u32(c);
    const uint8 *data = take(c, len);
    uint32 which = nameoff < sizeof(c->meaning) ? c->meaning[nameoff] : 0;

    if (which == 0) {
        which = look_up(c, nameoff);
        if (nameoff < sizeof(c->meaning))
            c->meaning[nameoff] = (uint8)which;
    }
    if (which != UNWANTED)
        node->prop[which - 1] = (struct fdt_prop){.data = data, .len = len};
}

/* Check the header and set the cursor to the start of the struct block. Returns the total length. */
static uint32 open_tree(const uint8 *dtb, struct cursor *c)
{
    uint32 total = be32(dtb + H_TOTALSIZE);

    if (be32(dtb + H_MAGIC) != FDT_MAGIC)
        panic("device tree: none at %p (magic %x)", (const void *)dtb, be32(dtb + H_MAGIC));
    if (total < FDT_HEADER_SIZE || total > FDT_MAX_SIZE)
        panic("device tree: impossible length of %u bytes", total);
    if (be32(dtb + H_VERSION) < FDT_VERSION || be32(dtb + H_LAST_COMPATIBLE) > FDT_VERSION)
        panic("device tree: version %u, wanted %u", be32(dtb + H_VERSION), FDT_VERSION);

    uint32 off_struct = be32(dtb + H_OFF_STRUCT), off_strings = be32(dtb + H_OFF_STRINGS);
    *c = (struct cursor){
        .base = dtb + off_struct,
        .len = be32(dtb + H_SIZE_STRUCT),
        .strings = (const char *)dtb + off_strings,
        .strings_len = be32(dtb + H_SIZE_STRINGS),
    };
    if (off_struct > total || c->len > total - off_struct || off_strings > total ||
        c->strings_len > total - off_strings)
        panic("device tree: a block lies outside its %u bytes", total);
    return total;
}

/* A node begins, at this depth (0: the root). */
static struct fdt_node *open_node(struct cursor *c, int depth)
{
    if (depth >= FDT_MAX_DEPTH)
        panic("device tree: nodes nest deeper than %d", FDT_MAX_DEPTH);
    struct fdt_node *node = &path[depth];
    memset(node, 0, sizeof(*node));
    node->name = take_string(c);
    node->parent = depth > 0 ? &path[depth - 1] : NULL;
    return node;
}

/* A node ends: its parent learns of an interrupt controller, which names a hart in what follows. */
static void close_node(struct fdt_node *node, void (*visit)(struct fdt_node *))
{
    if (node->parent != NULL && strcmp(node->name, "interrupt-controller") == 0)
        node->parent->intc_phandle = fdt_cell(&node->prop[FDT_PHANDLE], 0, 0);
    visit(node);
}

uint32 fdt_walk(const void *dtb, void (*visit)(struct fdt_node *node))
{
    struct cursor c;
    uint32 total = open_tree(dtb, &c);
    int depth = -1; /* of the current node; -1: outside the root */

    for (;;) {
        uint32 token = take_u32(&c);
        if (token == FDT_NOP)
            continue;
        if (token == FDT_BEGIN_NODE)
            open_node(&c, ++depth);
        else if (token == FDT_END && depth < 0)
            return total;
        else if (depth < 0 || (token != FDT_PROP && token != FDT_END_NODE))
            panic("device tree: token %x at offset %u, depth %d", token, c.pos - 4, depth);
        else if (token == FDT_PROP)
            take_prop(&c, &path[depth]);
        else
            close_node(&path[depth--], visit);
    }
}

void fdt_reservations(const void *dtb, void (*reserve)(uint64 base, uint64 size))
{
    const uint8 *tree = dtb;
    uint32 total = be32(tree + H_TOTALSIZE), pos = be32(tree + H_OFF_RESERVED);

    for (;; pos += 16) {
        if (pos > total || total - pos < 16)
            panic("device tree: the list of reserved memory runs past its end");
        uint64 base = (uint64)be32(tree + pos) << 32 | be32(tree + pos + 4);
        uint64 size = (uint64)be32(tree + pos + 8) << 32 | be32(tree + pos + 12);
        if (base == 0 && size == 0)
            return;
        reserve(base, size);
    }
}

uint32 fdt_cell(const struct fdt_prop *p, uint32 i, uint32 deflt)
{
    if (p->data == NULL || i >= p->len / 4)
        return deflt;
    return be32(p->data + 4 * i);
}

bool fdt_number(const struct fdt_prop *p, uint32 first, uint32 count, uint64 *out)
{
    uint64 n = 0;

    if (p->data == NULL || count < 1 || count > 2 || first + count > p->len / 4)
        return false;
    for (uint32 i = 0; i < count; i++)
        n = n << 32 | be32(p->data + 4 * (first + i));
    *out = n;
    return true;
}

bool fdt_has_string(const struct fdt_prop *p, const char *s)
{
    if (p->len == 0)
        return false;
    size_t want = strlen(s);
    for (uint32 pos = 0; pos < p->len;) {
        size_t len = strnlen((const char *)p->data + pos, p->len - pos);
        if (len == want && memcmp(p->data + pos, s, len) == 0)
            return true;
        pos += (uint32)len + 1;
    }
    return false;
}

/* The parent says how many cells an address and a size have; if it does not, they have 2 and 1. */
bool fdt_reg(const struct fdt_node *node, uint32 i, uint64 *base, uint64 *size)
{
    if (node->parent == NULL)
        return false;
    uint32 na = fdt_cell(&node->parent->prop[FDT_ADDRESS_CELLS], 0, 2);
    uint32 ns = fdt_cell(&node->parent->prop[FDT_SIZE_CELLS], 0, 1);
    const struct fdt_prop *reg = &node->prop[FDT_REG];

    if (na > 2 || ns > 2 || i >= reg->len / 4 || !fdt_number(reg, i * (na + ns), na, base))
        return false;
    *size = 0;
    if (ns > 0 && !fdt_number(reg, i * (na + ns) + na, ns, size))
        return false;
    return *base + *size >= *base;
}

bool fdt_usable(const struct fdt_node *node)
{
    for (; node != NULL; node = node->parent) {
        const struct fdt_prop *status = &node->prop[FDT_STATUS];
        if (status->data != NULL && !fdt_has_string(status, "okay") &&
            !fdt_has_string(status, "ok"))
            return false;
    }
    return true;
}

/* The phandle of the controller that a device interrupts: its own property, or the nearest
 * ancestor's. */
static uint32 interrupt_parent(const struct fdt_node *node)
{
    for (; node != NULL; node = node->parent)
        if (node->prop[FDT_INTERRUPT_PARENT].data != NULL)
            return fdt_cell(&node->prop[FDT_INTERRUPT_PARENT], 0, 0);
    return 0;
}

bool fdt_device(const struct fdt_node *node, struct device_range *r)
{
    uint64 base, size;

    if (!fdt_usable(node) || !fdt_reg(node, 0, &base, &size))
        return false;
    if (base == 0 || base + size > ADDR_LIMIT)
        return false;
    *r = (struct device_range){
        .base = base,
        .size = size,
        .irq = fdt_cell(&node->prop[FDT_INTERRUPTS], 0, 0),
        .parent = interrupt_parent(node),
    };
    return true;
}
