/* SPDX-License-Identifier: BSD-3-Clause
 * System calls on path names. Handlers run in the calling process's thread and get the six argument
 * registers; results and errors are xv6's.
 *
 * All that a call changes is one transaction. It follows the path before that, and drops references
 * after it, as each may be the last one and free an inode, in transactions of its own. Locks follow the
 * order in inode.h: a directory is locked before an inode that it names.
 */
#include "fs/sysfile.h"

#include "fs/dir.h"
#include "fs/filedesc.h"
#include "fs/log.h"
#include "fs/file.h"
#include "kernel/fcntl.h"
#include "lib/string.h"
#include "lib/sysent.h"
#include "mm/vm.h"

#define NLINK_MAX 32767 /* what a short holds */

#define ALIGNED __attribute__((aligned(8))) /* so that copyinstr copies words */

/* A path name in an argument register, copied to path[MAXPATH]: 0, or -1. */
static int fetch_path(char *path, uint64 arg)
{
    return copyinstr(path, arg, MAXPATH) < 0 ? -1 : 0;
}

/* Whether the name is "." or "..". */
static bool is_dots(const union name *name)
{
    const char *s = name->de.name;

    return s[0] == '.' && (s[1] == '\0' || (s[1] == '.' && s[2] == '\0'));
}

/* --- creating --- */

/* What kind of inode to create. */
struct kind {
    short type;
    short major, minor; /* of a T_DEVICE */
};

/*
 * Give a new, locked inode its first name, and a directory its two entries: 0; -1: disk or memory
 * full, and the inode has no name then.
 */
static int name_new(struct inode *dp, const union name *name, struct inode *ip)
{
    bool dir = ip->i_type == T_DIR;
    int error = 0;

    if (dir && dp->i_nlink == NLINK_MAX)
        error = -1;
    if (error == 0 && dir)
        error = dir_link(ip, &dir_self, ip->i_inum);
    if (error == 0 && dir)
        error = dir_link(ip, &dir_parent, dp->i_inum);
    if (error == 0)
        error = dir_link(dp, name, ip->i_inum);
    if (error < 0)
        ip->i_nlink = 0;
    else if (dir)
        ++dp->i_nlink; /* the ".." of ip */
    inode_update(ip);
    if (error == 0 && dir)
        inode_update(dp);
    return error;
}

/*
 * Make an inode and name it `name` in locked dp. Returns 0, with the inode in *ipp, referenced and not
 * locked; or -1, with *ipp set if there is an inode to be closed.
 */
static int create_in(struct inode *dp, const union name *name, struct kind kind, struct inode **ipp)
{
    if (dp->i_nlink == 0) /* removed: a name in it would never be found again */
        return -1;
    struct inode *ip = inode_alloc(kind.type, kind.major, kind.minor);
    if (ip == NULL)
        return -1;
    int error = name_new(dp, name, ip);
    inode_unlock(ip);
    *ipp = ip;
    return error;
}

/* Whether the call can use an inode that was there already, 0 or -1. For T_FILE, a file or a device is
 * good; otherwise the name must be free. */
static int accept_existing(const struct inode *ip, short type)
{
    return type == T_FILE && (ip->i_type == T_FILE || ip->i_type == T_DEVICE) ? 0 : -1;
}

/* The inode of a name in locked dp, or a new one, in *ipp as create_in() leaves it: 0, or -1. */
static int find_or_create(struct inode *dp, const union name *name, struct kind kind,
                          struct inode **ipp, bool *found)
{
    int64 inum = dir_lookup(dp, name);

    *found = inum > 0;
    if (inum == 0)
        return create_in(dp, name, kind, ipp);
    if (inum > 0)
        *ipp = inode_ref((uint32)inum); /* as in path.c: the name may be ".." */
    return inum < 0 ? -1 : 0;
}

/* The inode at `path`, created if it does not exist: referenced, not locked; or NULL. Not inside a
 * transaction. */
static struct inode *create(const char *path, struct kind kind)
{
    union name name;
    struct inode *ip = NULL;
    bool found = false;
    struct inode *dp = path_parent(path, &name);

