/* SPDX-License-Identifier: BSD-3-Clause
 * Full disks, no memory, and I/O errors, which are hard to cause on a real machine. usertests checks
 * the results of calls that meet no error.
 *
 * All tests look for leaks in the same way: after the errors everything is removed, and a file as large
 * as before must fit again.
 */
#include <stdio.h>
#include <string.h>

#include "fs/inode.h"
#include "fs/log.h"
#include "host.h"
#include "tests.h"

static char data[WRITE_BLOCKS * BSIZE];

#define EXPECT(cond)                                              \
    do {                                                          \
        if (!(cond))                                              \
            fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* Write a new file until the disk is full. Returns how many blocks fitted. */
static unsigned fill_disk(const char *path)
{
    unsigned blocks = 0;
    int fd = t_open(path, O_CREATE | O_TRUNC | O_RDWR);

    EXPECT(fd >= 0);
    long n;
    while ((n = t_write(fd, data, 3 * BSIZE)) > 0) {
        EXPECT(n % BSIZE == 0); /* the last one may be short */
        blocks += (unsigned)(n / BSIZE);
    }
    EXPECT(t_write(fd, data, BSIZE) == -1);
    struct stat st;
    EXPECT(t_fstat(fd, &st) == 0 && st.size == (uint64)blocks * BSIZE);
    EXPECT(t_close(fd) == 0);
    return blocks;
}

static void test_disk_full(void)
{
    EXPECT(t_mkdir("/d") == 0);
    unsigned before = fill_disk("/full");
    for (int i = 0; i < 3; ++i) {
        EXPECT(t_mkdir("/d/dir") == -1); /* needs a block */
        EXPECT(t_unlink("/d/dir") == -1);
        int fd = t_open("/empty", O_CREATE | O_RDWR); /* needs none: the directory has a slot */
        EXPECT(fd >= 0 && t_write(fd, data, 10) == -1 && t_close(fd) == 0);
        EXPECT(t_unlink("/empty") == 0);
        EXPECT(t_unlink("/full") == 0);
        EXPECT(fill_disk("/full") == before);
    }
    EXPECT(t_unlink("/full") == 0);
    EXPECT(t_unlink("/d") == 0);
}

static void test_inodes_out(void)
{
    char path[MAXPATH];
    int n = 0;
    int count[2];

    for (int round = 0; round < 2; ++round) {
        for (n = 0;; ++n) {
            sprintf(path, "/i%d", n);
            if (t_mknod(path, 5, 0) < 0)
                break;
        }
        count[round] = n;
        EXPECT(t_mkdir("/x") == -1 && t_open("/x", O_CREATE) == -1);
        while (n-- > 0) {
            sprintf(path, "/i%d", n);
            EXPECT(t_unlink(path) == 0);
        }
    }
    EXPECT(count[0] == count[1] && count[0] > 10);
}

/* The calls of a typical program; they may fail. */
static void use_files(void)
{
    int fds[2];
    int fd = t_open("/m/file", O_CREATE | O_RDWR);

    if (fd >= 0) {
        t_write(fd, data, sizeof(data));
        t_write(fd, data, sizeof(data));
        t_link("/m/file", "/m/link");
        t_close(fd);
    }
    if (t_pipe(fds) == 0) {
        t_write(fds[1], data, 100);
        t_close(fds[0]);
        t_close(fds[1]);
    }
    t_mkdir("/m/dir");
    t_mknod("/m/dir/device", 5, 0);
}

static void remove_files(void)
{
    t_unlink("/m/link");
    t_unlink("/m/file");
    t_unlink("/m/dir/device");
    t_unlink("/m/dir");
    EXPECT(t_open("/m/file", O_RDONLY) == -1 && t_open("/m/dir", O_RDONLY) == -1);
}

/* Memory runs out a little later each time, with nothing cached at the start. */
static void test_memory_out(void)
{
    EXPECT(t_mkdir("/m") == 0);
    for (unsigned room = 0; room < 60; ++room) {
        EXPECT(t_sync() == 0);
        inode_reclaim();
        buf_reclaim();
        host_page_limit = host_pages + room;
        use_files();
        EXPECT(t_sync() == 0);
        host_page_limit = ~0u;
        remove_files();
    }
    EXPECT(t_unlink("/m") == 0);
}

/* A read fails, a later one each time. The call may fail, but nothing else may happen. */
static void test_read_errors(void)
{
    char back[100];

    EXPECT(t_mkdir("/m") == 0);
    for (unsigned n = 1; n < 12; ++n) {
        use_files();
        EXPECT(t_sync() == 0);
        inode_reclaim();
        buf_reclaim();
        disk_fail_after = n;
        int fd = t_open("/m/file", O_RDONLY);
        if (fd >= 0) {
            long got = t_read(fd, back, sizeof(back));
            EXPECT(got == -1 || (got == sizeof(back) && memcmp(back, data, sizeof(back)) == 0));
            t_close(fd);
        }
        disk_fail_after = 0;
        remove_files();
    }
    EXPECT(t_unlink("/m") == 0);
}

/* Buffers that an operation counts on are not given back while it is under way. */
static void test_reclaim(void)
{
    int fd = t_open("/dirty", O_CREATE | O_RDWR);

    for (int i = 0; i < 20; ++i)
        EXPECT(t_write(fd, data, sizeof(data)) == sizeof(data));
    EXPECT(t_close(fd) == 0);
    buf_reclaim();
    unsigned dirty = buf_count();
    EXPECT(fs_begin() && buf_reserve(2 * dirty));
    buf_reclaim();
    EXPECT(buf_count() >= dirty + MAXOPBLOCKS && buf_count() < 2 * dirty);
    fs_end();
    EXPECT(t_unlink("/dirty") == 0);
}

/* A file that is read in order is read ahead: BUF_AHEAD blocks at once. A block that cannot be read ahead
 * is read when it is asked for. */
static void test_read_ahead(void)
{
    unsigned word[BSIZE / sizeof(unsigned)];
    int fd = t_open("/ahead", O_CREATE | O_RDWR);
    uint64 missed = 0;

    for (unsigned i = 0; i < 3 * BUF_AHEAD; ++i) {
        word[0] = i;
        EXPECT(t_write(fd, word, BSIZE) == BSIZE);
    }
    EXPECT(t_close(fd) == 0 && t_sync() == 0);
    inode_reclaim();
    buf_reclaim();
    fd = t_open("/ahead", O_RDONLY);
    for (unsigned i = 0; i < 3 * BUF_AHEAD; ++i) {
        disk_fail_after = i == BUF_AHEAD ? 3 : 0; /* two blocks after this one */
        EXPECT(t_read(fd, word, BSIZE) == BSIZE && word[0] == i);
        EXPECT(i == 0 || i >= BUF_AHEAD || buf_lookups(true) == missed);
        missed = buf_lookups(true);
    }
    EXPECT(t_close(fd) == 0 && t_unlink("/ahead") == 0);
}

/* A large file, written and read back. */
static void test_large_file(unsigned blocks)
{
    unsigned word[BSIZE / sizeof(unsigned)] = {0};
    int fd = t_open("/large", O_CREATE | O_RDWR);

    EXPECT(fd >= 0);
    for (unsigned i = 0; i < blocks; ++i) {
        word[0] = word[1000] = i;
        EXPECT(t_write(fd, word, BSIZE) == BSIZE);
    }
    EXPECT(t_close(fd) == 0);
    inode_reclaim();
    buf_reclaim();
    fd = t_open("/large", O_RDONLY);
    for (unsigned i = 0; i < blocks; ++i)
        EXPECT(t_read(fd, word, BSIZE) == BSIZE && word[0] == i && word[1000] == i);
    EXPECT(t_read(fd, word, BSIZE) == 0);
    EXPECT(t_close(fd) == 0 && t_unlink("/large") == 0);
}

static void test_bad_addresses(void)
{
    int fd = t_open("/bad", O_CREATE | O_RDWR);

    EXPECT(t_write(fd, (void *)BAD_FROM, 10) == -1);
    EXPECT(t_write(fd, data, -1) == -1 && t_read(fd, data, -1) == -1);
    EXPECT(t_write(fd, "0123456789", 10) == 10 && t_close(fd) == 0);
    fd = t_open("/bad", O_RDWR);
    EXPECT(t_read(fd, (void *)BAD_FROM, 10) == -1);
    EXPECT(t_write(fd, "abc", 3) == 3 && t_read(fd, data, 100) == 7);
    EXPECT(t_fstat(fd, (struct stat *)BAD_FROM) == -1);
    EXPECT(t_close(fd) == 0 && t_close(fd) == -1);
    EXPECT(t_unlink("/bad") == 0 && t_open((char *)16, O_RDONLY) == -1);
    memset(data, 0, 8);
}

#define NESTED 10

/* Directories that are removed while they are open, one in the other, end one after the other when they
 * are closed, each in a transaction of its own. */
void test_removed_directories(void)
{
    char path[2 * NESTED + 8];
    int fds[NESTED];

    EXPECT(t_close(t_open("/one", O_CREATE | O_RDWR)) == 0);
    for (int i = 0; i < NESTED; ++i) {
        path[2 * i] = '/';
        path[2 * i + 1] = 'r';
        path[2 * i + 2] = '\0';
        EXPECT(t_mkdir(path) == 0 && (fds[i] = t_open(path, O_RDONLY)) >= 0 && t_chdir(path) == 0);
        for (int k = 0; k < 300; ++k) { /* the directory needs a second block */
            char name[8];
            snprintf(name, sizeof(name), "f%d", k);
            EXPECT(t_link("/one", name) == 0);
        }
        for (int k = 0; k < 300; ++k) {
            char name[8];
            snprintf(name, sizeof(name), "f%d", k);
            EXPECT(t_unlink(name) == 0);
        }
    }
    for (int i = NESTED; i-- > 0;) {
        path[2 * i + 2] = '\0';
        EXPECT(t_unlink(path) == 0);
    }
    EXPECT(t_open("x", O_CREATE | O_RDWR) == -1 && t_chdir("..") == -1);
    EXPECT(t_chdir("/") == 0);
    for (int i = 0; i < NESTED; ++i)
        EXPECT(t_close(fds[i]) == 0);
    EXPECT(t_unlink("/one") == 0);
}

void test_units(void)
{
    unsigned pages;

    test_bad_addresses();
    EXPECT(t_sync() == 0);
    inode_reclaim();
    buf_reclaim();
    pages = host_pages;
    test_reclaim();
    test_removed_directories();
    test_read_ahead();
    test_large_file(17000);
    test_disk_full();
    test_inodes_out();
    test_memory_out();
    test_read_errors();
    EXPECT(t_sync() == 0);
    inode_reclaim();
    buf_reclaim();
    if (host_pages > pages)
        fail("%u pages and objects are still in use", host_pages - pages);
}
