/* SPDX-License-Identifier: BSD-3-Clause
 * The kernel's device tree code on the host: shows what it finds in a tree, or feeds it damaged ones.
 *
 *   fdt_host FILE.dtb              print the board, or "panic: ..." (exit status 1)
 *   fdt_host FILE.dtb SEED COUNT   parse COUNT copies with random damage; built with ASan, any access
 *                                  outside the tree ends the program
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For their static variables, which a second parse must reset. */
#include "riscv/board.c"
#include "riscv/serial.c"

static jmp_buf panicked;
static int quiet;

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    if (!quiet) {
        printf("panic: ");
        vprintf(fmt, ap);
        printf("\n");
    }
    va_end(ap);
    longjmp(panicked, 1);
}

static void print_range(const char *name, const struct device_range *r)
{
    if (r->base != 0)
        printf("%s %lx %lx irq %u\n", name, r->base, r->size, r->irq);
}

static void print_uart(void)
{
    static const char *const kinds[] = {"none", "uart", "sifive-uart"};

    print_range(kinds[board.uart.kind], &board.uart.range);
    if (board.uart.reg_shift != 0 || board.uart.io_width > 1)
        printf("shift %u width %u\n", board.uart.reg_shift, board.uart.io_width);
}

static void print_board(void)
{
    char buf[MAXBOOTARGS];

    printf("memory %lx %lx\ntimebase %lu\nsstc %d\n", board.mem_base, board.mem_end, board.timebase,
           board.sstc);
    if (board.mem_unused != 0)
        printf("unused %lx\n", board.mem_unused);
    for (int i = 0; i < board.nharts; i++)
        printf("hart %lu intc %u plic %d.%d sswi %d\n", board.hartid[i], board.hart_intc[i],
               board.hart_plic[i], (int)board.plic_context[i], (int)board.sswi_index[i]);
    print_uart();
    for (int i = 0; i < board.nplic; i++)
        print_range("plic", &board.plic[i]);
    print_range("sswi", &board.sswi);
    print_range("test", &board.test);
    for (int i = 0; i < board.nvirtio; i++)
        print_range("virtio", &board.virtio[i]);
    for (int i = 0; i < board.nreserved; i++)
        printf("reserved %lx %lx%s\n", board.reserved[i].base, board.reserved[i].end,
               board.reserved[i].nomap ? " no-map" : "");
    printf("initrd %lx %lx\n", board.initrd_start, board.initrd_end);
    printf("args %s\n", board.bootargs);
    const char *run = bootarg("run", buf, sizeof(buf));
    printf("seed %lu run %s\n", bootarg_u64("seed", 0), run != NULL ? run : "-");
}

/* Read the file into a block of the tree's exact length, so that ASan sees the first byte beyond. */
static unsigned char *read_tree(const char *path, size_t *size)
{
    unsigned char *data = malloc(1 << 20);
    FILE *f = fopen(path, "rb");

    if (f == NULL || data == NULL || fread(data, 1, 1 << 20, f) < 40)
        exit(2);
    fclose(f);
    *size = (size_t)data[5] << 16 | data[6] << 8 | data[7];
    return realloc(data, *size);
}

/* Overwrite some bytes or words; the header's length must stay that of the block. */
static void damage(unsigned char *tree, size_t size)
{
    int n = 1 + rand() % 8;

    while (n-- > 0) {
        size_t at = rand() % 4 == 0 ? (size_t)rand() % 64 : (size_t)rand() % size;
        switch (rand() % 4) {
        case 0:
            tree[at] = (unsigned char)rand();
            break;
        case 1:
            tree[at] ^= (unsigned char)(1 << rand() % 8);
            break;
        case 2:
            memset(tree + (at & ~3UL), rand() % 2 ? 0xff : 0, size - (at & ~3UL) < 4 ? 1 : 4);
            break;
        default:
            tree[(at & ~3UL) % (size - 4) + 3] = (unsigned char)(rand() % 12);
            break;
        }
    }
    tree[4] = 0;
    tree[5] = (unsigned char)(size >> 16);
    tree[6] = (unsigned char)(size >> 8);
    tree[7] = (unsigned char)size;
}

static int show(const unsigned char *tree)
{
    if (setjmp(panicked) != 0)
        return 1;
    fdt_boot_hartid = 99;
    fdt_parse(tree);
    print_board();
    return 0;
}

/* Set all that a parse writes to zero, as at boot. */
static void reset(void)
{
    memset(&board, 0, sizeof(board));
    memset(plic_harts, 0, sizeof(plic_harts));
    sswi_harts = (struct fdt_prop){.data = NULL};
    stdout_path = (struct fdt_prop){.data = NULL};
    memset(aliases, 0, sizeof(aliases));
    nmemory = harts_without_sstc = 0;
}

static int fuzz(const unsigned char *tree, size_t size, unsigned seed, int count)
{
    static int accepted; /* static, so that longjmp keeps it */
    unsigned char *copy = malloc(size);

    srand(seed);
    quiet = 1;
    for (int i = 0; i < count; i++) {
        memcpy(copy, tree, size);
        damage(copy, size);
        reset();
        if (setjmp(panicked) == 0) {
            fdt_parse(copy);
            accepted++;
        }
    }
    printf("%d damaged trees: %d were accepted\n", count, accepted);
    free(copy);
    return 0;
}

int main(int argc, char **argv)
{
    size_t size;

    if (argc != 2 && argc != 4)
        return 2;
    unsigned char *tree = read_tree(argv[1], &size);
    int status = argc == 2 ? show(tree) : fuzz(tree, size, (unsigned)atoi(argv[2]), atoi(argv[3]));
    free(tree);
    return status;
}
