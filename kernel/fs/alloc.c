/* SPDX-License-Identifier: BSD-3-Clause
 * Free blocks. The bitmap on the disk is searched from where the last search ended (next fit), so that
 * a file written at once lies in one piece, and a search is short. The locks of the bitmap's buffers
 * guard it; where to begin is only a hint.
 */
#include "fs/alloc.h"

#include "fs/log.h"
#include "lib/atomic.h"

struct superblock superblock;

static uint32 next_block; /* where to look first: peek and poke */

/* The first 0 bit of a map in [from, end), or end. */
static uint32 first_zero(const uint64 *map, uint32 from, uint32 end)
{
    while (from < end) {
        uint64 zeros = ~map[from / 64] >> (from % 64);
        if (zeros == 0) {
            from = (from / 64 + 1) * 64;
            continue;
        }
        while ((zeros & 1) == 0) {
            zeros >>= 1;
            ++from;
        }
        break;
    }
    return from < end ? from : end;
}

/*
 * Take a free block out of the bitmap block that covers `first`, from `first` on: its number; 0:
 * there is none; -1: I/O error.
 */
static int64 alloc_in_map(uint32 first)
{
    uint32 base = first - first % BPB;
    uint32 end = superblock.size - base < BPB ? superblock.size - base : BPB;
    struct buf *b = buf_read(BBLOCK(first, superblock));

    if (b == NULL)
        return -1;
    uint32 bit = first_zero(b->b_data, first - base, end);
    if (bit < end) {
        log_modify(b);
        uint64 *map = b->b_data;
        map[bit / 64] |= 1UL << (bit % 64);
    }
    buf_release(b);
    return bit < end ? base + bit : 0;
}

uint32 block_alloc(void)
{
    uint32 first = peek(&next_block);
    if (first < superblock.datastart || first >= superblock.size)
        first = superblock.datastart;

    /* Search the whole bitmap, from the hint on and round to the bitmap block with the hint again. */
    for (uint32 i = 0; i <= superblock.size / BPB + 1; ++i) {
        int64 block = alloc_in_map(first);
        if (block != 0) {
            poke(&next_block, (uint32)block + 1);
            return block < 0 ? 0 : (uint32)block;
        }
        first = first - first % BPB + BPB;
        if (first >= superblock.size)
            first = superblock.datastart;
    }
    return 0;
}

/*
 * If the block was the last one allocated, the hint moves back to it: so short-lived files use the same
 * blocks, and their buffers, again and again.
 */
void block_free(uint32 block)
{
    struct buf *b = buf_read(BBLOCK(block, superblock));
    if (b == NULL) {
        log_stop("I/O error in the bitmap");
        return;
    }
    uint32 bit = block % BPB;
    uint64 *map = b->b_data;
    bool marked = (map[bit / 64] >> (bit % 64) & 1) != 0;
    if (marked) {
        log_modify(b);
        map = b->b_data;
        map[bit / 64] &= ~(1UL << (bit % 64));
        log_forget(block);
        if (peek(&next_block) == block + 1)
            poke(&next_block, block);
    }
    buf_release(b);
    if (!marked)
        log_stop("damaged: block %u is free already", block);
}
