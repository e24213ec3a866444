/* SPDX-License-Identifier: BSD-3-Clause
 * The table of inodes in memory: finding, loading, reference counts, and the end of inodes.
 *
 * A hash table by inode number, with a spin lock for each bucket, under which references are counted.
 * An inode that is not in use stays in the table, idle, so that opening a file again needs no look at
 * the disk. When there are IDLE_MAX inodes in memory, idle ones make room.
 *
 * The life of an inode ends with its last reference when it has no name any more (i_nlink 0): its
 * blocks are freed, then its type on the disk becomes 0. With one reference left, no other thread
 * can change i_type or i_nlink (that needs a reference, too), so testing them under the bucket lock is
 * safe.
 */
#include "fs/alloc.h"
#include "fs/dir.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/atomic.h"
#include "lib/sysctl.h"
#include "lwkt/spin.h"
#include "mm/zone.h"

#define NBUCKET 64   /* a power of two */
#define IDLE_MAX 512 /* with so many inodes in memory, idle ones are dropped */

static struct bucket {
    struct spinlock lock;
    struct list inodes;
} buckets[NBUCKET];

static struct zone *inode_zone;
static uint32 inode_count;   /* inodes in memory: AMO */
static uint32 victim_bucket; /* where to look for idle ones: AMO */

void inode_init(void)
{
    for (int i = 0; i < NBUCKET; ++i) {
        spin_init(&buckets[i].lock, "inodehash");
        list_init(&buckets[i].inodes);
    }
    inode_zone = zone_create("inode", sizeof(struct inode));
}

static uint64 sysctl_inodes(void)
{
    return peek(&inode_count);
}

SYSCTL(vfs_inodes, "vfs.inodes", sysctl_inodes, NULL);

static struct bucket *bucket_of(uint32 inum)
{
    return &buckets[inum & (NBUCKET - 1)];
}

static void inode_free_memory(struct inode *ip)
{
    dir_index_free(ip);
    zfree(inode_zone, ip);
    amo_add(&inode_count, -1);
}

/* --- idle inodes --- */

/* Take an idle inode out of a bucket. `any`: even one that was used since the last search. */
static struct inode *bucket_take_idle(struct bucket *bucket, bool any)
{
    struct inode *found = NULL;

    spin_lock(&bucket->lock);
    list_foreach(node, &bucket->inodes)
    {
        struct inode *ip = list_entry(node, struct inode, i_hash);
        if (ip->i_ref == 0 && (any || ip->i_used == 0)) {
            list_remove(&ip->i_hash);
            found = ip;
            break;
        }
        ip->i_used = 0;
    }
    spin_unlock(&bucket->lock);
    return found;
}

/* Drop one idle inode, looking at each bucket twice at most. */
static void inode_drop_idle(void)
{
    for (int i = 0; i < 2 * NBUCKET; ++i) {
        uint32 at = amo_add(&victim_bucket, 1);
        struct inode *ip = bucket_take_idle(&buckets[at & (NBUCKET - 1)], false);
        if (ip != NULL) {
            inode_free_memory(ip);
            return;
        }
    }
}

void inode_reclaim(void)
{
    for (int i = 0; i < NBUCKET; ++i) {
        struct inode *ip;
        while ((ip = bucket_take_idle(&buckets[i], true)) != NULL)
            inode_free_memory(ip);
    }
}

/* Fill in a locked inode from the disk, if it is new: 0, or -1. */
static int load_locked(struct inode *ip)
{
    if (ip->i_loaded)
        return 0;
    struct dinode *di;
    struct buf *b = dinode_read(ip->i_inum, &di);

    if (b == NULL)
        return -1;
    if (di->type != 0 && !dinode_ok(di)) {
        buf_release(b);
        log_stop("damaged: inode %u", ip->i_inum);
        return -1;
    }
    ip->i_type = di->type;
    ip->i_major = di->major;
    ip->i_minor = di->minor;
    ip->i_nlink = di->nlink;
    ip->i_size = di->size;
    addrs_copy(ip->i_addrs, di->addrs);
    buf_release(b);
    publish(&ip->i_loaded, 1); /* pairs with the consume in inode_load */
    return 0;
}

/* --- references --- */

/* Find an inode in its chain and take a reference; the bucket is locked. */
static struct inode *bucket_find(struct bucket *bucket, uint32 inum)
{
    list_foreach(node, &bucket->inodes)
    {
        struct inode *ip = list_entry(node, struct inode, i_hash);
        if (ip->i_inum == inum) {
            ++ip->i_ref;
            ip->i_used = 1;
            return ip;
        }
    }
    return NULL;
}

/* Put a new inode, not loaded, into the table, unless another thread has just done so. Referenced;
 * NULL: no memory. */
