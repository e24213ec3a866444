/* SPDX-License-Identifier: BSD-3-Clause
 * Reading and writing what is in a file. Callers hold i_lock, so the blocks of the file do not
 * change meanwhile. Each block's buffer is locked only while its bytes are copied. The copy may fault
 * in a user page, which needs nothing of the file system.
 */
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/assert.h"
#include "lib/string.h"
#include "mm/vm.h"

#define RUN 16 /* blocks whose numbers a read looks up at once */

static const char zeros[BSIZE] __attribute__((aligned(BSIZE))); /* what a hole reads as */

static int copy_out(bool user, uint64 dst, const void *src, uint64 n)
{
    if (user)
        return copyout(dst, src, n);
    memcpy((void *)dst, src, n);
    return 0;
}

/* Copy at most a block; returns the bytes done. If user memory ends within these bytes, copy those
 * before its end. It ends with a page, and the bytes lie in two pages at most. */
static uint64 copy_in(bool user, void *dst, uint64 src, uint64 n)
{
    if (!user) {
        memcpy(dst, (const void *)src, n);
        return n;
    }
    if (copyin(dst, src, n) == 0)
        return n;
    uint64 first = BSIZE - src % BSIZE;
    return first < n && copyin(dst, src, first) == 0 ? first : 0;
}

/* Bytes of the request that lie in the block of offset off. */
static uint64 in_block(uint64 off, uint64 n)
{
    uint64 room = BSIZE - off % BSIZE;
    return n < room ? n : room;
}

/*
 * Block bn of the file, which is `block` of the disk, is not in the cache. Read it together with those
 * that follow, if the file seems to be read in order: bn is its first block, or the one before is in
 * the cache. So a disk is asked for BUF_AHEAD blocks at a time, and the thread waits once for all.
 */
static __attribute__((noinline)) void read_ahead(struct inode *ip, uint64 bn, uint32 block)
{
    uint32 blocks[BUF_AHEAD] = {block};
    uint64 end = (ip->i_size + BSIZE - 1) / BSIZE;
    int n = 1;

    if (bn > 0) {
        int64 before = bmap(ip, bn - 1);
        struct buf *b = before > 0 ? buf_peek((uint32)before) : NULL;
        if (b == NULL)
            return;
        buf_drop(b);
    }
    while (n < BUF_AHEAD && bn + (uint64)n < end) {
        int64 next = bmap(ip, bn + (uint64)n);
        if (next <= 0)
            break;
        blocks[n++] = (uint32)next;
    }
    if (n > 1)
        buf_read_ahead(blocks, n);
}

/* Blocks of the file that follow one another, as the tables name them. */
struct run {
    uint64 first; /* the number of the first one in the file */
    int n;
    uint32 blocks[RUN];
};

/* bmap for a read in order that ends with block `last`: it looks at the tables once in RUN blocks. */
static inline int64 run_block(struct run *r, struct inode *ip, uint64 bn, uint64 last)
{
    if (bn < NDIRECT)
        return ip->i_addrs[bn];
    if (bn - r->first >= (uint64)r->n) {
        r->first = bn;
        r->n = bmap_run(ip, bn, r->blocks, last - bn < RUN ? (int)(last - bn) + 1 : RUN);
        if (r->n < 0)
            return -1;
    }
    return r->blocks[bn - r->first];
}

/* Read within one block of the file, which is `block` of the disk: 0, or -1. */
static int read_block(struct inode *ip, int64 block, bool user, uint64 dst, uint64 off, uint64 n)
{
    if (block < 0)
        return -1;
    if (block == 0)
        return copy_out(user, dst, zeros, n);
    struct buf *b = root_blkdev->delays ? buf_cached((uint32)block) : NULL;
    if (b == NULL && root_blkdev->delays)
        read_ahead(ip, off / BSIZE, (uint32)block);
    if (b == NULL)
        b = buf_read((uint32)block);
    if (b == NULL)
        return -1;
    int error = copy_out(user, dst, (char *)b->b_data + off % BSIZE, n);
    buf_release(b);
    return error;
}

int64 inode_readi(struct inode *ip, bool user, uint64 dst, uint64 off, uint64 n)
{
    if (off >= ip->i_size)
        return 0;
    if (n > ip->i_size - off)
        n = ip->i_size - off;
    struct run run;
    run.n = 0;
    run.first = 0;
    uint64 done = 0;
    while (done < n) {
        uint64 part = in_block(off + done, n - done);
        int64 block = run_block(&run, ip, (off + done) / BSIZE, (off + n - 1) / BSIZE);
        if (read_block(ip, block, user, dst + done, off + done, part) < 0)
            return done > 0 ? (int64)done : -1;
        done += part;
    }
    return (int64)done;
}

int64 inode_read(struct inode *ip, void *dst, uint64 off, uint64 n)
{
    int64 done = inode_readi(ip, false, (uint64)dst, off, n);
    return done < 0 || (uint64)done == n || off + (uint64)done >= ip->i_size ? done : -1;
}

/*
 * Write within one block; bytes done. A fresh block is not read from the disk; what the write leaves
 * out of it becomes zeros. *changed: the inode's addresses may have changed.
 */
static uint64 write_block(struct inode *ip, bool user, uint64 src, uint64 off, uint64 n,
                          bool *changed)
{
    bool fresh;
    int64 block = bmap_alloc(ip, off / BSIZE, &fresh);
    *changed |= fresh || block < 0;
    if (block < 0)
        return 0;
    struct buf *b = fresh ? buf_get((uint32)block) : buf_read((uint32)block);
    if (b == NULL)
        return 0;
    if (fresh)
        log_modify_new(b);
    else
        log_modify(b);
    if (fresh && n < BSIZE)
        memset(b->b_data, 0, BSIZE);
    char *to = (char *)b->b_data + off % BSIZE;
    uint64 done = copy_in(user, to, src, n);
    if (done < n && fresh)
        memset(to + done, 0, n - done);
    buf_release(b);
    return done;
}

int64 inode_writei(struct inode *ip, bool user, uint64 src, uint64 off, uint64 n)
{
    if (off > ip->i_size || off > MAXFILE * BSIZE)
        return -1;
    if (n > MAXFILE * BSIZE - off && (n = MAXFILE * BSIZE - off) == 0)
        return -1;
    KASSERT(n == 0 || (off + n - 1) / BSIZE - off / BSIZE < WRITE_BLOCKS, "%lu at %lu", n, off);
    bool changed = false;
    uint64 done = 0;
    while (done < n) {
        uint64 part = in_block(off + done, n - done);
        uint64 stored = write_block(ip, user, src + done, off + done, part, &changed);
        done += stored;
        if (stored < part)
            break;
    }
    if (off + done > ip->i_size) {
        ip->i_size = off + done;
        changed = true;
    }
    if (changed)
        inode_update(ip);
    return done > 0 || n == 0 ? (int64)done : -1;
}
