/* SPDX-License-Identifier: BSD-3-Clause
 * Building an image from files of the host. It is built in memory and written when everything has gone
 * well. The same files in the same order give the same bytes: blocks and inodes are allocated in order,
 * and no times or owners are stored.
 */
#include <stdlib.h>
#include <string.h>

#include "mkfs/host.h"
#include "mkfs/mkfs.h"

#define MIN_INODES 256u
#define BLOCKS_PER_INODE 8u /* the image has one inode for so many blocks */

struct maker {
    struct image img;
    uint32 next_inode;
    uint32 next_block;
    const char *now; /* the file that is being added, for messages */
};

/* Lay out an image of `size` blocks. */
static struct superblock layout(uint32 size)
{
    uint32 ninodes = size / BLOCKS_PER_INODE;
    struct superblock sb = {.magic = FSMAGIC, .version = FSVERSION, .size = size};

    if (ninodes < MIN_INODES)
        ninodes = MIN_INODES;
    if (ninodes > MAX_INODES)
        ninodes = MAX_INODES;
    sb.ninodes = (uint32)(ninodes / IPB * IPB);
    sb.nlog = LOGBLOCKS + 1;
    sb.logstart = 2;
    sb.inodestart = sb.logstart + sb.nlog;
    sb.bmapstart = sb.inodestart + (uint32)(sb.ninodes / IPB);
    sb.datastart = sb.bmapstart + (size + BPB - 1) / BPB;
    return sb;
}

/* A new data block, zeroed. */
static uint32 new_block(struct maker *m)
{
    if (m->next_block == m->img.sb.size)
        die("%s: no space left: the image has %u blocks (-s)", m->now, m->img.sb.size);
    return m->next_block++;
}

static uint32 new_inode(struct maker *m, short type)
{
    struct dinode *ip;

    if (m->next_inode == m->img.sb.ninodes)
        die("%s: no inodes left: the image has %u", m->now, m->img.sb.ninodes);
    ip = image_inode(&m->img, m->next_inode);
    ip->type = type;
    return m->next_inode++;
}

/* The block that *slot names; a new one if it names none. */
static uint32 slot_block(struct maker *m, uint32 *slot)
{
    if (*slot == 0)
        *slot = new_block(m);
    return *slot;
}

/* Block bn of an inode. It is made if it is missing, and so are the tables on the way to it. */
static void *make_block(struct maker *m, struct dinode *ip, uint32 bn)
{
    uint32 *table;

    if (bn < NDIRECT)
        return image_block(&m->img, slot_block(m, &ip->addrs[bn]));
    bn -= NDIRECT;
    if (bn < NINDIRECT) {
        table = image_block(&m->img, slot_block(m, &ip->addrs[NDIRECT]));
        return image_block(&m->img, slot_block(m, &table[bn]));
    }
    bn -= (uint32)NINDIRECT;
    table = image_block(&m->img, slot_block(m, &ip->addrs[NDIRECT + 1]));
    table = image_block(&m->img, slot_block(m, &table[bn / NINDIRECT]));
    return image_block(&m->img, slot_block(m, &table[bn % NINDIRECT]));
}

static void add_entry(struct maker *m, uint32 dir, const char *name, uint32 inum)
{
    struct dinode *dp = image_inode(&m->img, dir);
    struct dirent *de = make_block(m, dp, (uint32)(dp->size / BSIZE));

    de += dp->size % BSIZE / sizeof *de;
    de->inum = (ushort)inum;
    memcpy(de->name, name, strnlen(name, DIRSIZ));
    dp->size += sizeof *de;
}

/* Make a directory with its first two entries. nlink counts its name and each child's "..", but neither
 * its own "." nor the root's "..". */
static uint32 new_dir(struct maker *m, uint32 parent)
{
    uint32 dir = new_inode(m, TYPE_DIR);

    add_entry(m, dir, ".", dir);
    add_entry(m, dir, "..", parent != 0 ? parent : dir);
    image_inode(&m->img, dir)->nlink = 1;
    return dir;
}

/* The directory that `name` is to be in; directories that are missing are made. *base becomes the last
 * part of the name. */
