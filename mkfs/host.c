/* SPDX-License-Identifier: BSD-3-Clause
 * What mkfs does with the host's files: see host.h.
 *
 * Invariant: `unfinished` names what must be removed if the process ends now; "": nothing.
 */
#define _GNU_SOURCE
#include "mkfs/host.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char unfinished[PATH_MAX];
static char final_name[PATH_MAX];
static char sub_name[PATH_MAX]; /* file in the directory that is being made, for messages */
static int out_fd = -1;

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

/* Remove unfinished output, a file or a tree. Called by exit(). */
static void remove_unfinished(void)
{
    if (unfinished[0] != '\0')
        nftw(unfinished, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    unfinished[0] = '\0';
}

void die(const char *fmt, ...)
{
    va_list ap;

    fflush(stdout);
    fputs("mkfs: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    remove_unfinished();
    exit(1);
}

uint8 *host_map(const char *path, uint64 *len)
{
    static uint8 empty[1];
    struct stat st;
    void *p;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) < 0)
        die("%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        die("%s: not a regular file", path);
    *len = (uint64)st.st_size;
    if (st.st_size == 0) {
        close(fd);
        return empty;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, fd, 0);
    if (p == MAP_FAILED)
        die("%s: %s", path, strerror(errno));
    close(fd);
    return p;
}

void *host_alloc(uint64 n)
{
    void *p = calloc(1, n != 0 ? n : 1);

    if (p == NULL)
        die("out of memory for %lu bytes", n);
    return p;
}

/* Choose the temporary name. It is in the same directory, so that rename() stays in one file system. */
static void begin(const char *path)
{
    int n;

    if (strlen(path) >= sizeof final_name)
        die("%.40s...: path name too long", path);
    strcpy(final_name, path);
    n = snprintf(unfinished, sizeof unfinished, "%s.%ld.tmp", path, (long)getpid());
    if (n < 0 || n >= (int)sizeof unfinished) {
        unfinished[0] = '\0';
        die("%.40s...: path name too long", path);
    }
}

/* Die when the temporary file could not be made: there is nothing to remove. */
static void die_begin(void)
{
    unfinished[0] = '\0';
    die("%s: %s", final_name, strerror(errno));
}

void host_begin_file(const char *path)
{
    begin(path);
    out_fd = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out_fd < 0)
        die_begin();
    sub_name[0] = '\0';
}

void host_begin_dir(const char *path)
{
    begin(path);
    if (access(path, F_OK) == 0) {
        unfinished[0] = '\0';
        die("%s: exists already", path);
    }
    if (mkdir(unfinished, 0777) < 0)
        die_begin();
}

/* The name of what is being written, for messages. */
static const char *out_name(void)
{
    return sub_name[0] != '\0' ? sub_name : final_name;
}

void host_write(const void *buf, uint64 n, uint64 off)
{
    const char *p = buf;

    while (n > 0) {
        ssize_t done = pwrite(out_fd, p, n, (off_t)off);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            die("%s: %s", out_name(), strerror(done < 0 ? errno : EIO));
        p += done;
        n -= (uint64)done;
        off += (uint64)done;
    }
}

/* Set the size and close; both can fail on a full disk. */
static void close_out(uint64 size)
{
    int failed = ftruncate(out_fd, (off_t)size) < 0;

    if (close(out_fd) < 0 || failed)
        die("%s: %s", out_name(), strerror(errno));
    out_fd = -1;
}

/* Rename it to its final name: now it is finished. */
static void commit(void)
{
    if (rename(unfinished, final_name) < 0)
        die("%s: %s", final_name, strerror(errno));
    unfinished[0] = '\0';
}

void host_end_file(uint64 size)
{
    close_out(size);
    commit();
}

/* Put the path of `rel` in the directory that is being made into sub_name. */
static void set_sub(const char *rel)
{
    int n = snprintf(sub_name, sizeof sub_name, "%s/%s", unfinished, rel);

    if (n < 0 || n >= (int)sizeof sub_name)
        die("%.40s...: path name too long", rel);
}

void host_mkdir_sub(const char *rel)
{
    set_sub(rel);
    if (mkdir(sub_name, 0777) < 0)
        die("%s: %s", sub_name, strerror(errno));
}

void host_open_sub(const char *rel)
{
    set_sub(rel);
    out_fd = open(sub_name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (out_fd < 0)
        die("%s: %s", sub_name, strerror(errno));
}

void host_close_sub(uint64 size)
{
    close_out(size);
}

void host_end_dir(void)
{
    commit();
}
