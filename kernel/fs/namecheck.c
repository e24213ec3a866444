/* SPDX-License-Identifier: BSD-3-Clause
 * A check of all names at mount, a part of fs_check (mountcheck.c): what directories say of inodes is
 * compared with what these say of themselves.
 *
 * The order of locks in inode.h, a directory before an inode that it names, is an order only in a tree.
 * If a directory were below itself, two processes could each hold one lock and wait for the other's,
 * for ever. And an inode with more names than it counts would be freed while one of them is left. So
 * each directory but the root has one name, its first two entries are "." and ".." and lead where they
 * should, and the number of names is what the inode says. An inode that has lost all its names does no
 * harm.
 *
 * It costs a read for each 256 names, and a few instructions for each. Without memory for its notes,
 * nothing is compared.
 */
#include "fs/inode.h"
#include "fs/alloc.h"
#include "fs/log.h"
#include "lib/string.h"
#include "mm/page.h"

#define MAXINODES 65536 /* what a dirent can name */
#define MANY 65535      /* more names than an inode can have */

/* What directories say of an inode. */
struct notes {
    ushort names;    /* entries, at most MANY; without "." and ".." */
    ushort children; /* directories that call it ".." */
    ushort parent;   /* a directory with such an entry */
    ushort dotdot;   /* a directory's own ".." */
};

#define PER_PAGE (BSIZE / sizeof(struct notes))

static struct notes *pages[MAXINODES / PER_PAGE];
static bool no_memory;

static struct notes *notes_of(uint32 inum)
{
    struct notes **page = &pages[inum / PER_PAGE];

    if (*page == NULL)
        *page = page_zalloc();
    no_memory |= *page == NULL;
    return *page != NULL ? &(*page)[inum % PER_PAGE] : NULL;
}

static void count(ushort *counter)
{
    if (*counter < MANY)
        ++*counter;
}

/* Note one entry of a directory, whose own notes are `self`. False: it can't be right. */
static bool note_entry(uint32 dir, struct notes *self, const struct dinode *di, uint64 index,
                       const struct dirent *de)
{
    static const char *const dots[] = {".", ".."};
    bool is_dot = index < 2;

    if (is_dot && (de->inum == 0 || strncmp(de->name, dots[index], DIRSIZ) != 0))
        return false;
    if (index == 0)
        return de->inum == dir;
    if (de->inum == 0)
        return true;
    struct notes *notes = de->inum < superblock.ninodes ? notes_of(de->inum) : NULL;
    if (notes == NULL)
        return no_memory;
    if (!is_dot) {
        count(&notes->names);
        notes->parent = (ushort)dir;
    } else {
        self->dotdot = de->inum;
        if (dir != ROOTINO && di->nlink > 0)
            count(&notes->children);
    }
    return true;
}

/* Note the entries in one block of a directory. False: one can't be right, or the block can't be
 * read. */
static bool note_block(uint32 dir, struct notes *self, const struct dinode *di, uint32 block,
                       uint64 index)
{
    struct buf *b = buf_read(block);
    bool good = b != NULL;
    uint64 end = di->size / sizeof(struct dirent);

    for (uint64 i = 0; good && i < BSIZE / sizeof(struct dirent) && index + i < end; ++i)
        good = note_entry(dir, self, di, index + i, (const struct dirent *)b->b_data + i);
    if (b != NULL)
        buf_release(b);
    return good;
}

bool names_note(uint32 dir, const struct dinode *di)
{
    struct inode inode; /* what bmap needs of one */
    struct notes *self = notes_of(dir);
    bool good = di->size >= 2 * sizeof(struct dirent) && di->addrs[0] != 0;

    addrs_copy(inode.i_addrs, di->addrs);
    for (uint64 off = 0; good && self != NULL && off < di->size; off += BSIZE) {
        int64 block = bmap(&inode, off / BSIZE);
        good = block == 0 ||
               (block > 0 && note_block(dir, self, di, (uint32)block, off / sizeof(struct dirent)));
    }
    if (!good)
        log_stop("damaged: entries of directory %u", dir);
    return good;
}

bool names_noted(uint32 first)
{
    const struct notes *notes = pages[first / PER_PAGE];
    uint32 names = first <= ROOTINO;

    for (uint32 i = 0; notes != NULL && i < IPB; ++i)
        names |= notes[first % PER_PAGE + i].names;
    return names != 0;
}

bool names_compare(uint32 inum, const struct dinode *di)
{
    const struct notes *notes = notes_of(inum);
    bool root = inum == ROOTINO;

    if (no_memory || (notes->names == 0 && !root))
        return true;
    bool good = notes->names + notes->children + root == di->nlink;
    if (di->type == T_DIR && root)
        good = good && notes->names == 0 && notes->dotdot == ROOTINO;
    else if (di->type == T_DIR)
        good = good && notes->names == 1 && notes->dotdot == notes->parent;
    if (di->type == 0 || !good)
        log_stop("damaged: names of inode %u", inum);
    return di->type != 0 && good;
}

void names_free(void)
{
    for (uint32 i = 0; i < MAXINODES / PER_PAGE; ++i)
        if (pages[i] != NULL)
            page_unref(pages[i]);
}
