/* SPDX-License-Identifier: BSD-3-Clause
 * Mounting the root file system. Nothing that the disk holds may make the kernel panic.
 */
#include "fs/alloc.h"

#include <stdarg.h>

#include "fs/dir.h"
#include "fs/log.h"
#include "fs/file.h"
#include "kernel/syscall.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/sysctl.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "riscv/power.h"

/* There is nothing to mount: say why, and end the machine. */
static void __attribute__((noreturn, format(printf, 1, 2))) refuse(const char *fmt, ...)
{
    char why[80];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    printf("fs: %s\n", why);
    printf(
        "fs: nothing to mount, so the machine ends: make the disk anew (rm build/fs.img; make)\n");
    machine_halt(HALT_DISK_ERROR);
}

/* Refuse a superblock that makes no sense: its parts follow each other and lie on the disk. */
static void check_superblock(const struct superblock *sb)
{
    if (sb->magic != FSMAGIC)
        refuse("no file system on %s (magic 0x%x)", root_blkdev->name, sb->magic);
    if (sb->version != FSVERSION)
        refuse("version %u of the file system, not %u", sb->version, FSVERSION);
    if (sb->size > root_blkdev->nblocks)
        refuse("%u blocks on a disk of %lu", sb->size, root_blkdev->nblocks);
    uint64 inode_blocks = (sb->ninodes + IPB - 1) / IPB;
    uint64 bmap_blocks = ((uint64)sb->size + BPB - 1) / BPB;
    bool good = sb->logstart >= 2 && (uint64)sb->logstart + sb->nlog <= sb->inodestart &&
                sb->inodestart + inode_blocks <= sb->bmapstart &&
                sb->bmapstart + bmap_blocks <= sb->datastart && sb->datastart < sb->size;
    if (!good)
        refuse("the parts of the file system overlap");
    if (sb->ninodes <= ROOTINO || sb->ninodes > 65536)
        refuse("%u inodes", sb->ninodes);
    if (sb->nlog < MAXOPBLOCKS + 1 || sb->nlog > LOGMAX + 1)
        refuse("a log of %u blocks", sb->nlog);
}

static void read_superblock(void)
{
    void *page = page_alloc();

    if (page == NULL || io_read(1, page) < 0)
        refuse("can't read the superblock of %s", root_blkdev->name);
    memcpy(&superblock, page, sizeof(superblock));
    page_unref(page);
    check_superblock(&superblock);
}

/* For mm/reclaim.c: pages of cached blocks that could be given up. / Give them up, and if the caller
 * may wait for the log, those that it needs, too, and inodes without a reference. */
static uint64 count_caches(void)
{
    uint64 cached = buf_count() + log_copies();

    return cached > BUF_MIN ? cached - BUF_MIN : 0;
}

static void drop_caches(bool may_wait)
{
    if (may_wait) {
        fs_sync();
        inode_reclaim();
    }
    buf_reclaim();
}

void fs_init(void)
{
    if (root_blkdev == NULL)
        refuse("no disk: neither an initrd nor a virtio disk");
    read_superblock();
    log_init(&superblock); /* before anything is cached: a replay changes the disk */
    buf_init();
    inode_init();
    dir_init();
    file_init();
    pipe_init();
    struct inode *root = inode_root();
    if (root == NULL || root->i_type != T_DIR)
        refuse("the root is no directory");
    inode_close(root);
    fs_check();
    inode_scan();
    log_start_thread();
    reclaim_count_caches = count_caches;
    reclaim_drop_caches = drop_caches;
}

/* Pages that hold cached blocks. They can be freed, so a test that compares memory in use subtracts
 * them. */
static uint64 sysctl_cache_pages(void)
{
    return buf_count() + log_copies();
}

SYSCTL(vfs_cache_pages, "vfs.cache_pages", sysctl_cache_pages, NULL);

static uint64 sysctl_buffers(void)
{
    return buf_count();
}

static uint64 sysctl_lookups(uint64 missed)
{
    return buf_lookups(missed != 0);
}

SYSCTL(vfs_buffers, "vfs.buffers", sysctl_buffers, NULL);
SYSCTL_OF(vfs_lookups, "vfs.lookups", sysctl_lookups, NULL, 0);
SYSCTL_OF(vfs_misses, "vfs.misses", sysctl_lookups, NULL, 1);

/* Drop all that is only cached, so that the memory in use can be compared. */
static int sysctl_drop_caches(uint64 value)
{
    (void)value;
    if (fs_sync() < 0)
        return -1;
    inode_reclaim();
    buf_reclaim();
    return 0;
}

static uint64 sysctl_zero(void)
{
    return 0;
}

SYSCTL(vfs_drop_caches, "vfs.drop_caches", sysctl_zero, sysctl_drop_caches);
