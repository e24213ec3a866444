/* SPDX-License-Identifier: BSD-3-Clause
 * Inodes in memory, for the files of fs/ alone. The functions for other layers are in vfs.h.
 *
 * Lock order, over all of the file system:
 *   0. an i_append, which is held from one transaction to the next
 *   1. a transaction (fs_begin), before any other lock
 *   2. a directory's i_lock, then that of an inode which it names (never the other way: of "." and
 *      ".." only a reference is taken under the lock, which takes none)
 *   3. buffers: a file's tables and data, then the bitmap; a block of inodes, alone
 *   4. mutex of the pool of buffers; then spin locks (hash buckets, log), which are leaves
 * inode_close() may have to free an inode, in transactions of its own, so it is called in none.
 */
#ifndef FS_INODE_H
#define FS_INODE_H

#include <stddef.h>

#include "fs/buf.h"
#include "fs/vfs.h"
#include "lib/atomic.h"

struct dirindex;

struct inode {
    struct list i_hash;    /* chain of its bucket: bucket lock */
    uint32 i_inum;         /* constant */
    uint32 i_ref;          /* users: bucket lock */
    uint32 i_used;         /* 1: used since the last search for an idle one: bucket lock */
    uint32 i_loaded;       /* 1: the fields below were read from the disk: publish under i_lock */
    struct mutex i_append; /* held over a write with O_APPEND, which takes i_lock several times */
    struct mutex i_lock;   /* guards what follows, and the file's content */
    short i_type;          /* T_*, or 0: it was freed. Constant while the file exists */
    short i_major, i_minor;
    short i_nlink;
    uint64 i_size;
    uint32 i_addrs[NDIRECT + 2];
    struct dirindex *i_index; /* directories: see dir.c; NULL: not built */
};

/* Copy the block numbers of an inode. They lie at multiples of 8 bytes on the disk and in memory, so
 * the compiler copies seven words, without a call. */
static inline void addrs_copy(uint32 *to, const uint32 *from)
{
    __builtin_memcpy(__builtin_assume_aligned(to, 8), __builtin_assume_aligned(from, 8),
                     (NDIRECT + 2) * sizeof(*to));
}
_Static_assert(offsetof(struct inode, i_addrs) % 8 == 0 && offsetof(struct dinode, addrs) % 8 == 0,
               "addrs_copy");

/* itable.c */
void inode_init(void);
/* The inode of that number, referenced; its fields may not be loaded yet. Takes no lock whose waiters
 * sleep, so it may be called with any inode locked. NULL: no such number, or memory is out. */
struct inode *inode_ref(uint32 inum);
/* Load a referenced inode's fields if they are not loaded: returns ip. After an I/O error it drops the
 * reference and returns NULL; ip may be NULL, too. No inode may be locked. / inode_ref and
 * inode_load. */
struct inode *inode_load_new(struct inode *ip);
static inline struct inode *inode_load(struct inode *ip)
{
    if (ip == NULL || consume(&ip->i_loaded) != 0) /* pairs with the publish in load_locked */
        return ip;
    return inode_load_new(ip);
}
struct inode *inode_get(uint32 inum);
/* An inode that the caller's locked directory names (not as ".." or "."): referenced, loaded and
 * locked. NULL: I/O error, or memory is out. */
struct inode *inode_lock_child(uint32 inum);
/* Free the memory of idle inodes. */
void inode_reclaim(void);

/* ialloc.c */
/* The buffer with an inode, locked, and a pointer to the inode in it; NULL: I/O error. */
struct buf *dinode_read(uint32 inum, struct dinode **dip);
/* Write the locked inode's fields to its block. Inside a transaction. An I/O error stops the log
 * (log_stop), as the transaction may have changed other blocks already. */
void inode_update(struct inode *ip);
/* A new inode, nlink 1, empty, referenced and locked, for the directory that the caller has locked;
 * inside a transaction. A caller that gives it no name sets nlink to 0. NULL: all inodes are in use, or
 * memory is out. */
struct inode *inode_alloc(short type, short major, short minor);
/* Find out which numbers are in use, and free the inodes that a crash has left without a name, with
 * their blocks. Mount only. */
void inode_scan(void);

/* Whether the disk's inode can be one in use: its type, size and number of names make sense. */
bool dinode_ok(const struct dinode *di);

/* mountcheck.c. Check what all inodes refer to. Mount only. */
void fs_check(void);
/* namecheck.c, for mountcheck.c. Note what a directory, whose blocks are right, says of other inodes. /
 * After all directories: whether one of the inodes of a block, whose first number is given, is the root
 * or has a name. / Compare what directories say of an inode with what it says itself. This and
 * names_note return false after they have found damage and said so (log_stop). / Forget the notes. */
bool names_note(uint32 dir, const struct dinode *di);
bool names_noted(uint32 first);
bool names_compare(uint32 inum, const struct dinode *di);
void names_free(void);

/* bmap.c */
/* The disk block of the locked inode's block bn < MAXFILE; 0: a hole; -1: I/O error. */
int64 bmap(struct inode *ip, uint64 bn);
/* The same for up to n > 0 blocks from bn on, with one look at the tables: how many, at least 1; -1. */
int bmap_run(struct inode *ip, uint64 bn, uint32 *blocks, int n);
/* As bmap, but it allocates a block for a hole; *fresh says whether it did, and the content is
 * arbitrary then. Inside a transaction. -1 also when the disk is full. The inode's fields may
 * change. */
int64 bmap_alloc(struct inode *ip, uint64 bn, bool *fresh);
/* Free blocks beyond the end of the file, as many as fit into a transaction. True: none is left. Inside
 * a transaction, with the inode locked; inode_update follows. Modifies at most 9 blocks. */
bool inode_trim(struct inode *ip);

/* rw.c: locked inodes. These return the bytes done, or -1 if there was an error before the first. */
/* Read to, and write from, user addresses of the calling process or kernel addresses. Reads end at
 * the end of the file. A write must start at or before it; inside a transaction, with all of it in
 * WRITE_BLOCKS blocks. */
int64 inode_readi(struct inode *ip, bool user, uint64 dst, uint64 off, uint64 n);
int64 inode_writei(struct inode *ip, bool user, uint64 src, uint64 off, uint64 n);

/* Blocks that one write touches at most. With as many blocks of the bitmap, 3 tables, as many blocks of
 * the bitmap for these, and the inode, that makes 2 * 8 + 3 + 3 + 1 = 23, within MAXOPBLOCKS. */
#define WRITE_BLOCKS 8

#endif
