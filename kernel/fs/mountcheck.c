/* SPDX-License-Identifier: BSD-3-Clause
 * A check of all inodes at mount. The kernel trusts its bitmap: a block that a file uses and the bitmap
 * calls free would be given to a second file, and freed twice. So each block that an inode or one of
 * its tables names must be a data block, marked in use, and named only once. Damage is not repaired:
 * the file system is read-only then, the console shows the first finding, and `mkfs -c` on the host
 * shows all.
 *
 * It costs a read for each 4 MiB of a large file, and a few instructions for each row of 64 blocks, as
 * the bits of a row are compared at once. What directories say is checked by namecheck.c. Nothing else
 * uses the file system yet, so buffers are read without their locks.
 */
#include "fs/alloc.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/bits.h"
#include "mm/page.h"

#define NPARTS (BSIZE / sizeof(uint64 *)) /* parts that can have notes: 64 GiB in all */
#define GROUP 32                          /* entries of a table that are compared with 0 at once */

/* A part is what one block of the bitmap covers, BPB blocks. */
static struct {
    uint64 **claims;      /* a page with each part's claims, or NULL: a page with a bit a block */
    uint32 part;          /* the part that was opened last, */
    struct buf *map;      /* its block of the bitmap, or NULL, */
    const uint64 *marked; /* what the bitmap says, a bit a block: in use, */
    uint64 *claimed;      /* and its claims: named already. NULL: no memory, or too far away */
    uint32 inode;         /* the inode that is being checked */
    bool good;
} check;

static inline uint32 min32(uint32 a, uint32 b)
{
    return a < b ? a : b;
}

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
    log_stop("damaged: inode %u: block %u %s", check.inode, block, what);
    check.good = false;
}

/* Open the part in which the block lies. False: its block of the bitmap can't be read. */
static bool open_part(uint32 block)
{
    uint32 part = block / BPB;

    if (check.map != NULL && check.part == part)
        return true;
    if (check.map != NULL)
        buf_drop(check.map);
    check.part = part;
    check.map = hold_block(BBLOCK(block, superblock));
    if (check.map == NULL) {
        log_stop("I/O error in block %u", BBLOCK(block, superblock));
        check.good = false;
        return false;
    }
    check.marked = check.map->b_data;
    check.claimed = NULL;
    if (check.claims != NULL && part < NPARTS) {
        if (check.claims[part] == NULL)
            check.claims[part] = page_zalloc();
        check.claimed = check.claims[part];
    }
    return true;
}

/* Check n blocks in a row that an inode or a table names, and note that they are in use. A turn of the
 * loop is for the `here` blocks whose bits are in one word. */
static void check_blocks(uint32 block, uint32 n)
{
    while (n > 0 && check.good) {
        if (!block_ok(block)) {
            damaged("is no data block", block);
            break;
        }
        if (!open_part(block))
            break;
        uint32 here = min32(min32(n, 64 - block % 64), superblock.size - block);
        uint32 word = block % BPB / 64;
        uint64 bits = ~0UL >> (64 - here) << (block % 64);
        uint64 unmarked = bits & ~check.marked[word];
        uint64 again = check.claimed != NULL ? bits & check.claimed[word] : 0;

        if (unmarked != 0)
            damaged("is marked free", block / 64 * 64 + (uint32)bit_lowest64(unmarked));
        else if (again != 0)
            damaged("is in use twice", block / 64 * 64 + (uint32)bit_lowest64(again));
        else if (check.claimed != NULL)
            check.claimed[word] |= bits;
        block += here;
        n -= here;
    }
}

/* Whether all of these GROUP entries of a table are 0. */
static inline bool group_empty(const uint32 *entries)
{
    typedef const uint64 __attribute__((may_alias)) word;
    word *w = (word *)(const void *)entries;
    uint64 all = 0;

    for (int i = 0; i < GROUP / 2; i += 8)
        all |= w[i] | w[i + 1] | w[i + 2] | w[i + 3] | w[i + 4] | w[i + 5] | w[i + 6] | w[i + 7];
    return all == 0;
}

