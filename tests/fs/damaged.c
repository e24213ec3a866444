/* SPDX-License-Identifier: BSD-3-Clause
 * Damaged images. Each line of standard input describes one: the image as it was, with some bytes
 * changed.
 *
 *   clean|damaged OFFSET:BYTES ...      (what mkfs -c says of it; offsets in decimal, bytes in hex)
 *
 * Whatever is on the disk, the kernel neither panics nor hangs nor touches memory that is not its own.
 * It may refuse the mount, or mount the disk read-only, and then writes nothing to it. A clean image it
 * mounts and leaves clean. Every other image is used by several threads at once.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/log.h"
#include "host.h"
#include "tests.h"

#define LINE_MAX (1 << 20)
#define LIMIT 200  /* seconds for an image, on a host however busy */
#define THREADS 3
#define PATHS 300  /* that the threads use */
#define DEPTH 7    /* directories below one another */
#define ROUNDS 300 /* calls of each thread */

static bool clean;        /* what mkfs says of this image */
static bool with_threads; /* use it by several threads */
static char *at_mount;    /* shared: the disk as it was after the mount */

/* --- several threads --- */

static char paths[PATHS][MAXPATH];
static unsigned npaths;
static const char
    *directories[PATHS]; /* those of them that were looked into, as locks of two meet there */
static unsigned ndirectories;

/* Note all paths below one, to a depth at which damage that leads back has shown. Whether it is a
 * directory. */
static bool note_paths(const char *path, int depth)
{
    struct dirent names[64];
    int fd = t_open(path, O_RDONLY);
    struct stat st;
    bool is_directory = fd >= 0 && t_fstat(fd, &st) == 0 && st.type == T_DIR;
    long n = is_directory ? t_read(fd, names, sizeof(names)) : 0;

    t_close(fd);
    for (long i = 0; i < n / (long)sizeof(names[0]) && npaths < PATHS; ++i) {
        char *below = paths[npaths];
        if (names[i].inum == 0 || names[i].name[0] == '\0')
            continue;
        snprintf(below, MAXPATH, "%s/%.14s", path, names[i].name);
        ++npaths;
        if (strcmp(names[i].name, ".") == 0 || strcmp(names[i].name, "..") == 0 || depth == 0)
            continue;
        if (note_paths(below, depth - 1))
            directories[ndirectories++] = below;
    }
    return is_directory;
}

static const char *any_path(void)
{
    return ndirectories > 0 && rnd(2) == 0 ? directories[rnd(ndirectories)] : paths[rnd(npaths)];
}

static void use_one(const char *path, const char *other)
{
    char below[MAXPATH + 2];
    char data[BSIZE + 10] = "";
    unsigned what = rnd(8);
    int fd = -1;

    snprintf(below, sizeof(below), "%s/n", path);
    if (what < 3)
        t_unlink(path);
    else if (what == 3)
        t_mkdir(below);
    else if (what == 4)
        t_link(path, other);
    else if (what == 5)
        t_chdir(path);
    else
        fd = t_open(what == 6 ? path : below, O_CREATE | O_RDWR);
    if (fd >= 0 && rnd(2) == 0)
        t_read(fd, data, sizeof(data));
    else if (fd >= 0)
        t_write(fd, data, sizeof(data));
    t_close(fd);
}

static void *use_paths(void *arg)
{
    struct filedesc process;

    host_seed = (unsigned long)(arg == NULL ? 1 : 2 * *(int *)arg + 3);
    host_become_process(&process);
    for (unsigned i = 0; i < ROUNDS && npaths > 0; ++i)
        use_one(any_path(), any_path());
    inode_close(process.fd_cwd);
    return NULL;
}

static void use_at_once(void)
{
    static int numbers[THREADS] = {0, 1, 2};
    pthread_t threads[THREADS];

    note_paths("", DEPTH);
    host_delays = true;
    for (int i = 0; i < THREADS; ++i)
        pthread_create(&threads[i], NULL, use_paths, &numbers[i]);
    for (int i = 0; i < THREADS; ++i)
        pthread_join(threads[i], NULL);
    host_delays = false;
}

/* --- one image --- */

static void damaged_life(void)
{
    host_refuses = true;
    alarm(LIMIT);
    mount();
    host_refuses = false;
    bool readonly = fs_is_readonly();
    if (readonly && clean)
        fail("mkfs -c calls the image clean, and it was mounted read-only");
    if (readonly)
        memcpy(at_mount, image, (size_t)nblocks * BSIZE);
    change_files(true);
    if (with_threads)
        use_at_once();
    use_everything("/");
    change_files(true);
    t_sync();
    if (readonly && memcmp(at_mount, image, (size_t)nblocks * BSIZE) != 0)
        fail("the file system is read-only, and the disk has changed");
}

/* Change the bytes that the words of a line name. */
static void apply_line(char *line)
{
    for (char *word = strtok(line, " \n"); word != NULL; word = strtok(NULL, " \n")) {
        char *bytes;
        size_t offset = strtoul(word, &bytes, 10);
        for (++bytes; bytes[0] != '\0'; bytes += 2) {
            char digits[] = {bytes[0], bytes[1], '\0'};
            image[offset++] = (char)strtoul(digits, NULL, 16);
        }
    }
}

void test_damaged(const char *mkfs)
{
    char *line = malloc(LINE_MAX);
    char kept[IMAGE_PATH];

    at_mount = share((size_t)nblocks * BSIZE);
    for (unsigned i = 0; fgets(line, LINE_MAX, stdin) != NULL; ++i) {
        clean = line[0] == 'c';
        with_threads = i % 2 != 0;
        memcpy(image, base, (size_t)nblocks * BSIZE);
        apply_line(strchr(line, ' ') + 1);
        int status = in_child(damaged_life);
        if (status != 0)
            printf("image %u: status %x\n", i, status);
        else if (clean && !image_is_clean(mkfs, kept))
            printf("image %u: it was clean, and is not any more: %s\n", i, kept);
        fflush(stdout);
    }
    free(line);
}
