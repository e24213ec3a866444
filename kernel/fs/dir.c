/* SPDX-License-Identifier: BSD-3-Clause
 * Directories. Each has an index in memory, built from the whole directory when a name is first
 * looked up, and kept as long as its inode is in memory: a hash table of all its names. So a look-up
 * reads no block, and finds out that a name is missing as fast as it finds one. The table grows with
 * the directory. i_lock guards both the directory and its index.
 *
 * An entry is added to the index before it is written, so that running out of memory changes
 * nothing.
 */
#include "fs/dir.h"

#include "fs/log.h"
#include "mm/turn.h"
#include "mm/zone.h"

#define HEADS_MIN 16
#define HEADS_MAX 256 /* 2048 bytes: the largest object of kmalloc */

struct dentry {
    struct dentry *next; /* chain of its hash */
    uint32 hash;
    uint32 off;      /* where it is in the directory, in bytes */
    union name name; /* with the inode number */
};

struct dirindex {
    uint32 count;      /* names, "." and ".." among them */
    uint32 nheads;     /* a power of two */
    uint32 first_free; /* no slot below this offset is free */
    bool is_free;      /* the one at first_free is */
    struct dentry **heads;
};

static struct zone *dentry_zone;

void dir_init(void)
{
    dentry_zone = zone_create("dentry", sizeof(struct dentry));
}

const union name dir_self = {.de.name = "."};
const union name dir_parent = {.de.name = ".."};

/* Multiplication carries each bit upwards, so the upper half depends on all of the name. */
static uint32 name_hash(const union name *name)
{
    uint64 hash = (name->word[0] >> 16) * 0x9e3779b97f4a7c15UL;

    return (uint32)(((hash ^ name->word[1]) * 0xbf58476d1ce4e5b9UL) >> 32);
}

/* The lowest 16 bits of the first word are the inode number, which is no part of the name. */
static inline bool same_name(const union name *a, const union name *b)
{
    return ((a->word[0] ^ b->word[0]) >> 16 | (a->word[1] ^ b->word[1])) == 0;
}

/* --- the index --- */

/* Where the pointer to the name's entry is; if there is none, the end of its chain. */
static struct dentry **index_find(struct dirindex *index, const union name *name, uint32 hash)
{
    struct dentry **link = &index->heads[hash & (index->nheads - 1)];

    while (*link != NULL && !same_name(&(*link)->name, name))
        link = &(*link)->next;
    return link;
}

/* Spread the entries over four times as many chains. Without memory for that, the chains stay long. */
static void index_grow(struct dirindex *index)
{
    uint32 nheads = index->nheads * 4;
    struct dentry **heads = kmalloc(nheads * sizeof(heads[0]));
    if (heads == NULL)
        return;
    for (uint32 i = 0; i < index->nheads; ++i) {
        struct dentry *next;
        for (struct dentry *d = index->heads[i]; d != NULL; d = next) {
            struct dentry **head = &heads[d->hash & (nheads - 1)];
            next = d->next;
            d->next = *head;
            *head = d;
        }
    }
    kfree(index->heads);
    index->heads = heads;
    index->nheads = nheads;
}

/* Add a name, unless it is there: 0, or -1: out of memory. */
static int index_add(struct dirindex *index, const union name *name, uint32 off)
{
    uint32 hash = name_hash(name);
    struct dentry **link = index_find(index, name, hash);
    if (*link != NULL)
        return 0;
    struct dentry *d = zalloc(dentry_zone);
    if (d == NULL)
        return -1;
    d->hash = hash;
    d->off = off;
    d->name = *name;
    *link = d;
    if (++index->count > 2 * index->nheads && index->nheads < HEADS_MAX)
        index_grow(index);
    return 0;
}

static void index_remove(struct dirindex *index, struct dentry **link)
{
    struct dentry *d = *link;

    *link = d->next;
    --index->count;
    zfree(dentry_zone, d);
}

void dir_index_free(struct inode *dp)
{
    struct dirindex *index = dp->i_index;

    if (index == NULL)
        return;
    for (uint32 i = 0; i < index->nheads; ++i) {
        while (index->heads[i] != NULL)
            index_remove(index, &index->heads[i]);
        pass_turn_locked();
    }
    kfree(index->heads);
    kfree(index);
    dp->i_index = NULL;
}

/* Add the entries of one block of the directory: 0, or -1. */
static int index_add_block(struct inode *dp, uint64 off)
{
    int64 block = bmap(dp, off / BSIZE);
    if (block <= 0)
        return (int)block;
    struct buf *b = buf_read((uint32)block);
    if (b == NULL)
        return -1;
    const union name *name = b->b_data;
    uint64 end = dp->i_size - off < BSIZE ? dp->i_size : off + BSIZE;
    int error = 0;
    for (; error == 0 && off + sizeof(*name) <= end; ++name, off += sizeof(*name)) {
        if (name->de.inum != 0)
            error = index_add(dp->i_index, name, (uint32)off);
    }
    buf_release(b);
    return error;
}