/* Check the blocks of data that n entries of an inode or a table name. Most files lie in one piece, so
 * that their entries are numbers in a row, and most tables are nearly empty. */
static void check_data(const uint32 *entries, uint32 n)
{
    for (uint32 i = 0; i < n && check.good;) {
        uint32 block = entries[i], row = 1;
        if (block == 0) {
            bool empty = i % GROUP == 0 && n - i >= GROUP && group_empty(&entries[i]);
            i += empty ? GROUP : 1;
            continue;
        }
        while (i + row < n && entries[i + row] == block + row)
            ++row;
        check_blocks(block, row);
        i += row;
    }
}

/* Check a table, if there is one (block is not 0), and all that it leads to. */
static void check_table(uint32 block, int depth)
{
    if (block == 0 || !check.good)
        return;
    check_blocks(block, 1);
    if (!check.good)
        return;
    struct buf *b = hold_block(block);
    if (b == NULL) {
        damaged("can't be read", block);
        return;
    }
    const uint32 *table = b->b_data;
    if (depth == 1)
        check_data(table, NINDIRECT);
    else
        for (uint32 i = 0; i < NINDIRECT; ++i)
            check_table(table[i], depth - 1);
    buf_drop(b);
}

static void check_inode(uint32 inum, const struct dinode *di)
{
    check.inode = inum;
    if (!dinode_ok(di)) {
        log_stop("damaged: inode %u", inum);
        check.good = false;
    }
    check_data(di->addrs, NDIRECT);
    check_table(di->addrs[NDIRECT], 1);
    check_table(di->addrs[NDIRECT + 1], 2);
    if (check.good && di->type == T_DIR)
        check.good = names_note(inum, di);
}

/* Check that the blocks of the file system itself are marked in use. */
static void check_own_blocks(void)
{
    for (uint32 block = 0; block < superblock.datastart && open_part(block); block += 64) {
        uint32 left = superblock.datastart - block;
        uint64 own = left < 64 ? (1UL << left) - 1 : ~0UL;
        uint64 unmarked = own & ~check.marked[block % BPB / 64];
        if (unmarked == 0)
            continue;
        log_stop("damaged: block %u, of the file system itself, is marked free",
                 block + (uint32)bit_lowest64(unmarked));
        check.good = false;
        break;
    }
}

static void free_claims(void)
{
    for (uint32 i = 0; check.claims != NULL && i < NPARTS; ++i)
        if (check.claims[i] != NULL)
            page_unref(check.claims[i]);
    if (check.claims != NULL)
        page_unref(check.claims);
    if (check.map != NULL)
        buf_drop(check.map);
}

/* Check the inodes in one block of them, the first of which has number `first`, or compare them with
 * their names. If it can't be read now, its use later ends in an I/O error. */
static void check_inode_block(uint32 first, bool names)
{
    struct buf *b = hold_block((uint32)IBLOCK(first, superblock));
    uint32 n = min32(IPB, superblock.ninodes - first);

    if (b == NULL)
        return;
    const struct dinode *di = b->b_data;
    for (uint32 i = 0; i < n && check.good; ++i) {
        if (names)
            check.good = names_compare(first + i, &di[i]);
        else if (di[i].type != 0)
            check_inode(first + i, &di[i]);
    }
    buf_drop(b);
}

void fs_check(void)
{
    check.claims = page_zalloc();
    check.good = true;
    check_own_blocks();
    for (uint32 first = 0; first < superblock.ninodes && check.good; first += IPB)
        check_inode_block(first, false);
    for (uint32 first = 0; first < superblock.ninodes && check.good; first += IPB)
        if (names_noted(first))
            check_inode_block(first, true);
    free_claims();
    names_free();
}
