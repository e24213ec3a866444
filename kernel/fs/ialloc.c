/* SPDX-License-Identifier: BSD-3-Clause
 * Inodes on the disk: writing one, allocating one, and finding those that a crash left without a name.
 * The lock of a buffer with inodes is the lock of all of them, as they are on the disk.
 *
 * A map in memory, made at mount, says which numbers are free, so that a new file gets the lowest one
 * without a search on the disk. A number is taken before its inode is written, and given back after the
 * disk (its buffer) says that it is free.
 */
#include "fs/alloc.h"
#include "fs/dir.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lwkt/spin.h"

#define MAXINODES 65536 /* what a dirent can name */

_Static_assert(IPB == 32, "one bit of a uint32 for each inode of a block");

static struct {
    struct spinlock lock;
    uint64 used[MAXINODES / 64]; /* a bit for each number: lock */
    uint32 first;                /* no word before it has a free one: lock */
} inums;

/* The lowest free number, in use from now on; 0: there is none. */
static uint32 inum_take(void)
{
    uint32 inum = 0;

    spin_lock(&inums.lock);
    while (inums.first < MAXINODES / 64 && inums.used[inums.first] == ~0UL)
        ++inums.first;
    if (inums.first < MAXINODES / 64) {
        inum = inums.first * 64 + (uint32)bit_lowest64(~inums.used[inums.first]);
        if (inum < superblock.ninodes)
            inums.used[inum / 64] |= 1UL << (inum % 64);
        else
            inum = 0;
    }
    spin_unlock(&inums.lock);
    return inum;
}

static void inum_give(uint32 inum)
{
    spin_lock(&inums.lock);
    inums.used[inum / 64] &= ~(1UL << (inum % 64));
    if (inum / 64 < inums.first)
        inums.first = inum / 64;
    spin_unlock(&inums.lock);
}

struct buf *dinode_read(uint32 inum, struct dinode **dip)
{
    struct buf *b = buf_read(IBLOCK(inum, superblock));
    if (b != NULL)
        *dip = (struct dinode *)b->b_data + inum % IPB;
    return b;
}

bool dinode_ok(const struct dinode *di)
{
    return di->type >= T_DIR && di->type <= T_DEVICE && di->nlink >= 0 &&
           di->size <= MAXFILE * BSIZE &&
           (di->type != T_DIR || di->size % sizeof(struct dirent) == 0);
}

void inode_update(struct inode *ip)
{
    struct dinode *di;
    struct buf *b = dinode_read(ip->i_inum, &di);

    if (b == NULL) {
        log_stop("I/O error in inode %u", ip->i_inum);
        return;
    }
    log_modify(b);
    di = (struct dinode *)b->b_data + ip->i_inum % IPB;
    di->type = ip->i_type;
    di->major = ip->i_major;
    di->minor = ip->i_minor;
    di->nlink = ip->i_nlink;
    di->size = ip->i_size;
    addrs_copy(di->addrs, ip->i_addrs);
    buf_release(b);
    if (ip->i_type == 0)
        inum_give(ip->i_inum);
}

struct inode *inode_alloc(short type, short major, short minor)
{
    uint32 inum = inum_take();
    if (inum == 0)
        return NULL;
    struct inode *ip = inode_ref(inum);
    if (ip == NULL) {
        inum_give(inum);
        return NULL;
    }
    mutex_lock_nested(&ip->i_lock);
    dir_index_free(ip);
    ip->i_type = type;
    ip->i_major = major;
    ip->i_minor = minor;
    ip->i_nlink = 1;
    ip->i_size = 0;
    memset(ip->i_addrs, 0, sizeof(ip->i_addrs));
    publish(&ip->i_loaded, 1); /* pairs with the consume in inode_load */
    return ip;
}

/*
 * Note which numbers are in use in the block of inodes that begins with `first`: all of them, if it
 * can't be read. Returns a bit for each inode that has no name, which a crash left.
 */
static uint32 scan_block(uint32 first)
{
    struct dinode *di;
    struct buf *b = dinode_read(first, &di);
    uint32 used = 0, orphans = 0;

    for (uint32 i = 0; b != NULL && i < IPB; ++i)
        if (di[i].type != 0) {
            used |= 1U << i;
            orphans |= (uint32)(di[i].nlink == 0) << i;
        }
    if (b != NULL)
        buf_release(b);
    inums.used[first / 64] |= (uint64)(b != NULL ? used : ~0U) << (first % 64);
    return orphans;
}

void inode_scan(void)
{
    spin_init(&inums.lock, "inums");
    for (uint32 first = 0; first < superblock.ninodes; first += IPB) {
        uint32 orphans = scan_block(first);
        if (first == 0)
            inums.used[0] |= 1; /* no inode has number 0 */
        for (; orphans != 0; orphans &= orphans - 1) {
            struct inode *ip = inode_get(first + (uint32)bit_lowest64(orphans));
            if (ip != NULL)
                inode_close(ip);
        }
    }
}