    if (dp == NULL)
        return NULL;
    int error = -1;
    if (fs_begin()) {
        inode_lock(dp);
        error = find_or_create(dp, &name, kind, &ip, &found);
        inode_unlock(dp);
        fs_end();
    }
    inode_close(dp);
    if (found)
        ip = inode_load(ip);
    if (found && ip != NULL)
        error = accept_existing(ip, kind.type);
    if (error < 0 && ip != NULL) {
        inode_close(ip);
        ip = NULL;
    }
    return ip;
}

/* create() for a call that needs only the name to exist: 0, or -1. */
static int create_only(uint64 path_arg, struct kind kind)
{
    char path[MAXPATH] ALIGNED;
    struct inode *ip = fetch_path(path, path_arg) < 0 ? NULL : create(path, kind);

    if (ip == NULL)
        return -1;
    inode_close(ip);
    return 0;
}

/* int mkdir(const char *path) */
int64 sys_mkdir(const uint64 *arg)
{
    return create_only(arg[0], (struct kind){.type = T_DIR});
}

/* int mknod(const char *path, short major, short minor) */
int64 sys_mknod(const uint64 *arg)
{
    struct kind kind = {.type = T_DEVICE, .major = (short)arg[1], .minor = (short)arg[2]};

    return kind.major >= 0 && kind.major < NDEV ? create_only(arg[0], kind) : -1;
}

/* --- opening --- */

/* Cut a file to size 0, in as many transactions as that takes. The caller holds no lock. 0; -1: the
 * file system is read-only. */
static int truncate(struct inode *ip)
{
    bool first = true;
    bool done = false;

    while (!done) {
        if (!fs_begin())
            return -1;
        inode_lock(ip);
        done = first && ip->i_size == 0;
        if (first)
            ip->i_size = 0;
        if (!done) {
            done = inode_trim(ip);
            inode_update(ip);
        }
        first = false;
        inode_unlock(ip);
        fs_end();
    }
    return 0;
}

/* The inode for open(), referenced, and cut if `mode` says so; NULL: none, or it may not be opened like
 * this. When the file system is read-only, O_CREATE still finds what exists. */
static struct inode *open_inode(const char *path, int mode)
{
    struct inode *ip = NULL;

    if ((mode & O_CREATE) != 0)
        ip = create(path, (struct kind){.type = T_FILE});
    if (ip == NULL && ((mode & O_CREATE) == 0 || fs_is_readonly()))
        ip = namei(path);
    if (ip == NULL)
        return NULL;
    bool bad = (ip->i_type == T_DIR && mode != O_RDONLY) ||
               (ip->i_type == T_DEVICE && (ip->i_major < 0 || ip->i_major >= NDEV)) ||
               ((mode & O_TRUNC) != 0 && ip->i_type == T_FILE && truncate(ip) < 0);
    if (bad) {
        inode_close(ip);
        return NULL;
    }
    return ip;
}

/* Make f an open file of ip, whose reference it takes over. */
static void file_set_inode(struct file *f, struct inode *ip, int mode)
{
    f->f_type = ip->i_type == T_DEVICE ? FD_DEVICE : FD_INODE;
    f->f_major = ip->i_major;
    f->f_inode = ip;
    f->f_readable = (mode & O_WRONLY) == 0;
    f->f_writable = (mode & (O_WRONLY | O_RDWR)) != 0;
    f->f_append = (mode & O_APPEND) != 0;
}

/* int open(const char *path, int mode) */
int64 sys_open(const uint64 *arg)
{
    char path[MAXPATH] ALIGNED;
    int mode = (int)arg[1];

    if (fetch_path(path, arg[0]) < 0)
        return -1;
    struct file *f = file_alloc();
    if (f == NULL)
        return -1;
    int fd = fd_alloc(f);
    struct inode *ip = fd >= 0 ? open_inode(path, mode) : NULL;
    if (ip == NULL) {
        if (fd >= 0)
            curthread->td_filedesc->fd_file[fd] = NULL;
        file_free(f);
        return -1;
    }
    file_set_inode(f, ip, mode);
    return fd;
}

