/* SPDX-License-Identifier: BSD-3-Clause
 * Random operations on the file system and on the model, side by side.
 */
#include <stdio.h>
#include <string.h>

#include "fs/inode.h"
#include "host.h"
#include "model.h"
#include "tests.h"

static struct history *history;
static int fds[MODEL_FDS]; /* the file system's descriptors */
static char data[MODEL_FILE_MAX];

/* The model has changed: store its state. */
static void note_state(void)
{
    if (history == NULL)
        return;
    if (*history->state + 1 == history->max)
        fail("more than %u states", history->max);
    history->states[*history->state + 1] = model_digest();
    ++*history->state;
}

static void expect(long got, long want, const char *what, const char *path)
{
    if (got != want)
        fail("%s %s: %ld, not %ld", what, path, got, want);
}

static void random_path(char *path)
{
    static const char *const names[] = {
        "a", "b", "c", "dd", "e", "fourteen-bytes", "fourteen-bytes2"};
    int depth = 1 + (int)rnd(3);

    path[0] = '\0';
    for (int i = 0; i < depth; ++i) {
        strcat(path, rnd(8) == 0 ? "//" : "/");
        strcat(path, names[rnd(sizeof(names) / sizeof(names[0]))]);
    }
}

static void do_open(int fd)
{
    static const int modes[] = {O_RDONLY,          O_RDWR,
                                O_WRONLY,          O_CREATE | O_RDWR,
                                O_CREATE | O_RDWR, O_CREATE | O_TRUNC | O_RDWR,
                                O_TRUNC | O_WRONLY};
    char path[MAXPATH];
    int mode = modes[rnd(sizeof(modes) / sizeof(modes[0]))];

    random_path(path);
    /* Creating and truncating are two transactions. */
    int want = model_open(fd, path, mode & ~O_TRUNC);
    if (want == 0 && (mode & O_TRUNC) != 0) {
        note_state();
        model_close(fd);
        model_open(fd, path, mode);
    }
    note_state();
    fds[fd] = t_open(path, mode);
    expect(fds[fd] < 0 ? -1 : 0, want, "open", path);
}

static void do_write(int fd)
{
    long n = rnd(3) == 0 ? (long)rnd(12 * BSIZE) : (long)rnd(300);

    if (!model_can_write(fd, n))
        return;
    for (long i = 0; i < n; i += 1 + rnd(100))
        data[i] = (char)rnd(256);
    for (long done = 0; done < n;) {
        long part = (long)(WRITE_BLOCKS * BSIZE - model_offset(fd) % BSIZE);
        part = part < n - done ? part : n - done;
        model_write(fd, data + done, part);
        note_state();
        done += part;
    }
    expect(t_write(fds[fd], data, n), n, "write", "");
}

static void do_read(int fd)
{
    const char *want = NULL;
    long n = (long)rnd(5 * BSIZE);
    long result = model_read(fd, &want, n);

    if (result == -2)
        return;
    expect(t_read(fds[fd], data, n), result, "read", "");
    if (result > 0 && memcmp(data, want, (size_t)result) != 0)
        fail("read: wrong content");
}

static void do_file(int fd)
{
    if (!model_is_open(fd)) {
        do_open(fd);
    } else if (rnd(4) == 0) {
        expect(t_close(fds[fd]), 0, "close", "");
        model_close(fd);
    } else if (rnd(3) == 0) {
        do_read(fd);
    } else {
        do_write(fd);
    }
}

static void do_name(void)
{
    char path[MAXPATH];
    char other[MAXPATH];
    int want;

    random_path(path);
    random_path(other);
    switch (rnd(8)) {
    case 0:
    case 1:
        want = model_create(path, T_DIR, 0, 0);
        note_state();
        expect(t_mkdir(path), want, "mkdir", path);
        break;
    case 2:
        want = model_create(path, T_DEVICE, 3, 4);
        note_state();
        expect(t_mknod(path, 3, 4), want, "mknod", path);
        break;
    case 3:
    case 4:
        want = model_link(path, other);
        note_state();
        expect(t_link(path, other), want, "link", path);
        break;
    default:
        want = model_unlink(path);
        note_state();
        expect(t_unlink(path), want, "unlink", path);
    }
}

void random_operations(unsigned n, struct history *noted)
{
    history = noted;
    model_init();
    if (history != NULL)
        history->states[ *history->state = 0] = model_digest();
    for (unsigned i = 0; i < n; ++i) {
        unsigned what = rnd(100);
        if (what < 65)
            do_file((int)rnd(MODEL_FDS));
        else if (what < 97)
            do_name();
        else if (t_sync() < 0)
            fail("sync");
        else if (history != NULL)
            history->on_sync();
        if (i % 50 == 0 && fs_digest() != model_digest())
            fail("after %u operations, the tree is not the model's", i);
    }
    for (int fd = 0; fd < MODEL_FDS; ++fd) {
        if (model_is_open(fd)) {
            t_close(fds[fd]);
            model_close(fd);
        }
    }
    if (fs_digest() != model_digest())
        fail("at the end, the tree is not the model's");
}
