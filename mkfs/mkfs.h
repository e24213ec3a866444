/* SPDX-License-Identifier: BSD-3-Clause
 * mkfs: makes, checks, lists and reads Nymph's file-system images on the host. kernel/fs.h describes
 * the format; this header has what the parts of the tool share.
 *
 *   main.c    command line                 host.c   files of the host (host.h)
 *   image.c   an image: superblock, log    inode.c  reading inodes and directories
 *   make.c    building an image            tree.c   listing and extracting
 *   check.c   checking blocks and inodes   checkdir.c  checking directories and link counts
 *
 * An image that is read may contain anything: nothing in it is used as an index, a length or a name
 * before it has been checked. The host must be little-endian, as the format is.
 */
#ifndef MKFS_H
#define MKFS_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/types.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "images are little-endian");
_Static_assert(sizeof(uint64) == 8 && sizeof(struct dinode) == 128 && sizeof(struct dirent) == 16,
               "on-disk layouts");

/* File types, as in kernel/stat.h, which cannot be included together with the host's stat.h. */
enum { TYPE_FREE = 0, TYPE_DIR = 1, TYPE_FILE = 2, TYPE_DEVICE = 3 };

#define MAX_IMAGE_BLOCKS (1u << 22) /* 16 GiB; larger ones are surely a mistake */
#define MAX_INODES 65536u           /* directory entries hold 16 bits */
#define DIRENTS (BSIZE / sizeof(struct dirent))

struct image {
    const char *path;
    uint8 *data;    /* all blocks; private to this process */
    uint64 nblocks; /* whole blocks in data; >= sb.size once that has been checked */
    struct superblock sb;
};

/* --- image.c --- */

/* Block b < nblocks. */
void *image_block(const struct image *img, uint32 b);
/* Inode i < sb.ninodes. */
struct dinode *image_inode(const struct image *img, uint32 i);
/* Why sb is wrong for an image of nblocks blocks (a text in buf), or NULL. */
const char *superblock_problem(const struct superblock *sb, uint64 nblocks, char *buf, size_t len);
/* Read an image and its superblock. Dies when it is not an image. Does not replay the log. */
void image_open(struct image *img, const char *path);
/* FNV-1a hash of a log header's n, seq and block numbers; n <= LOGMAX. */
uint64 log_sum(const struct logheader *h);

enum log_state { LOG_EMPTY, LOG_TORN, LOG_REPLAYED, LOG_BAD };
/* Replay a committed log, in memory. LOG_BAD: that is impossible, for the reason in buf. */
enum log_state log_replay(struct image *img, char *buf, size_t len);
/* image_open and log_replay, with a message on stderr. Dies when the log is bad. */
void image_open_replayed(struct image *img, const char *path);

/* --- inode.c: safe for any image whose superblock has been checked --- */

#define BAD_BLOCK 0xffffffffu
/* Block bn of an inode: 0 for a hole, BAD_BLOCK when a pointer on the way is out of range. */
uint32 inode_block(const struct image *img, const struct dinode *ip, uint32 bn);
/* The number of blocks that size bytes need. */
uint32 size_blocks(uint64 size);
/* True when a file can have this size. */
bool size_ok(uint64 size);
/* Call fn(arg, entry, index) for each entry in use, in order, until fn returns true. Returns whether it
 * did. Unreadable blocks are skipped. */
bool dir_each(const struct image *img, const struct dinode *dir,
              bool (*fn)(void *arg, struct dirent *de, uint32 index), void *arg);
/* Inode of `name` in a directory, or 0. */
uint32 dir_lookup(const struct image *img, const struct dinode *dir, const char *name);
/* Inode of a path from the root, or 0. */
uint32 path_lookup(const struct image *img, const char *path);
/* Why a name of n bytes may not be in a directory, or NULL. */
const char *name_problem(const char *name, size_t n);
/* An entry's name as a string; buf has DIRSIZ + 1 bytes. */
void dirent_name(const struct dirent *de, char *buf);

/* --- the commands; each dies on errors --- */

void make_image(const char *path, uint32 nblocks, char **files, int nfiles);
/* Number of findings. */
uint64 check_image(const char *path);
void list_image(const char *path, const char *what);
void extract_image(const char *path, const char *what, const char *out);

/* --- check.c, for checkdir.c --- */

struct check {
    struct image *img;
    uint32 *owner;  /* of each block: 0 none, else inode number */
    uint32 *links;  /* of each inode: directory entries that count for nlink */
    uint8 *reached; /* inode: seen from the root */
    uint64 findings;
};

/* Report a finding / something worth knowing that is not wrong. */
void finding(struct check *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void check_directories(struct check *c);

#endif
