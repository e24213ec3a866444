/* SPDX-License-Identifier: BSD-3-Clause
 * Directories and path names.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"
#include "user/usertests/ut.h"

static void mkdir_errors(void)
{
    make_file("f", "x");
    CHECK(mkdir("f") == -1);
    CHECK(mkdir("d") == 0);
    CHECK(mkdir("d") == -1);
    CHECK(mkdir("nosuch/d") == -1);
    CHECK(mkdir("f/d") == -1);
    CHECK(mkdir("") == -1);
    CHECK(mkdir("/") == -1);
    CHECK(mkdir(".") == -1);
    CHECK(mkdir("..") == -1);
    CHECK(mkdir("d/.") == -1);
    CHECK(unlink("d") == 0 && unlink("f") == 0);
}

static void rmdir_rules(void)
{
    CHECK(mkdir("d") == 0);
    make_file("d/f", "x");
    CHECK(unlink("d") == -1); /* not empty */
    CHECK(unlink("d/.") == -1);
    CHECK(unlink("d/..") == -1);
    CHECK(unlink(".") == -1);
    CHECK(unlink("..") == -1);
    CHECK(unlink("d/f") == 0);
    CHECK(mkdir("d/e") == 0);
    CHECK(unlink("d") == -1);
    CHECK(unlink("d/e") == 0);
    CHECK(unlink("d") == 0);
    CHECK(!exists("d"));
}

static void chdir_errors(void)
{
    make_file("f", "x");
    CHECK(chdir("nosuch") == -1);
    CHECK(chdir("f") == -1);
    CHECK(chdir("/console") == -1);
    CHECK(file_size("f") == 1); /* still here */
    CHECK(unlink("f") == 0);
}

static void dots(void)
{
    struct stat here, up, st;

    CHECK(mkdir("d") == 0);
    CHECK(stat(".", &up) == 0 && stat("d", &here) == 0);
    CHECK(stat("d/.", &st) == 0 && st.ino == here.ino);
    CHECK(stat("d/..", &st) == 0 && st.ino == up.ino);
    CHECK(stat("d/../d/./../d", &st) == 0 && st.ino == here.ino);
    CHECK(chdir("d") == 0);
    CHECK(stat("..", &st) == 0 && st.ino == up.ino);
    CHECK(stat("/..", &st) == 0 && st.ino == ROOTINO);
    CHECK(chdir("..") == 0);
    CHECK(unlink("d") == 0);
}

static void slashes(void)
{
    struct stat a, b;

    CHECK(mkdir("d") == 0);
    make_file("d/f", "x");
    CHECK(stat("d/f", &a) == 0);
    CHECK(stat("d//f", &b) == 0 && a.ino == b.ino);
    CHECK(stat(".///d////f", &b) == 0 && a.ino == b.ino);
    CHECK(stat("////", &b) == 0 && b.ino == ROOTINO);
    CHECK(stat("d/", &b) == 0 && b.type == T_DIR);
    CHECK(stat("d/f/x", &b) == -1);
    CHECK(unlink("d//f") == 0 && unlink("d") == 0);
}

/* Directories can be read but not written, and O_CREATE does not open them. */
static void open_directory(void)
{
    int fd;

    CHECK(open(".", O_RDWR) == -1);
    CHECK(open(".", O_WRONLY) == -1);
    CHECK(open(".", O_CREATE | O_RDWR) == -1);
    CHECK(open(".", O_RDONLY | O_TRUNC) == -1 || exists("."));
    fd = open(".", O_RDONLY);
    CHECK(fd >= 0 && write(fd, "x", 1) == -1);
    close(fd);
}

static void read_directory(void)
{
    struct dirent de;
    struct stat st;
    int fd, found = 0, names = 0;

    make_file("some", "x");
    CHECK(stat("some", &st) == 0);
    fd = open(".", O_RDONLY);
    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        if (de.inum == 0)
            continue;
        names++;
        if (strcmp(de.name, "some") == 0)
            found = de.inum == st.ino;
    }
    close(fd);
    CHECK(found && names == 3); /* with . and .. */
    CHECK(unlink("some") == 0);
}

/* A name has up to 14 characters; a longer one is cut off there, or refused. */
static void long_names(void)
{
    int fd;

    make_file("12345678901234", "x");
    CHECK(file_size("12345678901234") == 1);
    CHECK(unlink("12345678901234") == 0);
    fd = open("1234567890123456", O_CREATE | O_RDWR);
    if (fd >= 0) {
        close(fd);
        CHECK(exists("12345678901234"));
        CHECK(exists("123456789012345"));
        CHECK(unlink("12345678901234xyz") == 0);
    }
    CHECK(!exists("12345678901234"));
}

/* No control character gets into a directory; what is looked up may have any. */
static void control_characters(void)
{
    static const char *const names[] = {"a\nb", "\x1b[7m", "\x7f", "tab\t"};

    make_file("f", "x");
    for (uint i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK(open(names[i], O_CREATE | O_RDWR) == -1 && mkdir(names[i]) == -1);
        CHECK(mknod(names[i], 1, 0) == -1 && link("f", names[i]) == -1);
        CHECK(!exists(names[i]) && unlink(names[i]) == -1);
    }
    make_file("\xc3\xa4 b", "x"); /* all others do: spaces, UTF-8 */
    CHECK(unlink("\xc3\xa4 b") == 0 && unlink("f") == 0);
}

