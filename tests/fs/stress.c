/* SPDX-License-Identifier: BSD-3-Clause
 * Several threads at once, on a disk that answers late: each in a directory of its own, and all in one
 * that they share. What a thread wrote to its own files must be there, and so must what all append to
 * one file. What threads do to shared names only has to leave the file system consistent (mkfs -c,
 * afterwards).
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fs/alloc.h"
#include "fs/inode.h"
#include "host.h"
#include "lib/atomic.h"
#include "tests.h"

#define OWN_FILES 8
#define OWN_SIZE (15 * BSIZE)

struct worker {
    pthread_t thread;
    struct filedesc process;
    int number;
    unsigned operations;
    unsigned content[OWN_FILES]; /* what its own files are filled with; 0: not there */
};

static void fill(unsigned *words, unsigned content)
{
    for (unsigned i = 0; i < OWN_SIZE / sizeof(*words); ++i)
        words[i] = content + i;
}

static void own_path(const struct worker *w, int file, char *path)
{
    sprintf(path, "/own%d/f%d", w->number, file);
}

static void rewrite_own(struct worker *w, int file)
{
    static _Thread_local unsigned words[OWN_SIZE / sizeof(unsigned)];
    char path[MAXPATH];

    own_path(w, file, path);
    w->content[file] = rnd(1u << 30) + 1;
    fill(words, w->content[file]);
    int fd = t_open(path, O_CREATE | O_TRUNC | O_RDWR);
    if (fd < 0 || t_write(fd, words, OWN_SIZE) != OWN_SIZE || t_close(fd) < 0)
        fail("can't write %s", path);
}

static void check_own(struct worker *w, int file)
{
    static _Thread_local unsigned words[OWN_SIZE / sizeof(unsigned)];
    static _Thread_local unsigned want[OWN_SIZE / sizeof(unsigned)];
    char path[MAXPATH];

    own_path(w, file, path);
    int fd = t_open(path, O_RDONLY);
    if ((fd >= 0) != (w->content[file] != 0))
        fail("%s is there, or not", path);
    if (fd < 0)
        return;
    fill(want, w->content[file]);
    if (t_read(fd, words, OWN_SIZE) != OWN_SIZE || memcmp(words, want, OWN_SIZE) != 0)
        fail("%s has changed", path);
    t_close(fd);
}

static void remove_own(struct worker *w, int file)
{
    char path[MAXPATH];

    own_path(w, file, path);
    if ((t_unlink(path) == 0) != (w->content[file] != 0))
        fail("unlink of %s", path);
    w->content[file] = 0;
}

/* A random call on names that all threads use; it may fail. */
static void do_shared(void)
{
    char path[MAXPATH];
    char other[MAXPATH];
    char data[6000] = "";

    sprintf(path, "/shared/%c", 'a' + rnd(3));
    if (rnd(2) == 0)
        sprintf(path + strlen(path), "/%c", 'a' + rnd(3));
    sprintf(other, "/shared/%c", 'a' + rnd(3));
    unsigned what = rnd(6);
    if (what == 0)
        t_mkdir(path);
    else if (what == 1)
        t_link(path, other);
    else if (what == 2 || what == 3)
        t_unlink(path);
    int fd = what > 3 ? t_open(path, O_CREATE | O_RDWR | (rnd(2) ? O_TRUNC : 0)) : -1;
    if (fd < 0)
        return;
    t_read(fd, data, sizeof(data) / 2);
    t_write(fd, data, sizeof(data));
    t_close(fd);
}

static void do_one(struct worker *w)
{
    int file = (int)rnd(OWN_FILES);
    unsigned what = rnd(40);

    if (what < 8)
        rewrite_own(w, file);
    else if (what < 16)
        check_own(w, file);
    else if (what < 20)
        remove_own(w, file);
    else if (what == 20)
        t_sync();
    else
        do_shared();
}

static void *work(void *arg)
{
    struct worker *w = arg;
    char path[MAXPATH];

    host_seed += 2 * (unsigned long)w->number + 2;
    host_become_process(&w->process);
    sprintf(path, "/own%d", w->number);
    if (t_mkdir(path) < 0)
        fail("mkdir %s", path);
    for (unsigned i = 0; i < w->operations; ++i)
        do_one(w);
    for (int file = 0; file < OWN_FILES; ++file)
        check_own(w, file);
    return NULL;
}

/* Files that come and go quickly, so that a number is reused while its last user drops it. */
static void *churn(void *arg)
{
    struct worker *w = arg;
    char path[MAXPATH];

    host_become_process(&w->process);
    sprintf(path, "/churn%d", w->number);
    for (unsigned i = 0; i < w->operations; ++i) {
        int fd = t_open(path, O_CREATE | O_RDWR);
        if (fd < 0 || t_write(fd, path, 10) != 10 || t_close(fd) < 0 || t_unlink(path) < 0)
            fail("%s: a call failed", path);
    }
    return NULL;
}

/* --- a pipe between two threads --- */

#define PIPE_BYTES 2000000

static int pipe_fds[2];

