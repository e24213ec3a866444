/* SPDX-License-Identifier: BSD-3-Clause
 * Calls that must read from the disk what is usually cached: the block of an inode that is in memory, a
 * table of block numbers, the bitmap. Each of their requests fails in turn. A call that has changed
 * something by then cannot go back, so the file system must become read-only, or else what it says and
 * what is on the disk would differ.
 */
#include <stdio.h>
#include <string.h>

#include "fs/log.h"
#include "host.h"
#include "model.h"
#include "tests.h"

#define BIG 300 /* blocks of a file: more than the cache has when it cannot grow */

static struct {
    unsigned long before, after,
        later;     /* digests: of the call, and when the disk is mounted again */
    unsigned left; /* requests that would have had to fail */
    bool synced;
} * seen; /* shared with children */

static unsigned failing, chosen; /* number of the request that fails, of the call that meets it */
static char block[BSIZE];

static int append(int fd)
{
    return (int)t_write(fd, block, 1);
}

static int add_block(int fd)
{
    return (int)t_write(fd, block, BSIZE);
}

static int cut(int fd)
{
    (void)fd;
    return t_open("/dir/cut", O_TRUNC | O_RDWR);
}

static int add_name(int fd)
{
    (void)fd;
    return t_link("/dir/cut", "/dir/other");
}

static int create(int fd)
{
    (void)fd;
    return t_open("/dir/new", O_CREATE | O_RDWR);
}

/* The file has no name any more, so its blocks and its inode are freed. */
static int close_last(int fd)
{
    return t_close(fd);
}

static const struct {
    const char *name, *path;
    int (*call)(int fd);
} calls[] = {{"append", "/dir/cut", append},  {"block", "/dir/cut", add_block},
             {"truncate", "/dir/cut", cut},   {"link", "/dir/cut", add_name},
             {"create", "/dir/kept", create}, {"close", "/gone", close_last}};

#define NCALLS (sizeof(calls) / sizeof(calls[0]))

/* Fill the cache with other blocks. It can't grow meanwhile. */
static void forget_blocks(int big)
{
    buf_reclaim();
    host_page_limit = host_pages;
    for (int i = 0; i < BIG; ++i)
        if (t_read(big, block, BSIZE) != BSIZE)
            fail("can't read block %d", i);
    host_page_limit = ~0u;
}

static void make_file(const char *path, int n)
{
    int fd = t_open(path, O_CREATE | O_RDWR);

    for (int i = 0; i < n; ++i)
        if (t_write(fd, block, BSIZE) != BSIZE)
            fail("can't write block %d of %s", i, path);
    t_close(fd);
}

static void one_call(void)
{
    mount();
    make_files();
    make_file("/gone", NDIRECT + 2);
    make_file("/big", BIG);
    int big = t_open("/big", O_RDONLY);
    int fd = t_open(calls[chosen].path, O_RDWR | O_APPEND);
    if (fd < 0 || big < 0 || t_unlink("/gone") < 0 || t_unlink("/big") < 0 || t_sync() < 0)
        fail("files can't be made");
    seen->before = fs_digest();
    forget_blocks(big);
    disk_fail_after = failing;
    int result = calls[chosen].call(fd);
    seen->left = disk_fail_after;
    disk_fail_after = 0;
    seen->after = fs_digest();
    seen->synced = t_sync() == 0;
    if (result < 0 && seen->after != seen->before && !fs_is_readonly())
        fail("it fails, but has changed something");
}

static void next_mount(void)
{
    mount();
    if (fs_is_readonly())
        fail("the check at mount calls the disk damaged");
    seen->later = fs_digest();
    t_sync();
}

static void try_call(const char *mkfs)
{
    char path[IMAGE_PATH];

    memcpy(image, base, (size_t)nblocks * BSIZE);
    if (in_child(one_call) != 0 || in_child(next_mount) != 0)
        fail("%s: request %u failed: so did a run", calls[chosen].name, failing);
    if (seen->later != seen->after && (seen->synced || seen->later != seen->before))
        fail("%s: request %u failed: the next mount finds another tree", calls[chosen].name,
             failing);
    if (!image_is_clean(mkfs, path))
        fail("%s: request %u failed: mkfs -c complains about %s", calls[chosen].name, failing,
             path);
}

void test_uncached(const char *mkfs, bool for_good)
{
    unsigned tried = 0;

    seen = share(sizeof(*seen));
    disk_fails_for_good = for_good;
    for (chosen = 0; chosen < NCALLS; ++chosen) {
        seen->left = 0;
        for (failing = 1; seen->left <= 1; ++failing, ++tried)
            try_call(mkfs);
    }
    printf("%u requests for what is not cached\n", tried);
}