/* Make the directory's index: 0, or -1. */
static int __attribute__((noinline)) index_build(struct inode *dp)
{
    struct dirindex *index = kmalloc(sizeof(*index));
    if (index == NULL)
        return -1;
    index->nheads = HEADS_MIN;
    index->heads = kmalloc(HEADS_MIN * sizeof(index->heads[0]));
    if (index->heads == NULL) {
        kfree(index);
        return -1;
    }
    dp->i_index = index;
    int error = 0;
    for (uint64 off = 0; error == 0 && off < dp->i_size; off += BSIZE) {
        error = index_add_block(dp, off);
        pass_turn_locked();
    }
    if (error < 0)
        dir_index_free(dp);
    return error;
}

/* Make sure that the directory has an index: 0, or -1. */
static inline int index_ready(struct inode *dp)
{
    return dp->i_index != NULL ? 0 : index_build(dp);
}

/* --- directories --- */

int64 dir_lookup(struct inode *dp, const union name *name)
{
    if (index_ready(dp) < 0)
        return -1;
    struct dentry *d = *index_find(dp->i_index, name, name_hash(name));
    return d != NULL ? d->name.de.inum : 0;
}

bool dir_empty(struct inode *dp)
{
    return index_ready(dp) == 0 && dp->i_index->count <= 2;
}

/* The index stays as long as the inode, which is in memory until its last reference is dropped. */
void dir_forget_parent(struct inode *dp)
{
    struct dentry **link = index_find(dp->i_index, &dir_parent, name_hash(&dir_parent));

    if (*link != NULL)
        index_remove(dp->i_index, link);
}

/* Offset of the first free slot of a block of the directory, from off on, or of the block's end. */
static int64 free_slot_in_block(struct inode *dp, uint64 off)
{
    uint64 end = off - off % BSIZE + BSIZE;
    if (end > dp->i_size)
        end = dp->i_size;
    int64 block = bmap(dp, off / BSIZE);
    if (block <= 0)
        return block < 0 ? -1 : (int64)off;
    struct buf *b = buf_read((uint32)block);
    if (b == NULL)
        return -1;
    const struct dirent *de = b->b_data;
    while (off < end && de[off % BSIZE / sizeof(*de)].inum != 0)
        off += sizeof(*de);
    buf_release(b);
    return (int64)off;
}

/*
 * Offset of a free slot, or of the directory's end; -1: I/O error. first_free only ever moves back
 * when a name is removed, so a directory that fills up is not searched from its start each time.
 */
static int64 free_slot(struct inode *dp)
{
    uint64 off = dp->i_index->first_free;

    if (dp->i_index->is_free)
        return (int64)off;
    while (off < dp->i_size) {
        uint64 block_end = off - off % BSIZE + BSIZE;
        int64 at = free_slot_in_block(dp, off);
        if (at < 0)
            return -1;
        if ((uint64)at < block_end)
            return at;
        off = (uint64)at;
        pass_turn_locked();
    }
    return (int64)off;
}

/* No control characters, as names are shown to people, line by line. mkfs -c reports one as damage. */
static bool name_ok(const char *name)
{
    for (const char *end = name + DIRSIZ; name < end && *name != '\0'; ++name)
        if ((uchar)*name < ' ' || *name == 0x7f)
            return false;
    return true;
}

int dir_link(struct inode *dp, const union name *name, uint32 inum)
{
    union name entry = *name;

    entry.de.inum = (ushort)inum;
    if (!name_ok(name->de.name) || index_ready(dp) < 0)
        return -1;
    int64 off = free_slot(dp);
    if (off < 0 || index_add(dp->i_index, &entry, (uint32)off) < 0)
        return -1;
    if (inode_writei(dp, false, (uint64)&entry, (uint64)off, sizeof(entry)) != sizeof(entry)) {
        index_remove(dp->i_index, index_find(dp->i_index, name, name_hash(name)));
        return -1;
    }
    dp->i_index->first_free = (uint32)off + sizeof(entry);
    dp->i_index->is_free = false;
    return 0;
}

int dir_unlink(struct inode *dp, const union name *name)
{
    static const struct dirent none;

    if (index_ready(dp) < 0)
        return -1;
    struct dirindex *index = dp->i_index;
    struct dentry **link = index_find(index, name, name_hash(name));
    if (*link == NULL)
        return -1;
    uint32 off = (*link)->off;
    if (inode_writei(dp, false, (uint64)&none, off, sizeof(none)) != sizeof(none))
        return -1;
    if (off <= index->first_free) {
        index->first_free = off;
        index->is_free = true;
    }
    index_remove(index, link);
    return 0;
}
