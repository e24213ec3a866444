/* SPDX-License-Identifier: BSD-3-Clause
 * Path names: from a string to an inode, one directory after the other. No two inodes are locked at
 * once, and none is locked when a reference is dropped. As that may free an inode, the caller is in no
 * transaction (see the lock order in inode.h).
 */
#include "fs/dir.h"
#include "fs/filedesc.h"
#include "lwkt/thread.h"

/*
 * Copy the next name of a path to `name` (longer names are cut), and return what follows it, without
 * leading slashes; NULL when there was no name.
 */
static const char *next_name(const char *path, union name *name)
{
    while (*path == '/')
        ++path;
    if (*path == '\0')
        return NULL;
    name->word[0] = name->word[1] = 0;
    char *to = name->de.name;
    for (; *path != '/' && *path != '\0'; ++path) {
        if (to < name->de.name + DIRSIZ)
            *to++ = *path;
    }
    while (*path == '/')
        ++path;
    return path;
}

struct inode *inode_root(void)
{
    return inode_get(ROOTINO);
}

/* Where a path starts: the root, referenced, or the directory of the process, on whose reference the
 * caller relies: only the process itself changes its directory. */
static struct inode *path_start(const char *path, bool *own)
{
    struct filedesc *fdp = curthread->td_filedesc;

    *own = *path == '/' || fdp == NULL;
    return *own ? inode_root() : fdp->fd_cwd;
}

/*
 * The inode of one name in dp, referenced, or NULL. The reference is taken while dp is locked;
 * otherwise the name could be removed in between, and its number be given to a new inode. The inode is
 * loaded after dp is unlocked, as that locks the inode, and the name may be "..".
 */
static struct inode *path_step(struct inode *dp, const union name *name)
{
    struct inode *ip = NULL;

    mutex_lock(&dp->i_lock);
    int64 inum = dp->i_type == T_DIR ? dir_lookup(dp, name) : 0;
    if (inum > 0)
        ip = inode_ref((uint32)inum);
    mutex_unlock(&dp->i_lock);
    return inode_load(ip);
}

/*
 * Follow the path to its end or, with `parent`, to the directory of its last name, with that name in
 * `name`. NULL: a name does not exist, or one on the way is no directory; with `parent` also: there is
 * no last name.
 */
static struct inode *path_walk(const char *path, bool parent, union name *name)
{
    bool own; /* ip is a reference of this function */
    struct inode *ip = path_start(path, &own);

    while (ip != NULL && (path = next_name(path, name)) != NULL) {
        if (parent && *path == '\0' && ip->i_type == T_DIR)
            return own ? ip : inode_dup(ip);
        struct inode *next = path_step(ip, name);
        if (own)
            inode_close(ip);
        ip = next;
        own = true;
    }
    if (ip != NULL && (parent || ip->i_type == 0)) {
        if (own)
            inode_close(ip);
        return NULL;
    }
    return ip == NULL || own ? ip : inode_dup(ip);
}

struct inode *path_parent(const char *path, union name *name)
{
    return path_walk(path, true, name);
}

struct inode *namei(const char *path)
{
    union name name;

    return path_walk(path, false, &name);
}
