/*
 * The block cache: blocks of the disk, in memory. Thread context; all may sleep.
 *
 * Who changes a block does it inside a transaction and calls log_modify() (log.h) first: the log
 * writes the block to the disk, nobody else does.
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
    uint32 b_used;       /* 1: used since the clock's hand passed it: poke */
    bool b_valid;        /* b_data is the block's content */
    void *b_data;        /* a page */
    int b_slot;          /* place in the running transaction, or -1: the log's; poke */
    void *b_frozen;      /* page that a commit is writing, or NULL: the log's */
    struct bio b_bio;    /* of the read that fills it, then of the commit */
};

#define BUF_MIN 128  /* buffers that stay, however short memory is */
#define BUF_SPARE 16 /* buffers that transactions leave to readers */

void buf_init(void);

/* The block's buffer, locked, with the block in it. NULL: I/O error. A thread may hold several at a
 * time in this order: a file's data or tables from the inode down, then the bitmap; a block of inodes
 * alone. */
struct buf *buf_read(uint32 block);

/* As buf_read, for a block that the caller is about to overwrite whole: content arbitrary, never
 * NULL. */
struct buf *buf_get(uint32 block);

/* Unlock, and give back. */
void buf_release(struct buf *b);

/* The block's buffer if it is in the cache, referenced and not locked, or NULL. */
struct buf *buf_peek(uint32 block);

/* A further reference, which keeps the buffer in the cache / one less. */
void buf_hold(struct buf *b);
void buf_drop(struct buf *b);

/* How often a block was asked for, over all cpus; or how often it was not in the cache. */
uint64 buf_lookups(bool missed);

/* How many buffers there are; no lock, a hint. */
uint32 buf_count(void);

/* Have at least `want` buffers, at most NBUF. False: memory is out. */
bool buf_reserve(uint32 want);

/* Give the pages of unused buffers back to the page allocator, down to BUF_MIN buffers or what
 * transactions have reserved. */
void buf_reclaim(void);

#endif
