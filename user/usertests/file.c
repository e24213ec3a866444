/* SPDX-License-Identifier: BSD-3-Clause
 * open, link and unlink of files.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/usertests/ut.h"

static void open_missing(void)
{
    CHECK(open("nosuch", O_RDONLY) == -1);
    CHECK(open("nosuch", O_RDWR) == -1);
    CHECK(open("nosuch/file", O_CREATE | O_RDWR) == -1);
    CHECK(open("/README.md/file", O_CREATE | O_RDWR) == -1);
    CHECK(!exists("nosuch"));
}

static void open_modes(void)
{
    int fd;
    char c;

    make_file("f", "abc");
    fd = open("f", O_RDONLY);
    CHECK(write(fd, "x", 1) == -1);
    CHECK(read(fd, &c, 1) == 1 && c == 'a');
    close(fd);
    fd = open("f", O_WRONLY);
    CHECK(read(fd, &c, 1) == -1);
    CHECK(write(fd, "x", 1) == 1);
    close(fd);
    fd = open("f", O_RDWR);
    CHECK(read(fd, &c, 1) == 1 && c == 'x');
    CHECK(write(fd, "y", 1) == 1);
    CHECK(read(fd, &c, 1) == 1 && c == 'c');
    close(fd);
    CHECK(unlink("f") == 0);
}

/* O_CREATE opens a file that exists, as it is. */
static void open_create(void)
{
    int fd;

    make_file("f", "abc");
    fd = open("f", O_CREATE | O_RDWR);
    CHECK(read(fd, buf, 10) == 3);
    close(fd);
    CHECK(file_size("f") == 3);
    CHECK(unlink("f") == 0);
    CHECK(open("f", O_RDONLY) == -1);
}

static void open_truncate(void)
{
    int fd, reader;

    make_pattern_file("f", 100000);
    reader = open("f", O_RDONLY);
    CHECK(read(reader, buf, 5000) == 5000);
    fd = open("f", O_WRONLY | O_TRUNC);
    CHECK(fd >= 0 && file_size("f") == 0);
    CHECK(read(reader, buf, 100) == 0); /* its offset is beyond the end now */
    CHECK(write(fd, "new", 3) == 3);
    close(fd);
    close(reader);
    CHECK(file_size("f") == 3);
    CHECK(unlink("f") == 0);
}

/* A file's content exists until the last descriptor is closed. */
static void unlink_open(void)
{
    int fd = create("f"), again;

    CHECK(write(fd, "hello", 5) == 5);
    CHECK(unlink("f") == 0);
    CHECK(!exists("f"));
    again = create("f"); /* another file of the same name */
    CHECK(write(again, "world!", 6) == 6);
    CHECK(write(fd, "more", 4) == 4);
    close(fd);
    close(again);
    CHECK(file_size("f") == 6);
    CHECK(unlink("f") == 0);
}

/* Read what was written before the name was removed. */
static void unlink_read(void)
{
    int fd, n;

    make_pattern_file("f", 50000);
    fd = open("f", O_RDONLY);
    CHECK(unlink("f") == 0);
    n = read_full(fd, buf, BUFSIZE);
    CHECK(n == 50000);
    for (int i = 0; i < n; i++)
        CHECK(buf[i] == pattern((uint64)i));
    close(fd);
}

static void unlink_errors(void)
{
    CHECK(unlink("nosuch") == -1);
    CHECK(unlink("nosuch/x") == -1);
    CHECK(unlink("") == -1);
    CHECK(unlink("/") == -1);
    CHECK(unlink("/README.md/x") == -1);
}

static void link_counts(void)
{
    struct stat st;
    int fd;

    make_file("a", "text");
    CHECK(link("a", "b") == 0 && link("b", "c") == 0);
    CHECK(stat("b", &st) == 0 && st.nlink == 3 && st.size == 4);
    fd = open("c", O_RDWR);
    CHECK(write(fd, "TEXT2", 5) == 5);
    close(fd);
    CHECK(file_size("a") == 5);
    CHECK(unlink("a") == 0);
    CHECK(stat("c", &st) == 0 && st.nlink == 2);
    CHECK(unlink("b") == 0);
    CHECK(stat("c", &st) == 0 && st.nlink == 1 && st.size == 5);
    CHECK(unlink("c") == 0);
}

static void link_errors(void)
{
    make_file("a", "text");
    CHECK(mkdir("d") == 0);
    CHECK(link("a", "a") == -1);
    CHECK(link("a", "d") == -1);
    CHECK(link("nosuch", "b") == -1);
    CHECK(link("a", "nosuch/b") == -1);
    CHECK(link("d", "e") == -1); /* no second name for a directory */
    CHECK(link(".", "e") == -1);
    CHECK(link("a", "") == -1);
    CHECK(!exists("b") && !exists("e"));
    CHECK(unlink("a") == 0 && unlink("d") == 0);
}

static void devices(void)
{
    struct stat st;
    int fd;

    CHECK(mknod("con", 1, 0) == 0);
    CHECK(mknod("con", 1, 0) == -1);
    CHECK(stat("con", &st) == 0 && st.type == T_DEVICE);
    fd = open("con", O_WRONLY);
    CHECK(fd >= 0 && write(fd, "", 0) == 0);
    close(fd);
    CHECK(unlink("con") == 0);
    CHECK(mknod("none", 9, 3) == 0);
    fd = open("none", O_RDWR); /* there is no such driver: it cannot be opened, or not be used */
    CHECK(fd == -1 || (read(fd, buf, 1) == -1 && write(fd, buf, 1) == -1));
    close(fd);
    CHECK(unlink("none") == 0);
    CHECK(mknod("none", NDEV, 0) == -1 && mknod("none", -1, 0) == -1 && !exists("none"));
}

static void create_delete(void)
{
    char name[8] = "file_00";

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            name[5] = (char)('0' + i / 10);
            name[6] = (char)('0' + i % 10);
            make_file(name, name);
        }
        for (int i = 39; i >= 0; i--) {
            name[5] = (char)('0' + i / 10);
            name[6] = (char)('0' + i % 10);
            CHECK(file_size(name) == 7);
            CHECK(unlink(name) == 0);
            CHECK(!exists(name));
        }
    }
}

/* clang-format off */
const struct test file_tests[] = {
    {"open_missing", open_missing, 0},
    {"open_modes", open_modes, 0},
    {"open_create", open_create, 0},
    {"open_truncate", open_truncate, 0},
    {"unlink_open", unlink_open, 0},
    {"unlink_read", unlink_read, 0},
    {"unlink_errors", unlink_errors, 0},
    {"link_counts", link_counts, 0},
    {"link_errors", link_errors, 0},
    {"devices", devices, 0},
    {"create_delete", create_delete, 0},
    {0, 0, 0},
};
