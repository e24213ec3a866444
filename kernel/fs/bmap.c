/* SPDX-License-Identifier: BSD-3-Clause
 * Where a file's blocks are on the disk: NDIRECT direct blocks in the inode, one table of NINDIRECT
 * numbers, and one table of such tables. Callers hold i_lock.
 *
 * A position in this tree is a depth (0: data, 1: a table of data blocks, 2: a table of tables) and
 * the number of a block in the file, counted from the first that the tree covers.
 */
#include "fs/alloc.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/turn.h"

/* Blocks of data under one entry of a table of this depth. */
static uint64 span(int depth)
{
    return depth == 2 ? NINDIRECT : 1;
}

/* The slot of i_addrs for block bn; *bn becomes relative to what the slot covers. */
static int top_slot(uint64 *bn, int *depth)
{
    if (*bn < NDIRECT) {
        *depth = 0;
        return (int)*bn;
    }
    *bn -= NDIRECT;
    if (*bn < NINDIRECT) {
        *depth = 1;
        return NDIRECT;
    }
    *bn -= NINDIRECT;
    *depth = 2;
    return NDIRECT + 1;
}

int bmap_run(struct inode *ip, uint64 bn, uint32 *blocks, int n)
{
    int depth;
    int64 block = ip->i_addrs[top_slot(&bn, &depth)];

    while (block != 0 && depth > 0) {
        struct buf *b = buf_read((uint32)block);
        if (b == NULL)
            return -1;
        const uint32 *table = (uint32 *)b->b_data + bn / span(depth);
        bn %= span(depth);
        block = *table;
        if (--depth == 0) {
            uint64 left = NINDIRECT - (uint64)(table - (uint32 *)b->b_data);
            n = (uint64)n < left ? n : (int)left;
            for (int i = 0; i < n; ++i)
                blocks[i] = table[i];
            buf_release(b);
            return n;
        }
        buf_release(b);
    }
    blocks[0] = (uint32)block;
    return 1;
}

int64 bmap(struct inode *ip, uint64 bn)
{
    uint32 block = 0;

    if (bn < NDIRECT)
        return ip->i_addrs[bn];
    return bmap_run(ip, bn, &block, 1) < 0 ? -1 : (int64)block;
}

/* --- allocating --- */

/* Check a number from the disk, or 0, for a block that is about to be written; -1: it is no data block.
 * (A read of a wrong block does no harm: it gives wrong bytes, or an I/O error.) */
static int64 checked(const struct inode *ip, uint32 block)
{
    if (block == 0 || block_ok(block))
        return block;
    log_stop("damaged: inode %u: block %u is no data block", ip->i_inum, block);
    return -1;
}

/* A new block: with depth > 0 a table, all 0; otherwise data, with arbitrary content. 0: the disk is
 * full. */
static uint32 new_block(int depth)
{
    uint32 block = block_alloc();

    if (block == 0 || depth == 0)
        return block;
    struct buf *b = buf_get(block);
    log_modify(b);
    memset(b->b_data, 0, BSIZE);
    buf_release(b);
    return block;
}

/* Entry `index` of a table, filled in if it is 0: the block's number, or -1. */
static int64 table_alloc(uint32 table, uint64 index, int depth, bool *fresh)
{
    struct buf *b = buf_read(table);
    if (b == NULL)
        return -1;
    uint32 block = ((uint32 *)b->b_data)[index];
    *fresh = block == 0;
    if (*fresh) {
        block = new_block(depth);
        if (block != 0) {
            log_modify(b);
            ((uint32 *)b->b_data)[index] = block;
        }
    }
    buf_release(b);
    return block != 0 ? (int64)block : -1;
}

int64 bmap_alloc(struct inode *ip, uint64 bn, bool *fresh)
{
    int depth;
    uint32 *slot = &ip->i_addrs[top_slot(&bn, &depth)];

    KASSERT(bn < MAXFILE, "block %lu", bn);
    *fresh = *slot == 0;
    if (*fresh)
        *slot = new_block(depth);
    if (*slot == 0)
        return -1;
    int64 block = checked(ip, *slot);
    for (; depth > 0 && block > 0; --depth) {
        block = table_alloc((uint32)block, bn / span(depth), depth - 1, fresh);
        if (block > 0)
            block = checked(ip, (uint32)block);
        bn %= span(depth);
    }
    return block;
}

/* --- freeing --- */

#define TRIM_MAPS 6      /* blocks of the bitmap that one transaction modifies */
#define TRIM_BLOCKS 4096 /* blocks that it frees: other operations need the bitmap, too */
#define TURN_BLOCKS 64   /* blocks freed between two turns for other threads */

struct trim {
    uint32 maps;   /* how often another block of the bitmap was needed */
    uint32 map;    /* block of the bitmap of the last freed block */
    uint32 blocks; /* blocks freed */
};

/* Free one block: not inlined, so that trim_tree stays small. False: the transaction is full. */
static __attribute__((noinline)) bool trim_block(struct trim *t, uint32 block)
{
    uint32 map = BBLOCK(block, superblock);

    if (t->blocks == TRIM_BLOCKS || (map != t->map && t->maps == TRIM_MAPS))
        return false;
    t->maps += map != t->map;
    t->map = map;
    block_free(block);
    if (++t->blocks % TURN_BLOCKS == 0)
        pass_turn_locked();
    return true;
}

/*
 * Free what is under *slot from block `keep` on (relative to the tree), last blocks first. With keep 0,
 * free the tree's own block, too, and set *slot to 0. False: the transaction is full, and the rest of
 * the tree is as it was; or a table can't be read (log_stop).
 */
static bool trim_tree(struct trim *t, uint32 *slot, int depth, uint64 keep)
{
    if (*slot == 0)
        return true;
    bool done = true;
    if (!block_ok(*slot)) {
        log_stop("damaged: block %u is no data block", *slot);
        return false;
    }
    if (depth > 0) {
        struct buf *b = buf_read(*slot);
        if (b == NULL) {
            log_stop("I/O error in block %u", *slot);
            return false;
        }
        log_modify(b);
        uint32 *table = b->b_data;
        uint64 each = span(depth);
        for (uint64 i = NINDIRECT; done && i-- > keep / each;) {
            uint64 first = i * each;
            done = trim_tree(t, &table[i], depth - 1, keep > first ? keep - first : 0);
        }
        buf_release(b);
    }
    if (done && keep == 0) {
        done = trim_block(t, *slot);
        if (done)
            *slot = 0;
    }
    return done;
}

/*
 * From the end of the tree backwards, so that a file that is cut in several steps, perhaps with a crash
 * in between, is a file with fewer blocks after each step.
 */
bool inode_trim(struct inode *ip)
{
    struct trim t = {0};
    uint64 keep = (ip->i_size + BSIZE - 1) / BSIZE;
    uint64 base[] = {NDIRECT, NDIRECT + NINDIRECT};
    bool done = true;

    for (int depth = 2; done && depth > 0; --depth) {
        uint64 first = base[depth - 1];
        done = trim_tree(&t, &ip->i_addrs[NDIRECT + depth - 1], depth,
                         keep > first ? keep - first : 0);
    }
    for (uint64 i = NDIRECT; done && i-- > keep;)
        done = trim_tree(&t, &ip->i_addrs[i], 0, 0);
    return done;
}
