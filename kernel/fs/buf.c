/* SPDX-License-Identifier: BSD-3-Clause
 * The block cache: see buf.h.
 *
 * A hash table finds a block's buffer. Each bucket has its own spin lock, so cpus that work on
 * different blocks seldom wait for each other. A hit costs the bucket's lock, a short chain and the
 * buffer's mutex.
 *
 * A clock, not a list sorted by use, decides which buffer to reuse: a hit marks the buffer (a store),
 * and a hand that goes round all buffers takes the first unmarked one, clearing marks as it passes.
 * That is nearly the least recently used one, and a hit writes to nothing that all cpus share.
 *
 * The pool (buffers with a page) grows with the misses while memory is plentiful. Locks: the pool's
 * mutex, then a bucket; a buffer's mutex is never taken while either is held.
 *
 * A buffer that leaves the hash has b_ref 0 and is taken under both locks. With b_ref 1 and in no
 * chain, it belongs to the thread that took it.
 */
#include "fs/buf.h"

#include "fs/alloc.h"
#include "fs/log.h"
#include "kernel/param.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/sysctl.h"
#include "lwkt/spin.h"
#include "lwkt/thread.h"
#include "mm/page.h"
#include "sync/sleep.h"

#define NBUCKET 1024 /* a power of two */

static struct bucket {
    struct spinlock lock;
    struct list bufs;
} buckets[NBUCKET];

static struct {
    struct mutex lock;
    struct buf *all[NBUF]; /* the first n have a page: the cache; others wait, or are NULL */
    uint32 n;              /* written under the lock, peeked at elsewhere */
    uint32 hand;           /* of the clock: index into all[] */
    struct buf bufs[NBUF];
} pool;

/* What a block is used for. This is the kind of its lock, as there is an order between kinds
 * (buf.h). */
static const char *kind_of(uint32 block)
{
    if (block >= superblock.datastart)
        return "buf";
    return block >= superblock.bmapstart ? "bitmap" : "inodeblk";
}

static struct bucket *bucket_of(uint32 block)
{
    return &buckets[block & (NBUCKET - 1)];
}

void buf_init(void)
{
    for (int i = 0; i < NBUCKET; ++i) {
        spin_init(&buckets[i].lock, "bufhash");
        list_init(&buckets[i].bufs);
    }
    mutex_init(&pool.lock, "bufpool");
    if (!buf_reserve(BUF_MIN))
        panic("fs: no memory for %d buffers", BUF_MIN);
}

/* Lookups of each cpu. Only threads count, and no code that counts interrupts another that does. */
static struct {
    uint64 all, misses;
} __attribute__((aligned(CACHE_LINE))) lookups[NCPU];

static inline void count(uint64 *counter)
{
    poke(counter, peek(counter) + 1);
}

uint64 buf_lookups(bool missed)
{
    uint64 n = 0;

    for (int cpu = 0; cpu < NCPU; cpu++)
        n += missed ? peek(&lookups[cpu].misses) : peek(&lookups[cpu].all);
    return n;
}

uint32 buf_count(void)
{
    return peek(&pool.n);
}

/*
 * Add a buffer to the pool: in no chain, with b_ref 1. NULL: the pool is full or memory is out. Pool
 * locked.
 */
static struct buf *pool_grow(void)
{
    void *page = pool.n < NBUF ? page_alloc() : NULL;
    if (page == NULL)
        return NULL;
    if (pool.all[pool.n] == NULL) /* the pool was never larger */
        pool.all[pool.n] = &pool.bufs[pool.n];
    struct buf *b = pool.all[pool.n];
    list_init(&b->b_hash);
    b->b_data = page;
    b->b_slot = -1;
    b->b_ref = 1;
    poke(&pool.n, pool.n + 1);
    return b;
}

/*
 * Take b out of the hash if it is not in use; it then has b_ref 1 and belongs to the caller. Pool
 * locked, so that b_block does not change while b_ref is 0.
 */
