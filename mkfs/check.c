/* SPDX-License-Identifier: BSD-3-Clause
 * Checking an image: superblock, log, inodes, block pointers and the bitmap. checkdir.c continues with
 * directories and link counts. Nothing is repaired.
 *
 * A finding is something that the kernel never writes, or that would do harm. A note is about a state
 * that a crash or a failed write leaves behind, and that the kernel can handle.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"
#include "mkfs/mkfs.h"

#define MAX_SHOWN 1000 /* findings that are printed; all are counted */

void finding(struct check *c, const char *fmt, ...)
{
    va_list ap;

    if (++c->findings > MAX_SHOWN)
        return;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

void note(const char *fmt, ...)
{
    va_list ap;

    fputs("note: ", stdout);
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
}

static void check_log(struct check *c)
{
    char buf[128];

    switch (log_replay(c->img, buf, sizeof buf)) {
    case LOG_EMPTY:
        break;
    case LOG_TORN:
        note("log: the header's checksum is wrong: the commit was not finished; nothing to replay");
        break;
    case LOG_REPLAYED:
        note("log: %s", buf);
        break;
    case LOG_BAD:
        finding(c, "log: %s", buf);
        break;
    }
}

/* Note that inode inum uses block b. False: it cannot, or another does; then do not look into b. */
static bool claim(struct check *c, uint32 inum, uint32 b, const char *what)
{
    if (b < c->img->sb.datastart || b >= c->img->sb.size) {
        finding(c, "inode %u: %s %u is not a data block", inum, what, b);
        return false;
    }
    if (c->owner[b] != 0) {
        finding(c, "inode %u: %s %u is also used by inode %u", inum, what, b, c->owner[b]);
        return false;
    }
    c->owner[b] = inum;
    return true;
}

/*
 * Claim what a pointer leads to: a block of content (depth 0) or of further pointers. first: the number
 * within the file of the first content block below it. Returns the number of content blocks that lie at
 * or after `end`.
 */
static uint32 claim_tree(struct check *c, uint32 inum, uint32 b, int depth, uint64 first,
                         uint64 end)
{
    uint64 below = depth == 2 ? NINDIRECT : 1;
    const uint32 *table;
    uint32 past = 0;

    if (b == 0)
        return 0;
    if (!claim(c, inum, b, depth == 0 ? "block" : "indirect block"))
        return 0;
    if (depth == 0)
        return first >= end;
    table = image_block(c->img, b);
    for (uint32 i = 0; i < NINDIRECT; i++)
        past += claim_tree(c, inum, table[i], depth - 1, first + i * below, end);
    return past;
}

/* Check all blocks of an inode. A write that fails half-way can leave blocks past the end. */
static void check_blocks(struct check *c, uint32 inum, const struct dinode *ip)
{
    uint64 end = size_ok(ip->size) ? size_blocks(ip->size) : MAXFILE;
    uint32 past = 0;

    for (uint32 i = 0; i < NDIRECT; i++)
        past += claim_tree(c, inum, ip->addrs[i], 0, i, end);
    past += claim_tree(c, inum, ip->addrs[NDIRECT], 1, NDIRECT, end);
    past += claim_tree(c, inum, ip->addrs[NDIRECT + 1], 2, NDIRECT + NINDIRECT, end);
    if (past != 0)
        note("inode %u: %u blocks past the end of the file", inum, past);
}

static void check_inode(struct check *c, uint32 inum)
{
    const struct dinode *ip = image_inode(c->img, inum);

    if (ip->type < TYPE_FREE || ip->type > TYPE_DEVICE) {
        finding(c, "inode %u: unknown type %d", inum, ip->type);
        return;
    }
    if (ip->type == TYPE_FREE)
        return;
    if (inum == 0) {
        finding(c, "inode 0: in use, although 0 means \"no inode\"");
        return;
    }
    if (!size_ok(ip->size))
        finding(c, "inode %u: size %lu is more than a file can have", inum, ip->size);
    if (ip->type == TYPE_DEVICE && (ip->major < 0 || ip->major >= NDEV))
        finding(c, "inode %u: no device has major number %d", inum, ip->major);
    if (ip->nlink < 0)
        finding(c, "inode %u: nlink %d", inum, ip->nlink);
    check_blocks(c, inum, ip);
}

static bool bitmap_bit(const struct image *img, uint32 b)
{
    const uint8 *bits = image_block(img, BBLOCK(b, img->sb));

    return (bits[b % BPB / 8] >> (b % 8)) & 1;
}

/* Every block in use must be marked, and no other block. */
static void check_bitmap(struct check *c)
{
    const struct superblock *sb = &c->img->sb;
    uint32 bits = (sb->size + BPB - 1) / BPB * BPB;

    for (uint32 b = 0; b < bits; b++) {
        bool marked = bitmap_bit(c->img, b);

        if (b >= sb->size && marked)
            finding(c, "bitmap: block %u is marked in use, but the image ends before it", b);
        else if (b < sb->datastart && !marked)
            finding(c, "bitmap: block %u belongs to the file system itself, but is marked free", b);
        else if (b >= sb->datastart && b < sb->size && !marked && c->owner[b] != 0)
            finding(c, "bitmap: block %u belongs to inode %u, but is marked free", b, c->owner[b]);
        else if (b >= sb->datastart && b < sb->size && marked && c->owner[b] == 0)
            finding(c, "bitmap: block %u is marked in use, but no inode uses it", b);
    }
}

uint64 check_image(const char *path)
{
    struct image img;
    struct check c = {.img = &img};

    image_open(&img, path);
    c.owner = host_alloc((uint64)img.sb.size * sizeof c.owner[0]);
    c.links = host_alloc((uint64)img.sb.ninodes * sizeof c.links[0]);
    c.reached = host_alloc(img.sb.ninodes);
    check_log(&c);
    for (uint32 i = 0; i < img.sb.ninodes; i++)
        check_inode(&c, i);
    check_bitmap(&c);
    check_directories(&c);
    if (c.findings > MAX_SHOWN)
        printf("... and %lu more\n", c.findings - MAX_SHOWN);
    if (c.findings != 0)
        printf("%s: %lu findings\n", path, c.findings);
    free(c.owner);
    free(c.links);
    free(c.reached);
    return c.findings;
}
