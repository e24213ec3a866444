/* SPDX-License-Identifier: BSD-3-Clause
 * An image as a whole: its blocks, superblock and log.
 */
#include "mkfs/mkfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"

void *image_block(const struct image *img, uint32 b)
{
    if (b >= img->nblocks)
        abort(); /* the caller should have checked b */
    return img->data + (uint64)b * BSIZE;
}

struct dinode *image_inode(const struct image *img, uint32 i)
{
    struct dinode *block = image_block(img, IBLOCK(i, img->sb));

    return &block[i % IPB];
}

/* Why the areas are not in order, overlap, or lack room for what they hold; or NULL. Sums have 64 bits,
 * so that a corrupted field cannot make them wrap around. */
static const char *layout_problem(const struct superblock *sb)
{
    uint64 inodeblocks = ((uint64)sb->ninodes + IPB - 1) / IPB;
    uint64 bmapblocks = ((uint64)sb->size + BPB - 1) / BPB;

    if (sb->logstart < 2 || sb->nlog < 2 || sb->nlog > LOGMAX + 1)
        return "log out of range";
    if ((uint64)sb->logstart + sb->nlog > sb->inodestart)
        return "log and inodes overlap";
    if (sb->ninodes <= ROOTINO || sb->ninodes > MAX_INODES)
        return "number of inodes out of range";
    if (sb->inodestart + inodeblocks > sb->bmapstart)
        return "inodes and bitmap overlap";
    if (sb->bmapstart + bmapblocks > sb->datastart)
        return "bitmap and data overlap";
    if (sb->datastart >= sb->size)
        return "no room for data";
    return NULL;
}

const char *superblock_problem(const struct superblock *sb, uint64 nblocks, char *buf, size_t len)
{
    if (sb->magic != FSMAGIC)
        snprintf(buf, len, "not a Nymph file system (magic 0x%x, not 0x%x)", sb->magic, FSMAGIC);
    else if (sb->version != FSVERSION)
        snprintf(buf, len, "it has version %u; this mkfs knows version %u", sb->version, FSVERSION);
    else if (sb->size > nblocks)
        snprintf(buf, len, "truncated: the superblock says %u blocks, the file has %lu", sb->size,
                 nblocks);
    else if (sb->size > MAX_IMAGE_BLOCKS)
        snprintf(buf, len, "it has %u blocks, more than %u", sb->size, MAX_IMAGE_BLOCKS);
    else
        return layout_problem(sb);
    return buf;
}

void image_open(struct image *img, const char *path)
{
    char buf[128];
    const char *problem;
    uint64 bytes;

    img->path = path;
    img->data = host_map(path, &bytes);
    img->nblocks = bytes / BSIZE;
    if (img->nblocks < 2)
        die("%s: too short for a file system: %lu bytes", path, bytes);
    memcpy(&img->sb, image_block(img, 1), sizeof img->sb);
    problem = superblock_problem(&img->sb, img->nblocks, buf, sizeof buf);
    if (problem != NULL)
        die("%s: superblock: %s", path, problem);
}

/* FNV-1a over one 32-bit word, lowest byte first. */
static uint64 fnv_word(uint64 h, uint32 word)
{
    for (int i = 0; i < 4; i++, word >>= 8)
        h = (h ^ (word & 0xff)) * 0x100000001b3UL;
    return h;
}

uint64 log_sum(const struct logheader *h)
{
    uint64 sum = fnv_word(fnv_word(0xcbf29ce484222325UL, h->n), h->seq);

    for (uint32 i = 0; i < h->n; i++)
        sum = fnv_word(sum, h->block[i]);
    return sum;
}

/* Every block of a commit must be one that transactions write: inodes, bitmap or data. */
static const char *log_problem(const struct image *img, const struct logheader *h, char *buf,
                               size_t len)
{
    if (h->n > img->sb.nlog - 1) {
        snprintf(buf, len, "%u blocks in a log of %u", h->n, img->sb.nlog - 1);
        return buf;
    }
    for (uint32 i = 0; i < h->n; i++)
        if (h->block[i] < img->sb.inodestart || h->block[i] >= img->sb.size) {
            snprintf(buf, len, "block %u is not one that can be in the log", h->block[i]);
            return buf;
        }
    return NULL;
}

enum log_state log_replay(struct image *img, char *buf, size_t len)
{
    const struct logheader *h = image_block(img, img->sb.logstart);

    if (h->n == 0)
        return LOG_EMPTY;
    if (h->n > LOGMAX || log_sum(h) != h->sum)
        return LOG_TORN;
    if (log_problem(img, h, buf, len) != NULL)
        return LOG_BAD;
    for (uint32 i = 0; i < h->n; i++)
        memcpy(image_block(img, h->block[i]), image_block(img, img->sb.logstart + 1 + i), BSIZE);
    snprintf(buf, len, "commit %u replayed in memory, %u blocks", h->seq, h->n);
    return LOG_REPLAYED;
}

void image_open_replayed(struct image *img, const char *path)
{
    char buf[128];

    image_open(img, path);
    switch (log_replay(img, buf, sizeof buf)) {
    case LOG_BAD:
        die("%s: log: %s", path, buf);
    case LOG_REPLAYED:
        fprintf(stderr, "mkfs: %s: log: %s\n", path, buf);
        break;
    case LOG_TORN:
    case LOG_EMPTY:
        break;
    }
}
