/* SPDX-License-Identifier: BSD-3-Clause
 * malloc and free. The heap is a row of blocks. Each has a header with its own size and the size of
 * the block before it, so that a block that is freed joins its free neighbours at once:
 *
 *   | hdr | memory ... | hdr | memory ... | hdr: end mark, used, size 0 |
 *
 * Free blocks are in bins, one for each power of two of their size. malloc searches the bin that may
 * have a block that fits, then takes any block of a larger bin, and then asks the kernel. When the
 * program calls sbrk() itself, there are several rows; the end marks keep them apart.
 */
#include "user/user.h"

struct block {
    uint64 prev_size;          /* of the block before it; 0: it is the first of its row */
    uint64 size;               /* header included, a multiple of 16; bit 0: in use */
    struct block *next, *prev; /* in its bin, while it is free; else the caller's memory */
};

#define HEADER 16UL /* bytes of a block before the caller's memory */
#define MINBLOCK sizeof(struct block)
#define USED 1UL
#define CHUNK 32768UL /* ask the kernel for at least this much */
#define NBIN 32

static struct block *bins[NBIN];
static struct block *end_mark; /* of the newest row */

static uint64 size_of(const struct block *b)
{
    return b->size & ~USED;
}

static struct block *after(struct block *b)
{
    return (struct block *)(void *)((char *)b + size_of(b));
}

static int bin_of(uint64 size)
{
    int bin = 0;

    for (size >>= 6; size != 0; size >>= 1)
        bin++;
    return bin;
}

static void bin_remove(struct block *b)
{
    if (b->prev != 0)
        b->prev->next = b->next;
    else
        bins[bin_of(b->size)] = b->next;
    if (b->next != 0)
        b->next->prev = b->prev;
}

/* Make b, of this size, a free block. Its neighbours are not free. */
static void bin_add(struct block *b, uint64 size)
{
    struct block **bin = &bins[bin_of(size)];

    b->size = size;
    after(b)->prev_size = size;
    b->prev = 0;
    b->next = *bin;
    if (b->next != 0)
        b->next->prev = b;
    *bin = b;
}

/* Free the block b of this size, and join it with its free neighbours. */
static void release(struct block *b, uint64 size)
{
    struct block *next = (struct block *)(void *)((char *)b + size);

    if (!(next->size & USED)) {
        bin_remove(next);
        size += next->size;
    }
    if (b->prev_size != 0) {
        struct block *before = (struct block *)(void *)((char *)b - b->prev_size);
        if (!(before->size & USED)) {
            bin_remove(before);
            size += before->size;
            b = before;
        }
    }
    bin_add(b, size);
}

/* Get more memory from the kernel, with room for a block of `need` bytes. 0, or -1. */
static int more(uint64 need)
{
    uint64 ask = need + 2 * HEADER > CHUNK ? need + 2 * HEADER : CHUNK;
    uint64 skip = -(uint64)sbrk(0) & 15; /* the program may have moved the heap's end anywhere */
    char *p = sbrk((int)(skip + ask));
    struct block *b;

    if (p == SBRK_ERROR)
        return -1;
    if (end_mark != 0 && p == (char *)end_mark + HEADER) {
        b = end_mark; /* the row continues: its end mark becomes the new block's header */
        ask += HEADER;
    } else {
        b = (struct block *)(void *)(p + skip);
        b->prev_size = 0;
    }
    end_mark = (struct block *)(void *)((char *)b + ask - HEADER);
    end_mark->size = USED;
    release(b, ask - HEADER);
    return 0;
}

/* A free block of at least `size` bytes, or 0. */
static struct block *find(uint64 size)
{
    int bin = bin_of(size);
    struct block *b;

    for (b = bins[bin]; b != 0; b = b->next)
        if (b->size >= size)
            return b;
    while (++bin < NBIN)
        if (bins[bin] != 0)
            return bins[bin];
    return 0;
}

void *malloc(uint n)
{
    uint64 size = ((uint64)n + HEADER + 15) & ~15UL;
    struct block *b;
    uint64 rest;

    if (size < MINBLOCK)
        size = MINBLOCK;
    if (size > 0x7fff0000UL) /* sbrk takes an int */
        return 0;
    b = find(size);
    if (b == 0) {
        if (more(size) < 0)
            return 0;
        b = find(size);
    }
    bin_remove(b);
    rest = b->size - size;
    if (rest >= MINBLOCK) {
        struct block *tail = (struct block *)(void *)((char *)b + size);
        b->size = size | USED;
        tail->prev_size = size;
        bin_add(tail, rest);
    } else {
        b->size |= USED;
    }
    return (char *)b + HEADER;
}

void free(void *p)
{
    struct block *b;

    if (p == 0)
        return;
    b = (struct block *)(void *)((char *)p - HEADER);
    release(b, size_of(b));
}