static struct inode *__attribute__((noinline)) inode_insert(struct bucket *bucket, uint32 inum)
{
    if (peek(&inode_count) >= IDLE_MAX)
        inode_drop_idle();
    struct inode *fresh = zalloc(inode_zone);
    if (fresh == NULL)
        return NULL;
    amo_add(&inode_count, 1);
    fresh->i_inum = inum;
    fresh->i_ref = 1;
    mutex_init(&fresh->i_append, "append");
    mutex_init(&fresh->i_lock, "inode");

    spin_lock(&bucket->lock);
    struct inode *ip = bucket_find(bucket, inum);
    if (ip == NULL) {
        ip = fresh;
        list_insert_head(&bucket->inodes, &ip->i_hash);
    }
    spin_unlock(&bucket->lock);
    if (ip != fresh)
        inode_free_memory(fresh);
    return ip;
}

/*
 * Drop a reference. False: it is the last one of an inode that has no name and is still in use, so it
 * was not dropped. With its last reference, an inode that is not loaded or was freed leaves the table.
 * leave: drop the reference even so; the next mount frees the inode.
 */
static bool __attribute__((noinline)) inode_drop(struct inode *ip, bool leave)
{
    struct bucket *bucket = bucket_of(ip->i_inum);

    spin_lock(&bucket->lock);
    bool last = ip->i_ref == 1;
    bool unused = last && ip->i_type == 0;
    bool done = !last || unused || ip->i_nlink > 0 || leave;
    if (done)
        --ip->i_ref;
    if (unused)
        list_remove(&ip->i_hash);
    spin_unlock(&bucket->lock);
    if (unused)
        inode_free_memory(ip);
    return done;
}

struct inode *inode_ref(uint32 inum)
{
    if (inum == 0 || inum >= superblock.ninodes)
        return NULL;
    struct bucket *bucket = bucket_of(inum);
    spin_lock(&bucket->lock);
    struct inode *ip = bucket_find(bucket, inum);
    spin_unlock(&bucket->lock);
    return ip != NULL ? ip : inode_insert(bucket, inum);
}

struct inode *inode_load_new(struct inode *ip)
{
    mutex_lock(&ip->i_lock);
    int error = load_locked(ip);
    mutex_unlock(&ip->i_lock);
    if (error == 0)
        return ip;
    inode_drop(ip, true);
    return NULL;
}

struct inode *inode_get(uint32 inum)
{
    return inode_load(inode_ref(inum));
}

struct inode *inode_lock_child(uint32 inum)
{
    struct inode *ip = inode_ref(inum);

    if (ip == NULL)
        return NULL;
    mutex_lock_nested(&ip->i_lock);
    if (load_locked(ip) == 0)
        return ip;
    mutex_unlock(&ip->i_lock);
    inode_drop(ip, true);
    return NULL;
}

struct inode *inode_dup(struct inode *ip)
{
    struct bucket *bucket = bucket_of(ip->i_inum);

    spin_lock(&bucket->lock);
    ++ip->i_ref;
    spin_unlock(&bucket->lock);
    return ip;
}

void inode_lock(struct inode *ip)
{
    mutex_lock(&ip->i_lock);
}

void inode_unlock(struct inode *ip)
{
    mutex_unlock(&ip->i_lock);
}

short inode_type(struct inode *ip)
{
    return ip->i_type;
}

uint64 inode_size(struct inode *ip)
{
    return ip->i_size;
}

/*
 * Free the blocks of an inode without a name, in as many transactions as that takes, then the inode.
 * The caller keeps its reference. Once the disk says type 0, a new file may get the number and use this
 * struct inode as well. That file may even lose its name and all other references before the caller
 * drops its own; the caller then has to free that inode, too. False: the file system is read-only.
 */
static bool inode_destroy(struct inode *ip)
{
    bool done = false;

    while (!done) {
        if (!fs_begin())
            return false;
        mutex_lock(&ip->i_lock);
        ip->i_size = 0;
        done = inode_trim(ip);
        if (done)
            ip->i_type = 0;
        inode_update(ip);
        mutex_unlock(&ip->i_lock);
        fs_end();
    }
    return true;
}

/* The slow part of inode_close: the last reference, and no name. */
static void __attribute__((noinline)) close_last(struct inode *ip)
{
    bool leave = false;

    while (!inode_drop(ip, leave))
        leave = !inode_destroy(ip);
}

void inode_close(struct inode *ip)
{
    struct bucket *bucket = bucket_of(ip->i_inum);

    spin_lock(&bucket->lock);
    bool done = ip->i_ref > 1 || ip->i_nlink > 0;
    if (done)
        --ip->i_ref;
    spin_unlock(&bucket->lock);
    if (!done)
        close_last(ip);
}
