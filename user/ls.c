/* SPDX-License-Identifier: BSD-3-Clause
 * ls [name...]: print a line for each file, and for each entry of a directory: name, type (T_* of
 * kernel/stat.h), inode number, and size in bytes.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"

static void line(const char *name, const struct stat *st)
{
    printf("%-14s %d %u %lu\n", name, st->type, st->ino, st->size);
}

/* Print the line of dir/name. Returns 0, or 1 after printing a message. */
static int entry(const char *dir, const char *name)
{
    char path[MAXPATH + DIRSIZ + 2];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (stat(path, &st) < 0) {
        fprintf(2, "ls: cannot stat %s\n", path);
        return 1;
    }
    line(name, &st);
    return 0;
}

/* Print the entries of the directory that is open as fd. */
static int entries(int fd, const char *dir)
{
    struct dirent de;
    char name[DIRSIZ + 1];
    int failed = 0;

    while (read(fd, &de, sizeof(de)) == sizeof(de)) {
        if (de.inum == 0)
            continue;
        memcpy(name, de.name, DIRSIZ);
        name[DIRSIZ] = 0;
        failed |= entry(dir, name);
    }
    return failed;
}

static int list(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    int failed = 0;

    if (fd < 0 || fstat(fd, &st) < 0) {
        fprintf(2, "ls: cannot open %s\n", path);
        failed = 1;
    } else if (st.type == T_DIR) {
        failed = entries(fd, path);
    } else {
        line(base_name(path), &st);
    }
    if (fd >= 0)
        close(fd);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;

    if (argc == 1)
        exit(list("."));
    for (int i = 1; i < argc; i++)
        failed |= list(argv[i]);
    exit(failed);
}
