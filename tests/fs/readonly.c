/* SPDX-License-Identifier: BSD-3-Clause
 * A file system that becomes read-only: files, and one change of each kind to them, for a commit that
 * fails; and what calls must do afterwards.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "tests.h"

#define EXPECT(cond)                                              \
    do {                                                          \
        if (!(cond))                                              \
            fail("%s:%d: not so: %s", __FILE__, __LINE__, #cond); \
    } while (0)

/* A call that may fail when the disk does. */
#define TRY(cond) EXPECT(may_fail || (cond))

static char data[8 * BSIZE];
static int open_fd; /* a file that has no name any more */
static bool may_fail;

static void write_file(const char *path, char content, long n)
{
    int fd = t_open(path, O_CREATE | O_TRUNC | O_RDWR);

    memset(data, content, sizeof(data));
    TRY(fd >= 0);
    for (long done = 0; done < n; done += (long)sizeof(data))
        TRY(t_write(fd, data, sizeof(data)) == sizeof(data));
    TRY(t_close(fd) == 0);
}

void make_files(void)
{
    EXPECT(t_mkdir("/dir") == 0 && t_mkdir("/dir/gone") == 0);
    write_file("/dir/kept", 'k', 16 * BSIZE);
    write_file("/dir/gone/file", 'g', 8 * BSIZE);
    write_file("/dir/cut", 'c', 16 * BSIZE);
    write_file("/open", 'o', 8 * BSIZE);
    EXPECT(t_mknod("/device", 5, 1) == 0);
}

void change_files(bool on_a_bad_disk)
{
    may_fail = on_a_bad_disk;
    write_file("/dir/new", 'n', 16 * BSIZE);
    write_file("/dir/cut", 'd', 8 * BSIZE);
    TRY(t_unlink("/dir/gone/file") == 0 && t_unlink("/dir/gone") == 0);
    TRY(t_mkdir("/dir/made") == 0 && t_link("/dir/new", "/dir/made/link") == 0);
    open_fd = t_open("/open", O_RDWR);
    TRY(open_fd >= 0 && t_unlink("/open") == 0);
}

void expect_kept(void)
{
    int fd = t_open("/dir/kept", O_RDONLY);

    for (unsigned i = 0; i < 16 * BSIZE / sizeof(data); ++i) {
        EXPECT(t_read(fd, data, sizeof(data)) == sizeof(data));
        for (unsigned at = 0; at < sizeof(data); ++at)
            EXPECT(data[at] == 'k');
    }
    EXPECT(t_read(fd, data, 1) == 0 && t_close(fd) == 0);
}

void expect_read_only(void)
{
    struct stat st;

    EXPECT(t_sync() == -1);
    EXPECT(t_mkdir("/no") == -1 && t_mknod("/no", 5, 0) == -1 && t_link("/device", "/no") == -1);
    EXPECT(t_open("/no", O_CREATE | O_RDWR) == -1 && t_unlink("/device") == -1);
    EXPECT(t_open("/dir/kept", O_TRUNC | O_RDWR) == -1);
    int fd = t_open("/dir/kept", O_CREATE | O_RDWR);
    EXPECT(fd >= 0 && t_write(fd, "x", 1) == -1);
    EXPECT(t_read(fd, data, 3) == 3 && data[2] == 'k' && t_close(fd) == 0);
    EXPECT(t_fstat(open_fd, &st) == 0 && st.nlink == 0 && t_close(open_fd) == 0);
    EXPECT(t_sync() == -1);
}

/* Damage can lead in circles, so there is a limit to the paths, and to what is read of a file. */
#define PATHS 1000
#define READS 200

void use_everything(const char *path)
{
    static unsigned used;
    struct dirent names[64];
    char below[MAXPATH];
    int fd = strlen(path) < MAXPATH / 2 ? t_open(path, O_RDONLY) : -1;
    long n = fd >= 0 ? t_read(fd, names, sizeof(names)) : 0;

    for (long i = 0; i < n / (long)sizeof(names[0]) && ++used < PATHS; ++i) {
        if (names[i].inum == 0 || strcmp(names[i].name, ".") == 0 || strcmp(names[i].name, "..") == 0)
            continue;
        if (names[i].name[0] == '\0') /* damage; it would lead to this directory again */
            continue;
        snprintf(below, sizeof(below), "%s/%.14s", path, names[i].name);
        use_everything(below);
    }
    for (int i = 0; i < READS && fd >= 0 && t_read(fd, data, sizeof(data)) > 0; ++i)
        ;
    t_close(fd);
    fd = t_open(path, O_RDWR);
    t_write(fd, data, sizeof(data));
    t_link(path, "/linked");
    t_close(fd);
    t_unlink(path);
}
