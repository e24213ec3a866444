/* SPDX-License-Identifier: BSD-3-Clause
 * Which serial port is the console's: board.uart. board.c calls each of the two functions once for each
 * node of the tree, in two passes: the first reads what the tree says about the console, and the second
 * looks for that port.
 *
 *   /chosen   stdout-path = "/soc/serial@10000000:115200n8"   a path, or the name of an alias, and
 *   /aliases  serial0     = "/soc/serial@10000000"            perhaps ":" and options
 */
#include "lib/string.h"
#include "riscv/fdt_node.h"

#define NALIASES (FDT_SERIAL3 - FDT_SERIAL0 + 1)
#define SERIAL "serial" /* an alias is this and a digit */

/* In the tree; data is NULL when it is not there. */
static struct fdt_prop stdout_path, aliases[NALIASES];

/* Bytes of a path: up to the end, or to ":". */
static size_t path_length(const struct fdt_prop *p)
{
    size_t len = 0;

    while (len < p->len && p->data[len] != '\0' && p->data[len] != ':')
        len++;
    return len;
}

void serial_note(struct fdt_node *node)
{
    if (node->parent == NULL || node->parent->parent != NULL)
        return;
    if (strcmp(node->name, "chosen") == 0)
        stdout_path = node->prop[FDT_STDOUT_PATH];
    else if (strcmp(node->name, "aliases") == 0)
        memcpy(aliases, &node->prop[FDT_SERIAL0], sizeof(aliases));
}

/* The path of the console's port: stdout-path, or the alias that it names. */
static const struct fdt_prop *wanted_path(void)
{
    size_t len = path_length(&stdout_path), prefix = sizeof(SERIAL) - 1;

    if (len != prefix + 1 || memcmp(stdout_path.data, SERIAL, prefix) != 0)
        return &stdout_path;
    uint32 i = (uint32)stdout_path.data[prefix] - '0';
    return i < NALIASES ? &aliases[i] : &stdout_path;
}

/* Whether a node has this path; compared from the end, as a node knows its parent. */
static bool has_path(const struct fdt_node *node, const struct fdt_prop *path)
{
    size_t left = path_length(path);

    for (; node->parent != NULL; node = node->parent) {
        size_t len = strlen(node->name);
        if (left < len + 1 || path->data[left - len - 1] != '/' ||
            memcmp(path->data + left - len, node->name, len) != 0)
            return false;
        left -= len + 1;
    }
    return left == 0;
}

static enum uart_kind kind_of(const struct fdt_node *node)
{
    static const struct {
        const char *compatible;
        enum uart_kind kind;
    } kinds[] = {
        {"ns16550a", UART_NS16550},
        {"snps,dw-apb-uart", UART_NS16550},
        {"sifive,uart0", UART_SIFIVE},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (fdt_has_string(&node->prop[FDT_COMPATIBLE], kinds[i].compatible))
            return kinds[i].kind;
    return UART_NONE;
}

void serial_choose(struct fdt_node *node)
{
    struct serial_port port = {
        .kind = kind_of(node),
        .reg_shift = fdt_cell(&node->prop[FDT_REG_SHIFT], 0, 0),
        .io_width = fdt_cell(&node->prop[FDT_REG_IO_WIDTH], 0, 1),
    };

    if (port.kind == UART_NONE || board.uart.kind != UART_NONE)
        return;
    if (stdout_path.data != NULL && !has_path(node, wanted_path()))
        return;
    if (port.reg_shift > 4 || (port.io_width != 1 && port.io_width != 4))
        return;
    if (fdt_device(node, &port.range))
        board.uart = port;
}
