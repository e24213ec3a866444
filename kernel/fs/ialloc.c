/*
 * Inodes on the disk: writing one, allocating one, and looking for those that a crash left without
 * a name. The buffer of a block of inodes is the lock of all inodes in it on the disk.
 */
#include "fs/alloc.h"
#include "fs/dir.h"
#include "fs/inode.h"
#include "fs/log.h"
#include "lib/atomic.h"
#include "lib/string.h"

static uint32 next_inum; /* where to look for a free inode: peek and poke */

struct buf *dinode_read(uint32 inum, struct dinode **dip)
{
    struct buf *b = buf_read(IBLOCK(inum, superblock));
    if (b != NULL)
        *dip = (struct dinode *)b->b_data + inum % IPB;
    return b;
}

int inode_update(struct inode *ip)
{
    struct dinode *di;
    struct buf *b = dinode_read(ip->i_inum, &di);

    if (b == NULL)
        return -1;
    log_modify(b);
    di = (struct dinode *)b->b_data + ip->i_inum % IPB;
    di->type = ip->i_type;
    di->major = ip->i_major;
    di->minor = ip->i_minor;
    di->nlink = ip->i_nlink;
    di->size = ip->i_size;
    memcpy(di->addrs, ip->i_addrs, sizeof(di->addrs));
    buf_release(b);
    return 0;
}

/*
 * Claim a free inode, with nlink 1 (the search for orphans must not take it for one), in the block
 * of inodes that covers `first`, from `first` on: its number; 0: there is none; -1: I/O error.
 */
static int64 claim_in_block(uint32 first, short type)
{
    uint32 end = (uint32)((first / IPB + 1) * IPB);
    if (end > superblock.ninodes)
        end = superblock.ninodes;
    struct dinode *di;
    struct buf *b = dinode_read(first, &di);
    if (b == NULL)
        return -1;
    uint32 inum = first;
    while (inum < end && di->type != 0) {
        ++inum;
        ++di;
    }
    if (inum < end) {
        log_modify(b);
        di = (struct dinode *)b->b_data + inum % IPB;
        memset(di, 0, sizeof(*di));
        di->type = type;
        di->nlink = 1;
    }
    buf_release(b);
    return inum < end ? inum : 0;
}

/* The number of a free inode, now of `type` on the disk; 0: there is none, or I/O error. */
static uint32 inode_claim(short type)
{
    uint32 first = peek(&next_inum);
    if (first <= ROOTINO || first >= superblock.ninodes)
        first = ROOTINO + 1;

    for (uint32 i = 0; i <= superblock.ninodes / IPB + 1; ++i) {
        int64 inum = claim_in_block(first, type);
        if (inum != 0) {
            poke(&next_inum, (uint32)inum);
            return inum < 0 ? 0 : (uint32)inum;
        }
        first = (uint32)((first / IPB + 1) * IPB);
        if (first >= superblock.ninodes)
            first = ROOTINO + 1;
    }
    return 0;
}

static void inode_unclaim(uint32 inum)
{
    struct dinode *di;
    struct buf *b = dinode_read(inum, &di);

    if (b == NULL)
        return;
    log_modify(b);
    di = (struct dinode *)b->b_data + inum % IPB;
    di->type = 0;
    di->nlink = 0;
    buf_release(b);
}

struct inode *inode_alloc(short type, short major, short minor)
{
    uint32 inum = inode_claim(type);
    if (inum == 0)
        return NULL;
    struct inode *ip = inode_lock_child(inum);
    if (ip == NULL) {
        inode_unclaim(inum);
        return NULL;
    }
    dir_index_free(ip);
    ip->i_type = type;
    ip->i_major = major;
    ip->i_minor = minor;
    ip->i_nlink = 1;
    ip->i_size = 0;
    memset(ip->i_addrs, 0, sizeof(ip->i_addrs));
    return ip;
}

/*
 * Any inode in use without a name is either open (then this only borrows a reference) or was left
 * by a crash (then dropping the reference ends it).
 */
void inode_reclaim_orphans(void)
{
    for (uint32 inum = ROOTINO; inum < superblock.ninodes; ++inum) {
        struct dinode *di;
        struct buf *b = dinode_read(inum, &di);
        if (b == NULL)
            continue;
        bool orphan = di->type != 0 && di->nlink == 0;
        buf_release(b);
        if (!orphan)
            continue;
        struct inode *ip = inode_get(inum);
        if (ip != NULL)
            inode_close(ip);
    }
}