/* int chdir(const char *path) */
int64 sys_chdir(const uint64 *arg)
{
    char path[MAXPATH] ALIGNED;

    if (fetch_path(path, arg[0]) < 0)
        return -1;
    struct inode *ip = namei(path);
    if (ip == NULL)
        return -1;
    if (ip->i_type != T_DIR) {
        inode_close(ip);
        return -1;
    }
    inode_close(curthread->td_filedesc->fd_cwd);
    curthread->td_filedesc->fd_cwd = ip;
    return 0;
}

/* --- links --- */

/* Enter one more name, in locked dp, for ip: 0, or -1: the name is taken, or can't be written. */
static int link_in(struct inode *dp, const union name *name, struct inode *ip)
{
    if (dp->i_nlink == 0 || dir_lookup(dp, name) != 0)
        return -1;
    mutex_lock_nested(&ip->i_lock);
    int error = ip->i_nlink == 0 || ip->i_nlink == NLINK_MAX ? -1 : 0;
    if (error == 0)
        error = dir_link(dp, name, ip->i_inum);
    if (error == 0) {
        ++ip->i_nlink;
        inode_update(ip);
    }
    inode_unlock(ip);
    return error;
}

/* The new name `path` for ip, which is no directory: 0, or -1. */
static int link_at(const char *path, struct inode *ip)
{
    union name name;
    struct inode *dp = path_parent(path, &name);
    int error = -1;

    if (dp == NULL)
        return -1;
    if (fs_begin()) {
        inode_lock(dp);
        error = link_in(dp, &name, ip);
        inode_unlock(dp);
        fs_end();
    }
    inode_close(dp);
    return error;
}

/* int link(const char *old, const char *new) */
int64 sys_link(const uint64 *arg)
{
    char old[MAXPATH] ALIGNED;
    char new[MAXPATH] ALIGNED;

    if (fetch_path(old, arg[0]) < 0 || fetch_path(new, arg[1]) < 0)
        return -1;
    struct inode *ip = namei(old);
    int error = ip == NULL || ip->i_type == T_DIR ? -1 : link_at(new, ip);
    if (ip != NULL)
        inode_close(ip);
    return error;
}

/* Take a name of locked ip out of locked dp: 0; -1: a directory that is not empty, or I/O error. */
static int unlink_name(struct inode *dp, const union name *name, struct inode *ip)
{
    bool dir = ip->i_type == T_DIR;

    if (ip->i_nlink <= 0 || (dir && dp->i_nlink <= 1)) {
        log_stop("damaged: link counts of inodes %u and %u", dp->i_inum, ip->i_inum);
        return -1;
    }
    if ((dir && !dir_empty(ip)) || dir_unlink(dp, name) < 0)
        return -1;
    if (dir) {
        dir_forget_parent(ip);
        --dp->i_nlink; /* the ".." of ip */
        inode_update(dp);
    }
    --ip->i_nlink;
    inode_update(ip);
    return 0;
}

/* Remove a name from locked dp. Returns 0, with the inode in *ipp, referenced and not locked; or -1,
 * with *ipp set if there is an inode to be closed. */
static int unlink_in(struct inode *dp, const union name *name, struct inode **ipp)
{
    if (is_dots(name))
        return -1;
    int64 inum = dir_lookup(dp, name);
    if (inum <= 0 || inum == dp->i_inum)
        return -1;
    struct inode *ip = inode_lock_child((uint32)inum);
    if (ip == NULL)
        return -1;
    int error = unlink_name(dp, name, ip);
    inode_unlock(ip);
    *ipp = ip;
    return error;
}

/* int unlink(const char *path) */
int64 sys_unlink(const uint64 *arg)
{
    char path[MAXPATH] ALIGNED;
    union name name;
    struct inode *dp = fetch_path(path, arg[0]) < 0 ? NULL : path_parent(path, &name);
    struct inode *ip = NULL;
    int error = -1;

    if (dp == NULL)
        return -1;
    if (fs_begin()) {
        inode_lock(dp);
        error = unlink_in(dp, &name, &ip);
        inode_unlock(dp);
        fs_end();
    }
    if (ip != NULL)
        inode_close(ip);
    inode_close(dp);
    return error;
}
