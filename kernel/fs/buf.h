/* SPDX-License-Identifier: BSD-3-Clause
 * The block cache: blocks of the disk, in memory. Thread context; all may sleep.
 *
 * Code that changes a block does so inside a transaction, and calls log_modify() (log.h) first: only
 * the log writes blocks of the cache to the disk.
 */
#ifndef FS_BUF_H
#define FS_BUF_H

#include "fs/io.h"
#include "sync/mutex.h"

struct buf {
    struct mutex b_lock; /* b_valid, b_data and what it points to */
    struct list b_hash;  /* chain of its bucket: bucket lock */
    uint32 b_block;      /* constant while b_ref > 0 */
    uint32 b_ref;        /* AMO; from 0 to 1 only under the bucket lock */
    uint32 b_used;       /* 1: used since the clock's hand last passed it: poke */
    bool b_valid;        /* b_data is the block's content */
    bool b_new;          /* belongs to the log: a new block of the running transaction: poke */
    void *b_data;        /* a page */
    int b_slot;          /* belongs to the log: place in the running transaction, or -1; poke */
    void *b_frozen;      /* belongs to the log: page that a commit is writing, or NULL */
    struct bio b_bio;    /* of the read that fills it, then of the commit */
};

#define BUF_MIN 128  /* buffers that are kept however short memory is */
#define BUF_SPARE 16 /* buffers that transactions leave to readers */
#define BUF_AHEAD 8  /* blocks that are read ahead at once, at most */

void buf_init(void);

/* The block's buffer, locked, with the block in it. NULL: I/O error. A thread may hold several at a
 * time in this order: a file's data or tables from the inode down, then the bitmap; a block of inodes
 * alone. */
struct buf *buf_read(uint32 block);

/* As buf_read, for a block that the caller is about to overwrite completely: its content is arbitrary.
 * Never NULL. */
struct buf *buf_get(uint32 block);

/* The block's buffer, locked, if the cache has the block; otherwise NULL. */
struct buf *buf_cached(uint32 block);

/* Read n <= BUF_AHEAD blocks, which the caller will ask for later, all at once. They all belong to one
 * inode, whose i_lock the caller holds, and the caller has no buffer locked. Blocks that cannot be
 * read, or that find no buffer, are left to buf_read. */
void buf_read_ahead(const uint32 *blocks, int n);

/* Unlock the buffer and drop the reference. */
void buf_release(struct buf *b);

/* The block's buffer if it is in the cache, referenced and not locked, or NULL. */
struct buf *buf_peek(uint32 block);

/* Add a reference, which keeps the buffer in the cache / drop one. */
void buf_hold(struct buf *b);
void buf_drop(struct buf *b);

/* How often all cpus have asked for a block, or (missed) how often it was not in the cache. */
uint64 buf_lookups(bool missed);

/* How many buffers there are: a hint, as it takes no lock. */
uint32 buf_count(void);

/* Grow the cache to at least `want` buffers, at most NBUF. False: memory is out. */
bool buf_reserve(uint32 want);

/* Give the pages of unused buffers back to the page allocator, down to BUF_MIN buffers or what
 * transactions have reserved. */
void buf_reclaim(void);

#endif
