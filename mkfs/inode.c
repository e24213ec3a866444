/* SPDX-License-Identifier: BSD-3-Clause
 * Reading inodes, directories and paths of an image in which everything but the superblock may be
 * corrupted.
 */
#include <string.h>

#include "mkfs/mkfs.h"

/* Check a pointer from the disk. Returns it if it is usable or 0 (a hole), else BAD_BLOCK. */
static uint32 checked(const struct image *img, uint32 b)
{
    if (b != 0 && (b < img->sb.datastart || b >= img->sb.size))
        return BAD_BLOCK;
    return b;
}

/* Entry i of a block of block numbers. */
static uint32 follow(const struct image *img, uint32 table, uint32 i)
{
    const uint32 *entry;

    if (table == 0 || table == BAD_BLOCK)
        return table;
    entry = image_block(img, table);
    return checked(img, entry[i]);
}

uint32 inode_block(const struct image *img, const struct dinode *ip, uint32 bn)
{
    if (bn < NDIRECT)
        return checked(img, ip->addrs[bn]);
    bn -= NDIRECT;
    if (bn < NINDIRECT)
        return follow(img, checked(img, ip->addrs[NDIRECT]), bn);
    bn -= (uint32)NINDIRECT;
    if (bn >= NDINDIRECT)
        return BAD_BLOCK;
    return follow(img, follow(img, checked(img, ip->addrs[NDIRECT + 1]), bn / NINDIRECT),
                  bn % NINDIRECT);
}

uint32 size_blocks(uint64 size)
{
    return (uint32)((size + BSIZE - 1) / BSIZE);
}

bool size_ok(uint64 size)
{
    return size <= MAXFILE * BSIZE;
}

bool dir_each(const struct image *img, const struct dinode *dir,
              bool (*fn)(void *arg, struct dirent *de, uint32 index), void *arg)
{
    uint32 total = size_ok(dir->size) ? (uint32)(dir->size / sizeof(struct dirent)) : 0;

    for (uint32 first = 0; first < total; first += DIRENTS) {
        uint32 b = inode_block(img, dir, first / DIRENTS);
        struct dirent *de;

        if (b == 0 || b == BAD_BLOCK)
            continue; /* a hole has no entries */
        de = image_block(img, b);
        for (uint32 i = 0; i < DIRENTS && first + i < total; i++)
            if (de[i].inum != 0 && fn(arg, &de[i], first + i))
                return true;
    }
    return false;
}

struct lookup {
    const char *name;
    uint32 inum;
};

static bool lookup_entry(void *arg, struct dirent *de, uint32 index)
{
    struct lookup *l = arg;

    (void)index;
    if (strncmp(de->name, l->name, DIRSIZ) != 0)
        return false;
    l->inum = de->inum;
    return true;
}

uint32 dir_lookup(const struct image *img, const struct dinode *dir, const char *name)
{
    struct lookup l = {.name = name, .inum = 0};

    if (strlen(name) > DIRSIZ)
        return 0;
    dir_each(img, dir, lookup_entry, &l);
    return l.inum < img->sb.ninodes ? l.inum : 0;
}

uint32 path_lookup(const struct image *img, const char *path)
{
    uint32 inum = ROOTINO;
    char name[DIRSIZ + 1];

    for (;;) {
        const struct dinode *ip = image_inode(img, inum);
        size_t n;

        path += strspn(path, "/");
        n = strcspn(path, "/");
        if (n == 0)
            return inum;
        if (n > DIRSIZ || ip->type != TYPE_DIR)
            return 0;
        memcpy(name, path, n);
        name[n] = '\0';
        inum = dir_lookup(img, ip, name);
        if (inum == 0 || image_inode(img, inum)->type == TYPE_FREE)
            return 0;
        path += n;
    }
}

const char *name_problem(const char *name, size_t n)
{
    if (n == 0)
        return "empty name";
    if (n > DIRSIZ)
        return "name longer than 14 bytes";
    if (memchr(name, '/', n) != NULL)
        return "name with a slash";
    for (size_t i = 0; i < n; i++)
        if ((uchar)name[i] < ' ' || name[i] == 0x7f)
            return "name with a control character";
    return NULL;
}

void dirent_name(const struct dirent *de, char *buf)
{
    memcpy(buf, de->name, DIRSIZ);
    buf[DIRSIZ] = '\0';
}
