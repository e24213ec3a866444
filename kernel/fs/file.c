/* SPDX-License-Identifier: BSD-3-Clause
 * Open files. The inode's lock guards f_off, so if two processes that share an open file write to it,
 * their data follow one another. A large read or write takes the lock several times, so that no thread
 * waits for all of it; each piece is done as a whole.
 */
#include "fs/file.h"

#include "dev/devsw.h"
#include "fs/filedesc.h"
#include "fs/log.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "lib/sysctl.h"
#include "lwkt/thread.h"
#include "mm/turn.h"
#include "mm/zone.h"

#define READ_BYTES (32 * BSIZE) /* read in one piece: in about 40,000 instructions */
#define RESERVED_FILES 16       /* kept for the user at the console (thread_may_use_reserve) */

static struct zone *file_zone;
static uint32 file_count; /* files in use: AMO */

void file_init(void)
{
    file_zone = zone_create("file", sizeof(struct file));
}

struct file *file_alloc(void)
{
    uint32 n = amo_add(&file_count, 1);
    bool room = n < NFILE - RESERVED_FILES || (n < NFILE && thread_may_use_reserve());
    struct file *f = room ? zalloc(file_zone) : NULL;

    if (f == NULL)
        amo_add(&file_count, -1);
    else
        f->f_ref = 1;
    return f;
}

void file_free(struct file *f)
{
    zfree(file_zone, f);
    amo_add(&file_count, -1);
}

static uint64 sysctl_files(void)
{
    return peek(&file_count);
}

SYSCTL(vfs_files, "vfs.files", sysctl_files, NULL);

struct file *file_dup(struct file *f)
{
    KASSERT(peek(&f->f_ref) > 0, "closed file");
    amo_add(&f->f_ref, 1);
    return f;
}

void file_close(struct file *f)
{
    KASSERT(peek(&f->f_ref) > 0, "closed file");
    if (amo_add_acqrel(&f->f_ref, -1) != 1)
        return;
    if (f->f_type == FD_PIPE)
        pipe_close(f->f_pipe, f->f_writable);
    else
        inode_close(f->f_inode);
    file_free(f);
}

int filedesc_open_console(struct filedesc *fdp)
{
    struct file *f = file_alloc();

    if (f == NULL)
        return -1;
    f->f_type = FD_DEVICE;
    f->f_major = CONSOLE;
    f->f_inode = inode_dup(fdp->fd_cwd); /* it has none of its own */
    f->f_readable = f->f_writable = true;
    fdp->fd_file[0] = f;
    fdp->fd_file[1] = file_dup(f);
    fdp->fd_file[2] = file_dup(f);
    return 0;
}

int file_stat(struct file *f, struct stat *st)
{
    struct inode *ip = f->f_inode;

    if (f->f_type == FD_PIPE)
        return -1;
    memset(st, 0, sizeof(*st)); /* padding goes to the user, too */
    inode_lock(ip);
    st->dev = ROOTDEV;
    st->ino = ip->i_inum;
    st->type = ip->i_type;
    st->nlink = ip->i_nlink;
    st->size = ip->i_size;
    inode_unlock(ip);
    if (f->f_type == FD_DEVICE)
        st->type = T_DEVICE; /* also when it has the root's inode (filedesc_open_console) */
    return 0;
}

/*
 * Read from a file, in pieces of READ_BYTES at most, between which other threads may run, or use the
 * file. Returns the bytes read, fewer than n at the end of the file or after an error; -1: there was
 * an error before the first byte.
 */
static int64 __attribute__((noinline)) file_read_inode(struct file *f, uint64 udst, uint64 n)
{
    uint64 done = 0;

    for (;;) {
        uint64 part = n - done < READ_BYTES ? n - done : READ_BYTES;
        mutex_lock(&f->f_inode->i_lock);
        int64 got = inode_readi(f->f_inode, true, udst + done, f->f_off, part);
        if (got > 0)
            f->f_off += (uint64)got;
        mutex_unlock(&f->f_inode->i_lock);
        if (got < 0)
            return done > 0 ? (int64)done : -1;
        done += (uint64)got;
        if (done == n || (uint64)got < part)
            return (int64)done;
        pass_turn();
    }
}

/* This and file_write end in calls, so they save no registers. */
int64 file_read(struct file *f, uint64 udst, int n)
{
    if (f->f_type == FD_PIPE)
        return pipe_read(f->f_pipe, udst, (uint64)n);
    if (f->f_type == FD_DEVICE)
        return devsw[f->f_major].read != NULL ? devsw[f->f_major].read(udst, n) : -1;
    return file_read_inode(f, udst, (uint64)n);
}

/*
 * Write to a file, in as many transactions as it takes; so after a crash, a part of a large write may
 * be there. Each transaction except the last ends at the end of a block. Returns the bytes stored, or
 * -1 if none could be.
 */
static int64 __attribute__((noinline)) file_write_inode(struct file *f, uint64 usrc, uint64 n)
{
    uint64 done = 0;

    while (done < n) {
        if (!fs_begin())
            break;
        inode_lock(f->f_inode);
        if (f->f_append)
            f->f_off = f->f_inode->i_size;
        uint64 part = WRITE_BLOCKS * BSIZE - f->f_off % BSIZE;
        if (part > n - done)
            part = n - done;
        int64 written = inode_writei(f->f_inode, true, usrc + done, f->f_off, part);
        if (written > 0)
            f->f_off += (uint64)written;
        inode_unlock(f->f_inode);
        fs_end();
        if (written > 0)
            done += (uint64)written;
        if (written != (int64)part)
            break;
        if (done < n && f->f_append)
            pass_turn_locked(); /* i_append is held */
        else if (done < n)
            pass_turn();
    }
    return done > 0 || n == 0 ? (int64)done : -1;
}

static int64 __attribute__((noinline)) file_append(struct file *f, uint64 usrc, uint64 n)
{
    mutex_lock(&f->f_inode->i_append);
    int64 done = file_write_inode(f, usrc, n);
    mutex_unlock(&f->f_inode->i_append);
    return done;
}

int64 file_write(struct file *f, uint64 usrc, int n)
{
    if (f->f_type == FD_PIPE)
        return pipe_write(f->f_pipe, usrc, (uint64)n);
    if (f->f_type == FD_DEVICE)
        return devsw[f->f_major].write != NULL ? devsw[f->f_major].write(usrc, n) : -1;
    return f->f_append ? file_append(f, usrc, (uint64)n) : file_write_inode(f, usrc, (uint64)n);
}
