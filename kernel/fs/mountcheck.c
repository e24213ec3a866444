/* SPDX-License-Identifier: BSD-3-Clause
 * A check of all inodes at mount. The kernel trusts its bitmap: a block that a file uses and the bitmap
 * calls free would be given to a second file, and freed twice. So each block that an inode or one of
 * its tables names must be a data block, marked in use, and named only once. Damage is not repaired:
 * the file system is read-only then, the console shows the first finding, and `mkfs -c` on the host
 * shows all.
 *
 * It costs a read for each 4 MiB of a large file and a few instructions for each block. What
 * directories say is checked by namecheck.c. Nothing else uses the file system yet, so buffers are read
 * without their locks.
 */
#include "fs/alloc.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/string.h"
#include "mm/page.h"

#define CLAIM_PAGES \
    (BSIZE / sizeof(uint64 *)) /* a page of bits for each BPB blocks: 64 GiB in all */

static struct {
    struct buf *map; /* the block of the bitmap that was looked at last, or NULL */
    uint64 *
        *claims; /* a page: pages with a bit a block, or NULL; of a larger disk, the first ones */
    uint32 last_inode; /* the inode that is being checked */
    bool good;
} check;

/* Read a block and keep it in the cache until it is dropped. NULL: I/O error. */
static struct buf *hold_block(uint32 block)
{
    struct buf *b = buf_read(block);

    if (b == NULL)
        return NULL;
    buf_hold(b);
    buf_release(b);
    return b;
}

static void damaged(const char *what, uint32 block)
{
    log_stop("damaged: inode %u: block %u %s", check.last_inode, block, what);
    check.good = false;
}

/* If this part of the bitmap can't be read, that is what the console shows. */
static bool is_marked(uint32 block)
{
    uint32 at = BBLOCK(block, superblock);

    if (check.map == NULL || check.map->b_block != at) {
        if (check.map != NULL)
            buf_drop(check.map);
        check.map = hold_block(at);
    }
    if (check.map == NULL) {
        log_stop("I/O error in block %u", at);
        return false;
    }
    const uint64 *bits = check.map->b_data;
    return (bits[block % BPB / 64] >> (block % 64) & 1) != 0;
}

/* Note that the block is in use. True: it was noted before. Without memory for the note: false. */
static bool claim(uint32 block)
{
    uint64 **page =
        check.claims != NULL && block / BPB < CLAIM_PAGES ? &check.claims[block / BPB] : NULL;

    if (page != NULL && *page == NULL)
        *page = page_zalloc();
    if (page == NULL || *page == NULL)
        return false;
    uint64 *word = &(*page)[block % BPB / 64];
    bool before = (*word >> (block % 64) & 1) != 0;
    *word |= 1UL << (block % 64);
    return before;
}

/* The first entry of a table, from i on, that is not 0, or NINDIRECT. Most tables are nearly empty, so
 * zeros are passed eight at a time. */
static uint32 next_entry(const uint32 *table, uint32 i)
{
    typedef const uint64 __attribute__((may_alias)) word;

    for (; i < NINDIRECT && table[i] == 0; ++i) {
        if (i % 8 != 0)
            continue;
        word *w = (word *)(const void *)&table[i], *end = (word *)(const void *)&table[NINDIRECT];
        while (w < end && (w[0] | w[1] | w[2] | w[3]) == 0)
            w += 4;
        i = (uint32)((const uint32 *)w - table);
        if (w == end || table[i] != 0)
            break;
    }
    return i;
}

/* Check all that a block number leads to: data (depth 0), or a table. */
static void check_tree(uint32 block, int depth)
{
    if (block == 0 || !check.good)
        return;
    if (!block_ok(block))
        damaged("is no data block", block);
    else if (!is_marked(block))
        damaged("is marked free", block);
    else if (claim(block))
        damaged("is in use twice", block);
    if (depth == 0 || !check.good)
        return;
    struct buf *b = hold_block(block);
    if (b == NULL) {
        damaged("can't be read", block);
        return;
    }
    const uint32 *table = b->b_data;
    for (uint32 i = next_entry(table, 0); i < NINDIRECT; i = next_entry(table, i + 1))
        check_tree(table[i], depth - 1);
    buf_drop(b);
}

static void check_inode(const struct dinode *di)
{
    if (!dinode_ok(di)) {
        log_stop("damaged: inode %u", check.last_inode);
        check.good = false;
    }
    for (int i = 0; i < NDIRECT; ++i)
        check_tree(di->addrs[i], 0);
    check_tree(di->addrs[NDIRECT], 1);
    check_tree(di->addrs[NDIRECT + 1], 2);
    if (check.good && di->type == T_DIR)
        check.good = names_note(check.last_inode, di);
}

/* Check that the blocks of the file system itself are marked in use. */
static void check_own_blocks(void)
{
    for (uint32 block = 0; block < superblock.datastart && check.good; ++block) {
        check.good = is_marked(block);
        if (!check.good)
            log_stop("damaged: block %u, of the file system itself, is marked free", block);
    }
}

static void free_claims(void)
{
    for (uint32 i = 0; check.claims != NULL && i < CLAIM_PAGES; ++i)
        if (check.claims[i] != NULL)
            page_unref(check.claims[i]);
    if (check.claims != NULL)
        page_unref(check.claims);
    if (check.map != NULL)
        buf_drop(check.map);
}

/* Check the inodes in one block of them, or compare them with their names. If it can't be read now, its
 * use later ends in an I/O error. */
static void check_inode_block(uint32 block, bool names)
{
    struct buf *b = hold_block(block);

    if (b == NULL)
        return;
    const struct dinode *di = b->b_data;
    for (uint32 i = 0; i < IPB && check.good; ++i) {
        check.last_inode = (block - superblock.inodestart) * (uint32)IPB + i;
        if (check.last_inode >= superblock.ninodes)
            break;
        if (names)
            check.good = names_compare(check.last_inode, &di[i]);
        else if (di[i].type != 0)
            check_inode(&di[i]);
    }
    buf_drop(b);
}

void fs_check(void)
{
    check.claims = page_zalloc();
    check.good = true;
    check_own_blocks();
    for (int names = 0; names < 2; ++names)
        for (uint32 inum = 0; inum < superblock.ninodes && check.good; inum += IPB)
            check_inode_block((uint32)IBLOCK(inum, superblock), names != 0);
    free_claims();
    names_free();
}
