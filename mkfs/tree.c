/* SPDX-License-Identifier: BSD-3-Clause
 * Listing an image's files, and copying them out of it.
 *
 * The image may be damaged. Listing shows what it can, and says on stderr what it left out. Extracting
 * stops at the first damage, so that what it has made can be trusted. A name from the image never leads
 * out of the directory that is being made: name_problem() and the test for "." and ".." ensure that.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"
#include "mkfs/mkfs.h"

#define WALK_PATH 4096

/* A walk through a tree. Parents come before their children. */
struct walk {
    const struct image *img;
    bool strict; /* die on damage instead of leaving it out */
    void (*visit)(struct walk *w, uint32 inum, const struct dinode *ip);
    uint8 *seen;          /* directories that have been entered: a tree has no loops */
    size_t len;           /* of path */
    char path[WALK_PATH]; /* of the current inode, from where the walk began */
};

static const char *const type_names[] = {"free", "dir", "file", "device"};

static void damage(const struct walk *w, const char *what)
{
    if (w->strict)
        die("%s: %s: %s (mkfs -c tells more)", w->img->path, w->path, what);
    fprintf(stderr, "mkfs: %s: %s: %s\n", w->img->path, w->path, what);
}

/* Why inode inum cannot be entered, or NULL. */
static const char *child_problem(const struct walk *w, uint32 inum)
{
    const struct dinode *ip;

    if (inum >= w->img->sb.ninodes)
        return "inode number out of range";
    ip = image_inode(w->img, inum);
    if (ip->type < TYPE_DIR || ip->type > TYPE_DEVICE)
        return "not a valid inode";
    if (ip->type == TYPE_DIR && w->seen[inum])
        return "directory in a second place";
    if (!size_ok(ip->size))
        return "size out of range";
    return NULL;
}

static void walk_inode(struct walk *w, uint32 inum);

/* For dir_each: add the name to the path, go there, and remove the name again. */
static bool walk_entry(void *arg, struct dirent *de, uint32 index)
{
    struct walk *w = arg;
    size_t len = w->len;
    char name[DIRSIZ + 1];
    const char *problem;

    (void)index;
    dirent_name(de, name);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return false;
    problem = name_problem(name, strlen(name));
    if (problem != NULL || len + 1 + strlen(name) >= sizeof w->path) {
        damage(w, problem != NULL ? problem : "path too long");
        return false;
    }
    w->len += (size_t)sprintf(w->path + len, "%s%s", len != 0 ? "/" : "", name);
    problem = child_problem(w, de->inum);
    if (problem != NULL)
        damage(w, problem);
    else
        walk_inode(w, de->inum);
    w->len = len;
    w->path[len] = '\0';
    return false;
}

/* Visit an inode that child_problem() has accepted, and everything below it. */
static void walk_inode(struct walk *w, uint32 inum)
{
    const struct dinode *ip = image_inode(w->img, inum);

    w->visit(w, inum, ip);
    if (ip->type == TYPE_DIR) {
        w->seen[inum] = 1;
        dir_each(w->img, ip, walk_entry, w);
    }
}

/* Visit everything from inode `top` on; `path` is shown as its name. */
static void walk_from(struct walk *w, uint32 top, const char *path)
{
    const char *problem;

    w->len = (size_t)snprintf(w->path, sizeof w->path, "%s", path);
    if (w->len >= sizeof w->path)
        die("%.40s...: path name too long", path);
    w->seen = host_alloc(w->img->sb.ninodes);
    problem = child_problem(w, top);
    if (problem != NULL)
        die("%s: %s: %s", w->img->path, path, problem);
    walk_inode(w, top);
    free(w->seen);
}

/* The inode of the path on the command line. */
static uint32 find(const struct image *img, const char *what)
{
    uint32 inum = path_lookup(img, what);

    if (inum == 0)
        die("%s: no such file in the image: %s", img->path, what);
    return inum;
}

static void list_one(struct walk *w, uint32 inum, const struct dinode *ip)
{
    printf("%-6s %5u %3d %10lu %s\n", type_names[ip->type], inum, ip->nlink, ip->size,
           w->len != 0 ? w->path : "/");
}

void list_image(const char *path, const char *what)
{
    struct image img;
    struct walk w = {.img = &img, .visit = list_one};

    image_open_replayed(&img, path);
    while (*what == '/')
        what++;
    walk_from(&w, find(&img, what), what);
}

/* Write a file's content to the file that is being made. */
static void copy_content(struct walk *w, const struct dinode *ip)
{
    for (uint32 bn = 0; bn < size_blocks(ip->size); bn++) {
        uint64 off = (uint64)bn * BSIZE;
        uint32 b = inode_block(w->img, ip, bn);

        if (b == BAD_BLOCK)
            damage(w, "block number out of range");
        else if (b != 0)
            host_write(image_block(w->img, b), ip->size - off < BSIZE ? ip->size - off : BSIZE,
                       off);
    }
}

/* Make one file or directory below the directory that is being made. At the visit of that directory
 * itself, where the path is empty, there is nothing to do. */
static void extract_one(struct walk *w, uint32 inum, const struct dinode *ip)
{
    (void)inum;
    if (ip->type == TYPE_DEVICE) {
        fprintf(stderr, "mkfs: %s: left out: a device\n", w->path);
    } else if (ip->type == TYPE_FILE) {
        host_open_sub(w->path);
        copy_content(w, ip);
        host_close_sub(ip->size);
    } else if (w->len != 0) {
        host_mkdir_sub(w->path);
    }
}

/* The last part of a path in the image. Dies when there is none. */
static const char *last_part(const char *what)
{
    const char *slash = strrchr(what, '/');
    const char *name = slash != NULL ? slash + 1 : what;

    if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        die("%s: say what to call it on the host", what);
    return name;
}

void extract_image(const char *path, const char *what, const char *out)
{
    struct image img;
    struct walk w = {.img = &img, .strict = true, .visit = extract_one};
    const struct dinode *ip;
    uint32 inum;

    image_open_replayed(&img, path);
    inum = find(&img, what);
    ip = image_inode(&img, inum);
    if (out == NULL)
        out = last_part(what);
    if (ip->type == TYPE_DIR) {
        host_begin_dir(out);
        walk_from(&w, inum, "");
        host_end_dir();
    } else if (ip->type == TYPE_FILE && size_ok(ip->size)) {
        snprintf(w.path, sizeof w.path, "%s", what);
        host_begin_file(out);
        copy_content(&w, ip);
        host_end_file(ip->size);
    } else {
        die("%s: %s: neither a file nor a directory", path, what);
    }
}