static bool pool_take(struct buf *b)
{
    if (peek(&b->b_ref) != 0)
        return false;
    struct bucket *bucket = bucket_of(b->b_block);
    spin_lock(&bucket->lock);
    /* Pairs with the AMO in buf_drop: the last user's stores to b come before. */
    bool unused = consume(&b->b_ref) == 0;
    if (unused) {
        list_remove(&b->b_hash);
        poke(&b->b_ref, 1);
    }
    spin_unlock(&bucket->lock);
    return unused;
}

/*
 * An unused buffer that the clock chooses, or NULL. Two rounds, as the first may only clear marks.
 */
static struct buf *pool_evict(void)
{
    for (uint32 i = 0; i < 2 * pool.n; ++i) {
        struct buf *b = pool.all[pool.hand];
        pool.hand = pool.hand + 1 < pool.n ? pool.hand + 1 : 0;
        if (peek(&b->b_used) != 0)
            poke(&b->b_used, 0);
        else if (pool_take(b))
            return b;
    }
    return NULL;
}

/* The cache grows only while more than an eighth of memory is free for programs. */
static bool memory_plentiful(void)
{
    return page_count_free() > page_count_all() / 8;
}

/* A buffer for a block that is not in the cache: in no chain, b_ref 1, not valid. NULL: all are in
 * use. */
static struct buf *pool_try(void)
{
    mutex_lock(&pool.lock);
    struct buf *b = pool.n < NBUF && memory_plentiful() ? pool_grow() : NULL;
    if (b == NULL)
        b = pool_evict();
    mutex_unlock(&pool.lock);
    if (b != NULL)
        b->b_valid = false;
    return b;
}

/*
 * The same, but when all are in use, wait for one. The wait ends: transactions leave BUF_SPARE buffers
 * in addition to what they reserve, and no thread that has one of these waits for another.
 */
static struct buf *pool_get(void)
{
    struct buf *b;

    while ((b = pool_try()) == NULL)
        tsleep(&pool, 0, "bufwait", 1);
    return b;
}

bool buf_reserve(uint32 want)
{
    mutex_lock(&pool.lock);
    while (pool.n < want) {
        struct buf *b = pool_grow();
        if (b == NULL)
            break;
        buf_drop(b);
    }
    bool enough = pool.n >= want;
    mutex_unlock(&pool.lock);
    return enough;
}

void buf_reclaim(void)
{
    mutex_lock(&pool.lock);
    for (uint32 i = pool.n; i-- > 0 && pool.n > BUF_MIN;) {
        struct buf *b = pool.all[i];
        if (!pool_take(b))
            continue;
        if (!log_spares_buffer(&pool.n)) {
            buf_drop(b);
            break;
        }
        pool.all[i] = pool.all[pool.n];
        pool.all[pool.n] = b;
        page_unref(b->b_data);
    }
    pool.hand = 0;
    mutex_unlock(&pool.lock);
}

/* Find a block in its chain and add a reference; the bucket is locked. */
static struct buf *bucket_find(struct bucket *bucket, uint32 block)
{
    list_foreach(node, &bucket->bufs)
    {
        struct buf *b = list_entry(node, struct buf, b_hash);
        if (b->b_block == block) {
            amo_add(&b->b_ref, 1);
            return b;
        }
    }
    return NULL;
}

static inline struct buf *find(uint32 block)
{
    struct bucket *bucket = bucket_of(block);

    spin_lock(&bucket->lock);
    struct buf *b = bucket_find(bucket, block);
    spin_unlock(&bucket->lock);
    return b;
}

struct buf *buf_peek(uint32 block)
{
    return find(block);
}

/*
 * A miss: put `fresh` into the cache as the buffer of `block`. Another thread may have done the same
 * meanwhile. Then its buffer is the result, and ours stays in the pool, in no chain, until the clock
 * finds it.
 */
static struct buf *__attribute__((noinline)) buf_insert(struct buf *fresh, uint32 block)
{
    struct bucket *bucket = bucket_of(block);