static void long_paths(void)
{
    char path[MAXPATH + 40];

    memset(path, '/', sizeof(path));
    strcpy(path + MAXPATH - 1 - 9, "README.md"); /* MAXPATH with its NUL */
    CHECK(exists(path));
    memset(path, '/', sizeof(path));
    strcpy(path + MAXPATH - 9, "README.md");
    CHECK(!exists(path));
    memset(path, 'a', sizeof(path));
    path[sizeof(path) - 1] = 0;
    CHECK(open(path, O_CREATE | O_RDWR) == -1);
}

static void nested(void)
{
    int depth = 40;

    for (int i = 0; i < depth; i++)
        CHECK(mkdir("down") == 0 && chdir("down") == 0);
    make_file("f", "bottom");
    CHECK(file_size("f") == 6 && unlink("f") == 0);
    for (int i = 0; i < depth; i++)
        CHECK(chdir("..") == 0 && unlink("down") == 0);
}

static void name_of(char *name, const char *prefix, int i)
{
    snprintf(name, DIRSIZ + 1, "%s%d", prefix, i);
}

/* A directory of more than one block; its entries come and go in different orders. */
static void many_entries(void)
{
    char name[DIRSIZ + 1];
    int n = 300;

    make_file("f", "x");
    for (int i = 0; i < n; i++) {
        name_of(name, "x", i);
        CHECK(link("f", name) == 0);
    }
    for (int i = 0; i < n; i += 2) {
        name_of(name, "x", i);
        CHECK(unlink(name) == 0);
    }
    for (int i = 0; i < n; i++) {
        name_of(name, "x", i);
        CHECK(exists(name) == i % 2);
    }
    for (int i = 1; i < n; i += 2) {
        name_of(name, "x", i);
        CHECK(unlink(name) == 0);
    }
    CHECK(unlink("f") == 0);
}

/* The current directory may be removed; a process in it finds nothing there until it leaves. */
static void unlink_cwd(void)
{
    CHECK(mkdir("d") == 0 && chdir("d") == 0);
    CHECK(unlink("../d") == 0);
    CHECK(open("x", O_RDONLY) == -1);
    CHECK(open("x", O_CREATE | O_RDWR) == -1);
    CHECK(mkdir("y") == -1);
    CHECK(exists(".") && !exists(".."));
    CHECK(open("..", O_CREATE | O_RDONLY) == -1 && chdir("../d") == -1 && unlink("../x") == -1);
    CHECK(chdir("/") == 0);
    CHECK(!exists("/ut.tmp/d"));
}

/* A process's current directory when it ends, and when it execs. */
static void exit_in_unlinked_cwd(void)
{
    char *argv[] = {"echo", "-n", 0};

    for (int i = 0; i < 4; i++) {
        int pid = child();
        if (pid == 0) {
            CHECK(mkdir("d") == 0 && chdir("d") == 0 && unlink("../d") == 0);
            if (i % 2 == 0)
                exec("/echo", argv);
            exit(0);
        }
        expect(pid, 0);
    }
}

/* Link counts: the .. of each directory is one more name for its parent, as in xv6. */
static void directory_links(void)
{
    struct stat before, st;

    CHECK(stat(".", &before) == 0);
    CHECK(mkdir("a") == 0 && mkdir("b") == 0);
    CHECK(stat(".", &st) == 0 && st.nlink == before.nlink + 2);
    CHECK(unlink("a") == 0 && unlink("b") == 0);
    CHECK(stat(".", &st) == 0 && st.nlink == before.nlink);
}

/* A new file gets the lowest free number, whatever came and went before. On a disk that was used, the
 * two lowest ones need not be neighbours. */
static void lowest_number(void)
{
    static const char *const names[] = {"a", "b"};
    uint numbers[2];
    struct stat st;

    for (int i = 0; i < 300; i++) {
        make_file(names[i % 2], "x");
        CHECK(stat(names[i % 2], &st) == 0);
        if (i < 2)
            numbers[i] = st.ino;
        CHECK(st.ino == numbers[i % 2] && numbers[0] <= st.ino);
        if (i > 0)
            CHECK(unlink(names[(i + 1) % 2]) == 0);
    }
    CHECK(unlink("b") == 0);
}

/* A path look-up that fails gives back the references that it has taken. */
static void failing_paths(void)
{
    CHECK(mkdir("d") == 0);
    for (int i = 0; i < 200; i++) {
        CHECK(mkdir("d/") == -1);
        CHECK(link("/README.md", "d") == -1);
        CHECK(open("d/x/y", O_CREATE | O_RDWR) == -1);
        CHECK(open("/README.md/x", O_RDONLY) == -1);
        CHECK(unlink("d/x") == -1);
        CHECK(chdir("d/x") == -1);
    }
    CHECK(unlink("d") == 0);
}

const struct test dir_tests[] = {
    {"mkdir_errors", mkdir_errors, 0},
    {"rmdir_rules", rmdir_rules, 0},
    {"chdir_errors", chdir_errors, 0},
    {"dots", dots, 0},
    {"slashes", slashes, 0},
    {"open_directory", open_directory, 0},
    {"read_directory", read_directory, 0},
    {"long_names", long_names, 0},
    {"control_characters", control_characters, 0},
    {"long_paths", long_paths, 0},
    {"nested", nested, 0},
    {"many_entries", many_entries, 0},
    {"unlink_cwd", unlink_cwd, 0},
    {"exit_in_unlinked_cwd", exit_in_unlinked_cwd, 0},
    {"directory_links", directory_links, 0},
    {"lowest_number", lowest_number, 0},
    {"failing_paths", failing_paths, 0},
    {0, 0, 0},
};
