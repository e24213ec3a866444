/*
 * Path names: from a string to an inode, a directory at a time. No two inodes are locked at once,
 * and none is locked when a reference is given up, which may end an inode: so the caller is in no
 * transaction (see the lock order in inode.h).
 */
#include "fs/dir.h"
#include "fs/filedesc.h"
#include "lib/string.h"
#include "lwkt/thread.h"

/*
 * Copy the next name of a path to `name` (DIRSIZ bytes, NUL-padded; longer names are cut), and
 * return what follows it, without leading slashes; NULL when there was no name.
 */
static const char *next_name(const char *path, char *name)
{
    while (*path == '/')
        ++path;
    if (*path == '\0')
        return NULL;
    int n = 0;
    for (; *path != '/' && *path != '\0'; ++path) {
        if (n < DIRSIZ)
            name[n++] = *path;
    }
    while (n < DIRSIZ)
        name[n++] = '\0';
    while (*path == '/')
        ++path;
    return path;
}

struct inode *inode_root(void)
{
    return inode_get(ROOTINO);
}

/* Where a path starts, referenced: the root, or the directory of the process. */
static struct inode *path_start(const char *path)
{
    struct filedesc *fdp = curthread->td_filedesc;

    if (*path == '/' || fdp == NULL)
        return inode_root();
    return inode_dup(fdp->fd_cwd);
}

/*
 * The inode of one name in dp, referenced, or NULL. The reference is taken while dp is locked, so that
 * the name cannot go, and the number get a new life, in between. The inode is loaded afterwards: that
 * locks it, and the name may be "..".
 */
static struct inode *step(struct inode *dp, const char *name)
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
 * Walk the path to its end, or, for `parent`, to the directory of its last name, with that name in
 * `name`. NULL: a name is not there, or is no directory on the way; for `parent` also: no last
 * name.
 */
static struct inode *walk(const char *path, bool parent, char *name)
{
    struct inode *ip = path_start(path);

    while (ip != NULL && (path = next_name(path, name)) != NULL) {
        if (parent && *path == '\0' && ip->i_type == T_DIR)
            return ip;
        struct inode *next = step(ip, name);
        inode_close(ip);
        ip = next;
    }
    if (ip != NULL && (parent || ip->i_type == 0)) {
        inode_close(ip);
        return NULL;
    }
    return ip;
}

struct inode *path_parent(const char *path, char *name)
{
    return walk(path, true, name);
}

struct inode *namei(const char *path)
{
    char name[DIRSIZ];

    return walk(path, false, name);
}
