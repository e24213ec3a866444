/* SPDX-License-Identifier: BSD-3-Clause
 * Checking directories, from the root down; then comparing what they say with the inodes: link counts,
 * and inodes that no directory names.
 */
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"
#include "mkfs/mkfs.h"

/* The directory that is being read. */
struct dircheck {
    struct check *c;
    uint32 inum;
    uint32 parent;
    uint32 *queue; /* directories still to read */
    uint32 *queue_parent;
    uint32 queued;
    struct dirent *names; /* its entries, for finding duplicates */
    uint32 nnames;
    uint32 maxnames;
};

static bool is_name(const struct dirent *de, const char *name)
{
    return strncmp(de->name, name, DIRSIZ) == 0;
}

/* The first two entries must be "." and "..", and no others. */
static void check_dots(struct dircheck *d, const struct dirent *de, uint32 index)
{
    uint32 want = index == 0 ? d->inum : d->parent;

    if (index > 1)
        finding(d->c, "directory %u: entry %u is a second \"%s\"", d->inum, index,
                is_name(de, ".") ? "." : "..");
    else if (!is_name(de, index == 0 ? "." : ".."))
        finding(d->c, "directory %u: entry %u is not \"%s\"", d->inum, index,
                index == 0 ? "." : "..");
    else if (de->inum != want)
        finding(d->c, "directory %u: \"%s\" is inode %u, not %u", d->inum, index == 0 ? "." : "..",
                de->inum, want);
}

static void check_name(struct dircheck *d, const struct dirent *de, uint32 index)
{
    size_t n = strnlen(de->name, DIRSIZ);
    const char *problem = name_problem(de->name, n);

    if (problem != NULL)
        finding(d->c, "directory %u: entry %u: %s", d->inum, index, problem);
    for (size_t i = n; i < DIRSIZ; i++)
        if (de->name[i] != '\0') {
            finding(d->c, "directory %u: entry %u: garbage after the name", d->inum, index);
            return;
        }
}

/* An entry's inode: count the link, and queue the inode if it is a directory itself. */
static void check_child(struct dircheck *d, const struct dirent *de, uint32 index)
{
    struct check *c = d->c;
    short type = image_inode(c->img, de->inum)->type;

    if (type < TYPE_DIR || type > TYPE_DEVICE) {
        finding(c, "directory %u: entry %u: inode %u is not in use", d->inum, index, de->inum);
        return;
    }
    ++c->links[de->inum];
    if (type == TYPE_DIR && c->reached[de->inum]) {
        finding(c, "directory %u: entry %u: directory %u has a second place here", d->inum, index,
                de->inum);
    } else if (type == TYPE_DIR) {
        ++c->links[d->inum]; /* the child's ".." */
        d->queue[d->queued] = de->inum;
        d->queue_parent[d->queued++] = d->inum;
    }
    c->reached[de->inum] = 1;
}

static void remember_name(struct dircheck *d, const struct dirent *de)
{
    if (d->nnames == d->maxnames) {
        struct dirent *more;

        d->maxnames = d->maxnames * 2 + 64;
        more = host_alloc(d->maxnames * sizeof *more);
        if (d->names != NULL)
            memcpy(more, d->names, d->nnames * sizeof *more);
        free(d->names);
        d->names = more;
    }
    d->names[d->nnames++] = *de;
}

/* For dir_each: check one entry that is in use. */
static bool check_entry(void *arg, struct dirent *de, uint32 index)
{
    struct dircheck *d = arg;

    if (index < 2 || is_name(de, ".") || is_name(de, "..")) {
        check_dots(d, de, index);
    } else if (de->inum >= d->c->img->sb.ninodes) {
        finding(d->c, "directory %u: entry %u: inode %u is out of range", d->inum, index, de->inum);
    } else {
        check_name(d, de, index);
        check_child(d, de, index);
        remember_name(d, de);
    }
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strncmp(((const struct dirent *)a)->name, ((const struct dirent *)b)->name, DIRSIZ);
}

static void check_duplicates(struct dircheck *d)
{
    if (d->nnames == 0)
        return;
    qsort(d->names, d->nnames, sizeof d->names[0], compare_names);
    for (uint32 i = 1; i < d->nnames; i++)
        if (compare_names(&d->names[i - 1], &d->names[i]) == 0)
            finding(d->c, "directory %u: two entries have the same name, for inodes %u and %u",
                    d->inum, d->names[i - 1].inum, d->names[i].inum);
}

/* For dir_each: true at entry `*index`, so dir_each() says whether there is such an entry. */
static bool is_entry(void *arg, struct dirent *de, uint32 index)
{
    (void)de;
    return index == *(uint32 *)arg;
}

static void check_dir(struct dircheck *d)
{
    const struct dinode *ip = image_inode(d->c->img, d->inum);

    d->nnames = 0;
    if (ip->size % sizeof(struct dirent) != 0)
        finding(d->c, "directory %u: size %lu is not a multiple of an entry's size", d->inum,
                ip->size);
    for (uint32 i = 0; i < 2; i++)
        if (!dir_each(d->c->img, ip, is_entry, &i))
            finding(d->c, "directory %u: \"%s\" is missing", d->inum, i == 0 ? "." : "..");
    dir_each(d->c->img, ip, check_entry, d);
    check_duplicates(d);
}

/* Compare what the directories say about an inode with what the inode itself says. */
static void check_links(struct check *c, uint32 inum)
{
    const struct dinode *ip = image_inode(c->img, inum);

    if (ip->type < TYPE_DIR || ip->type > TYPE_DEVICE)
        return;
    if (!c->reached[inum] && ip->nlink == 0)
        note("inode %u: deleted while it was open; the next mount frees its blocks", inum);
    else if (!c->reached[inum])
        finding(c, "inode %u: in use, but no directory names it", inum);
    else if (ip->nlink != (int)c->links[inum])
        finding(c, "inode %u: nlink is %d, but %u entries name it", inum, ip->nlink,
                c->links[inum]);
}

void check_directories(struct check *c)
{
    uint32 ninodes = c->img->sb.ninodes;
    struct dircheck d = {.c = c};

    if (image_inode(c->img, ROOTINO)->type != TYPE_DIR) {
        finding(c, "inode %u: the root is not a directory", ROOTINO);
        return;
    }
    d.queue = host_alloc(ninodes * sizeof d.queue[0]);
    d.queue_parent = host_alloc(ninodes * sizeof d.queue_parent[0]);
    d.queue[d.queued] = d.queue_parent[d.queued] = ROOTINO;
    d.queued++;
    c->reached[ROOTINO] = 1;
    c->links[ROOTINO] = 1; /* by convention: no directory above it names it */
    for (uint32 next = 0; next < d.queued; next++) {
        d.inum = d.queue[next];
        d.parent = d.queue_parent[next];
        check_dir(&d);
    }
    for (uint32 i = ROOTINO; i < ninodes; i++)
        check_links(c, i);
    free(d.queue);
    free(d.queue_parent);
    free(d.names);
}