static uint32 parent_dir(struct maker *m, const char *name, const char **base)
{
    uint32 dir = ROOTINO;
    const char *slash;

    for (; (slash = strchr(name, '/')) != NULL; name = slash + 1) {
        char part[DIRSIZ + 1] = "";
        const char *problem = name_problem(name, (size_t)(slash - name));
        uint32 next;

        if (problem != NULL)
            die("%s: %s", m->now, problem);
        memcpy(part, name, (size_t)(slash - name));
        next = dir_lookup(&m->img, image_inode(&m->img, dir), part);
        if (next == 0) {
            next = new_dir(m, dir);
            add_entry(m, dir, part, next);
            ++image_inode(&m->img, dir)->nlink;
        } else if (image_inode(&m->img, next)->type != TYPE_DIR) {
            die("%s: %s is a file already", m->now, part);
        }
        dir = next;
    }
    *base = name;
    return dir;
}

static bool all_zero(const uint8 *p, uint64 n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* Copy content into a new inode. Blocks of zeros become holes. */
static uint32 new_file(struct maker *m, const uint8 *content, uint64 len)
{
    uint32 inum = new_inode(m, TYPE_FILE);
    struct dinode *ip = image_inode(&m->img, inum);

    ip->nlink = 1;
    ip->size = len;
    for (uint64 off = 0; off < len; off += BSIZE) {
        uint64 n = len - off < BSIZE ? len - off : BSIZE;

        if (!all_zero(content + off, n))
            memcpy(make_block(m, ip, (uint32)(off / BSIZE)), content + off, n);
    }
    return inum;
}

/* A file's name in the image when the command line does not give one: its name without the path, and
 * without the underscore by which xv6 tells its programs from the host's. */
static const char *default_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    return name[0] == '_' ? name + 1 : name;
}

/* Split PATH or NAME=PATH. Stores the name in the image in name[MAXPATH]; returns the host's path. */
static const char *split_arg(const char *arg, char *name)
{
    const char *equals = strchr(arg, '=');
    const char *from = equals != NULL ? arg : default_name(arg);
    size_t n = equals != NULL ? (size_t)(equals - arg) : strlen(from);

    if (n >= MAXPATH)
        die("%s: path name longer than %d bytes", arg, MAXPATH - 1);
    memcpy(name, from, n);
    name[n] = '\0';
    return equals != NULL ? equals + 1 : arg;
}

/* Add PATH or NAME=PATH. */
static void add_file(struct maker *m, const char *arg)
{
    char name[MAXPATH];
    const char *path = split_arg(arg, name);
    const char *base, *problem;
    uint8 *content;
    uint64 len;
    uint32 dir;

    m->now = arg;
    content = host_map(path, &len);
    if (!size_ok(len))
        die("%s: too large: %lu bytes; a file can have %lu", path, len, MAXFILE * BSIZE);
    dir = parent_dir(m, name, &base);
    problem = name_problem(base, strlen(base));
    if (problem != NULL)
        die("%s: %s", arg, problem);
    if (dir_lookup(&m->img, image_inode(&m->img, dir), base) != 0)
        die("%s: %s is in the image already", arg, name);
    add_entry(m, dir, base, new_file(m, content, len));
}

/* Blocks are allocated in order, so those before next_block are in use. */
static void fill_bitmap(struct maker *m)
{
    for (uint32 b = 0; b < m->next_block; b++) {
        uint8 *bits = image_block(&m->img, BBLOCK(b, m->img.sb));

        bits[b % BPB / 8] |= (uint8)(1u << (b % 8));
    }
}

static void write_image(const struct image *img)
{
    host_begin_file(img->path);
    for (uint32 b = 0; b < img->sb.size; b++)
        if (!all_zero(image_block(img, b), BSIZE))
            host_write(image_block(img, b), BSIZE, (uint64)b * BSIZE);
    host_end_file((uint64)img->sb.size * BSIZE);
}

void make_image(const char *path, uint32 nblocks, char **files, int nfiles)
{
    struct superblock sb = layout(nblocks);
    struct maker m = {.img = {.path = path, .nblocks = nblocks, .sb = sb},
                      .next_inode = ROOTINO,
                      .next_block = sb.datastart,
                      .now = path};
    char buf[128];
    const char *problem = superblock_problem(&sb, nblocks, buf, sizeof buf);
    struct logheader *log;

    if (problem != NULL)
        die("%s: an image of %u blocks: %s", path, nblocks, problem);
    m.img.data = host_alloc((uint64)nblocks * BSIZE);
    memcpy(image_block(&m.img, 1), &sb, sizeof sb);
    log = image_block(&m.img, sb.logstart);
    log->sum = log_sum(log);
    new_dir(&m, 0);
    for (int i = 0; i < nfiles; i++)
        add_file(&m, files[i]);
    fill_bitmap(&m);
    write_image(&m.img);
    free(m.img.data);
}