    mutex_init(&fresh->b_lock, kind_of(block));
    spin_lock(&bucket->lock);
    struct buf *b = bucket_find(bucket, block);
    if (b == NULL) {
        b = fresh;
        b->b_block = block;
        list_insert_head(&bucket->bufs, &b->b_hash);
    }
    spin_unlock(&bucket->lock);
    count(&lookups[mycpuid].misses);
    return b;
}

/* Data and tables are locked while the table that names them is. */
static void lock_content(struct buf *b, uint32 block)
{
    if (block >= superblock.datastart)
        mutex_lock_nested(&b->b_lock);
    else
        mutex_lock(&b->b_lock);
}

/* A buffer, referenced, for a block that was not in the cache. */
static struct buf *__attribute__((noinline)) buf_create(uint32 block)
{
    struct buf *fresh = pool_get();
    struct buf *b = buf_insert(fresh, block);

    if (b != fresh)
        buf_drop(fresh);
    return b;
}

/* The block's buffer, locked, valid or not. */
static inline struct buf *buf_lock(uint32 block)
{
    struct buf *b = find(block);

    count(&lookups[mycpuid].all);
    if (b == NULL)
        b = buf_create(block);
    lock_content(b, block);
    return b;
}

struct buf *buf_cached(uint32 block)
{
    struct buf *b = find(block);

    if (b == NULL)
        return NULL;
    lock_content(b, block);
    if (!b->b_valid) {
        buf_release(b);
        return NULL;
    }
    count(&lookups[mycpuid].all);
    return b;
}

/* Read a locked buffer's block from the disk: 0, or -1. */
static int buf_fill(struct buf *b)
{
    struct iobatch batch;

    io_batch_init(&batch);
    io_start(&batch, &b->b_bio, b->b_block, b->b_data, false);
    if (io_wait(&batch) < 0)
        return -1;
    b->b_valid = true;
    return 0;
}

struct buf *buf_read(uint32 block)
{
    struct buf *b = buf_lock(block);

    if (!b->b_valid && buf_fill(b) < 0) {
        buf_release(b);
        return NULL;
    }
    return b;
}

/*
 * The buffers are in no chain while the disk fills them, so nobody else can find them, and they need no
 * lock. Nor does anybody else read or change these blocks meanwhile: that takes the inode's i_lock. (A
 * damaged disk may have two files with one block. Then the buffer that is in its chain first is used.)
 */
void buf_read_ahead(const uint32 *blocks, int n)
{
    struct buf *started[BUF_AHEAD], *b;
    struct iobatch batch;
    int nstarted = 0;

    KASSERT(n <= BUF_AHEAD, "%d", n);
    io_batch_init(&batch);
    for (int i = 0; i < n; i++) {
        if ((b = buf_peek(blocks[i])) != NULL) {
            buf_drop(b);
            continue;
        }
        if ((b = pool_try()) == NULL)
            break;
        io_start(&batch, &b->b_bio, blocks[i], b->b_data, false);
        started[nstarted++] = b;
    }
    io_wait(&batch);
    while (nstarted > 0) {
        struct buf *fresh = started[--nstarted];
        if (fresh->b_bio.bio_error == 0) {
            fresh->b_valid = true;
            poke(&fresh->b_used, 1);
            b = buf_insert(fresh, (uint32)fresh->b_bio.bio_block);
            if (b != fresh)
                buf_drop(b);
        }
        buf_drop(fresh);
    }
}

struct buf *buf_get(uint32 block)
{
    struct buf *b = buf_lock(block);

    b->b_valid = true;
    return b;
}

void buf_hold(struct buf *b)
{
    amo_add(&b->b_ref, 1);
}

void buf_drop(struct buf *b)
{
    KASSERT(peek(&b->b_ref) > 0, "block %u", b->b_block);
    /* Pairs with the consume in pool_take. */
    amo_add_rel(&b->b_ref, -1);
}

void buf_release(struct buf *b)
{
    poke(&b->b_used, 1);
    mutex_unlock(&b->b_lock);
    buf_drop(b);
}