static void *pipe_writer(void *arg)
{
    static unsigned char data[9000];
    struct filedesc process = *(struct filedesc *)arg;
    unsigned next = 0;

    host_thread.td_filedesc = &process;
    for (unsigned sent = 0; sent < PIPE_BYTES;) {
        unsigned n = 1 + rnd(sizeof(data) - 1);
        n = n < PIPE_BYTES - sent ? n : PIPE_BYTES - sent;
        for (unsigned i = 0; i < n; ++i)
            data[i] = (unsigned char)(next++ * 7 >> 3);
        if (t_write(pipe_fds[1], data, n) != (long)n)
            fail("pipe: write");
        sent += n;
    }
    t_close(pipe_fds[1]);
    return NULL;
}

static void test_pipe(void)
{
    static unsigned char data[9000];
    pthread_t thread;
    unsigned next = 0;
    long n;

    if (t_pipe(pipe_fds) < 0)
        fail("pipe");
    pthread_create(&thread, NULL, pipe_writer, host_thread.td_filedesc);
    struct file **writer = &host_thread.td_filedesc->fd_file[pipe_fds[1]];
    while ((n = t_read(pipe_fds[0], data, 1 + rnd(sizeof(data) - 1))) > 0) {
        for (long i = 0; i < n; ++i) {
            if (data[i] != (unsigned char)(next++ * 7 >> 3))
                fail("pipe: byte %u is wrong", next - 1);
        }
    }
    if (n != 0 || next != PIPE_BYTES)
        fail("pipe: end after %u bytes, result %ld", next, n);
    pthread_join(thread, NULL);
    *writer = NULL; /* the other thread's copy of the descriptor was closed */
    t_close(pipe_fds[0]);
}

static void run_threads(int nthreads, unsigned n, void *(*func)(void *))
{
    static struct worker workers[16];

    for (int i = 0; i < nthreads; ++i) {
        workers[i] = (struct worker){.number = i, .operations = n};
        pthread_create(&workers[i].thread, NULL, func, &workers[i]);
    }
    for (int i = 0; i < nthreads; ++i)
        pthread_join(workers[i].thread, NULL);
}

/* --- one file that all threads write at its end --- */

#define APPENDS 10
#define LINE (3 * WRITE_BLOCKS * BSIZE + 100) /* bytes: a write of several transactions */

static void *append_lines(void *arg)
{
    struct worker *w = arg;
    char *line = malloc(LINE);

    host_become_process(&w->process);
    memset(line, 'a' + w->number, LINE);
    int fd = t_open("/lines", O_CREATE | O_WRONLY | O_APPEND);
    for (unsigned i = 0; i < w->operations; ++i)
        if (t_write(fd, line, LINE) != LINE)
            fail("line %u can't be written", i);
    t_close(fd);
    free(line);
    return NULL;
}

/* No line is lost or torn, though each takes several transactions. */
static void test_appends(int nthreads)
{
    static char line[LINE];
    int n = 0;

    run_threads(nthreads, APPENDS, append_lines);
    int fd = t_open("/lines", O_RDONLY);
    for (; t_read(fd, line, LINE) == LINE; ++n)
        for (int i = 1; i < LINE; ++i)
            if (line[i] != line[0])
                fail("line %d has %c after %c", n, line[i], line[0]);
    if (n != nthreads * APPENDS || t_close(fd) < 0 || t_unlink("/lines") < 0)
        fail("%d lines", n);
}

/* --- one commit for several threads --- */

#define SYNCERS 4
static unsigned written; /* threads that are about to call sync: AMO */

static void write_synced(int number)
{
    char name[16];

    snprintf(name, sizeof(name), "/sync%d", number);
    int fd = t_open(name, O_CREATE | O_RDWR);
    if (fd < 0 || t_write(fd, name, sizeof(name)) != sizeof(name))
        fail("%s can't be written", name);
    t_close(fd);
}

/* Change a file, and sync. When that returns, both commits are on the disk: each has written the header
 * of the log twice. */
static void *syncer(void *arg)
{
    const struct worker *w = arg;
    struct filedesc process;

    host_become_process(&process);
    write_synced(w->number);
    amo_add(&written, 1);
    if (t_sync() != 0 || peek(&disk_count) < 2)
        fail("sync returns before its commit is on the disk");
    if (w->number != 0 && peek(&disk_count) != 4)
        fail("sync returns after %u writes of the log's header", peek(&disk_count));
    inode_close(process.fd_cwd);
    return NULL;
}

/* A commit is held up by the disk. All that is written meanwhile is in the next one. */
static void test_group_commit(void)
{
    struct worker workers[SYNCERS];

    for (int i = 0; i < SYNCERS; ++i)
        write_synced(i); /* so that what is needed later is in the cache */
    if (t_sync() != 0)
        fail("sync");
    disk_count = 0;
    disk_counted_block = superblock.logstart;
    disk_hold(true);
    for (int i = 0; i < SYNCERS; ++i) {
        workers[i] = (struct worker){.number = i};
        pthread_create(&workers[i].thread, NULL, syncer, &workers[i]);
        while (peek(&written) <= (unsigned)i || (i == 0 && !disk_has_requests()))
            usleep(1000);
    }
    while (peek(&host_blocked) < SYNCERS - 1)
        usleep(1000);
    disk_hold(false);
    for (int i = 0; i < SYNCERS; ++i)
        pthread_join(workers[i].thread, NULL);
}

void test_stress(int nthreads, unsigned n)
{
    test_pipe();
    run_threads(nthreads, 20 * n, churn);
    disk_use_threads();
    t_mkdir("/shared");
    run_threads(nthreads, n, work);
    test_appends(nthreads);
    test_group_commit();
}
