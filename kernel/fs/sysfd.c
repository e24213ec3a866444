/* SPDX-License-Identifier: BSD-3-Clause
 * System calls on file descriptors. Handlers run in the calling process's thread and get the six
 * argument registers; results and errors are xv6's. Only a process's own thread touches its
 * descriptors, so they need no lock, and no file of a process is closed while it uses that file here.
 */
#include "fs/sysfile.h"

#include "fs/filedesc.h"
#include "fs/file.h"
#include "lib/sysent.h"
#include "mm/vm.h"

/* The open file of a descriptor in an argument register, or NULL. */
static inline struct file *fd_file(uint64 arg)
{
    uint fd = (uint)arg;

    return fd < NOFILE ? curthread->td_filedesc->fd_file[fd] : NULL;
}

int fd_alloc(struct file *f)
{
    struct file **files = curthread->td_filedesc->fd_file, **slot = files;

    while (*slot != NULL)
        if (++slot == files + NOFILE)
            return -1;
    *slot = f;
    return (int)(slot - files);
}

void filedesc_copy(struct filedesc *dst, const struct filedesc *src)
{
    for (int fd = 0; fd < NOFILE; fd++)
        if (src->fd_file[fd] != NULL)
            dst->fd_file[fd] = file_dup(src->fd_file[fd]);
    dst->fd_cwd = inode_dup(src->fd_cwd);
}

void filedesc_release(struct filedesc *fdp)
{
    for (int fd = 0; fd < NOFILE; fd++)
        if (fdp->fd_file[fd] != NULL) {
            file_close(fdp->fd_file[fd]);
            fdp->fd_file[fd] = NULL;
        }
    if (fdp->fd_cwd != NULL) {
        inode_close(fdp->fd_cwd);
        fdp->fd_cwd = NULL;
    }
}

/* int read(int fd, void *buf, int n) */
int64 sys_read(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    int n = (int)arg[2];

    if (f == NULL || !f->f_readable || n < 0)
        return -1;
    return file_read(f, arg[1], n);
}

/* int write(int fd, const void *buf, int n) */
int64 sys_write(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    int n = (int)arg[2];

    if (f == NULL || !f->f_writable || n < 0)
        return -1;
    return file_write(f, arg[1], n);
}

/* int dup(int fd) */
int64 sys_dup(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    int fd = f != NULL ? fd_alloc(f) : -1;

    if (fd >= 0)
        file_dup(f);
    return fd;
}

/* int close(int fd) */
int64 sys_close(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);

    if (f == NULL)
        return -1;
    curthread->td_filedesc->fd_file[(uint)arg[0]] = NULL;
    file_close(f);
    return 0;
}

/* int fstat(int fd, struct stat *st) */
int64 sys_fstat(const uint64 *arg)
{
    struct file *f = fd_file(arg[0]);
    struct stat st;

    if (f == NULL || file_stat(f, &st) < 0)
        return -1;
    return copyout(arg[1], &st, sizeof(st));
}

/* Make f one end of a pipe. */
static void file_set_pipe(struct file *f, struct pipe *pipe, bool writer)
{
    f->f_type = FD_PIPE;
    f->f_pipe = pipe;
    f->f_readable = !writer;
    f->f_writable = writer;
}

/* A pipe and open files for both of its ends: 0, or -1: too many files, or out of memory. */
static int pipe_open(struct file **reader, struct file **writer)
{
    struct file *r = file_alloc();
    struct file *w = r != NULL ? file_alloc() : NULL;
    struct pipe *pipe = w != NULL ? pipe_create() : NULL;

    if (pipe == NULL) {
        if (w != NULL)
            file_free(w);
        if (r != NULL)
            file_free(r);
        return -1;
    }
    file_set_pipe(r, pipe, false);
    file_set_pipe(w, pipe, true);
    *reader = r;
    *writer = w;
    return 0;
}

/* int pipe(int fds[2]) */
int64 sys_pipe(const uint64 *arg)
{
    struct file *reader;
    struct file *writer;
    int fds[2] = {-1, -1};

    if (pipe_open(&reader, &writer) < 0)
        return -1;
    fds[0] = fd_alloc(reader);
    fds[1] = fds[0] >= 0 ? fd_alloc(writer) : -1;
    if (fds[1] >= 0 && copyout(arg[0], fds, sizeof(fds)) == 0)
        return 0;
    for (int i = 0; i < 2; ++i) {
        if (fds[i] >= 0)
            curthread->td_filedesc->fd_file[fds[i]] = NULL;
    }
    file_close(reader);
    file_close(writer);
    return -1;
}

/* int sync(void) */
int64 sys_sync(const uint64 *arg)
{
    (void)arg;
    return fs_sync();
}
