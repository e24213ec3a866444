/* SPDX-License-Identifier: BSD-3-Clause
 * The file system on disk: shared by the kernel, mkfs and user programs that read directories. All
 * numbers are little-endian.
 *
 *   block 0      unused (boot block)
 *   block 1      superblock
 *   then         log: a header block and nlog - 1 data blocks
 *   then         inodes
 *   then         free bitmap, a bit per block of the whole image (1: in use)
 *   then         data blocks
 */
#ifndef KERNEL_FS_H
#define KERNEL_FS_H

#include "kernel/types.h"

#define ROOTINO 1  /* root directory; inode 0 means none */
#define BSIZE 4096 /* bytes of a block: a page */

#define FSMAGIC 0x706d796eU /* "nymp" */
#define FSVERSION 1

struct superblock {
    uint32 magic;      /* FSMAGIC */
    uint32 version;    /* FSVERSION */
    uint32 size;       /* blocks of the image */
    uint32 ninodes;    /* inodes, number 0 included */
    uint32 nlog;       /* blocks of the log, header included */
    uint32 logstart;   /* first block of the log */
    uint32 inodestart; /* first block of inodes */
    uint32 bmapstart;  /* first block of the bitmap */
    uint32 datastart;  /* first data block */
};

/*
 * The log's header. A commit writes the data blocks, then this with n > 0, then the blocks in their
 * places, then this with n = 0. sum guards against a torn header: it is the FNV-1a hash, 64 bits, of n,
 * seq and the n block numbers (as little-endian 32-bit words). A header whose sum is wrong counts as
 * n = 0.
 */
#define LOGMAX 1000 /* blocks that one commit can name */
struct logheader {
    uint32 n;   /* blocks in this commit; 0: nothing to replay */
    uint32 seq; /* commit number */
    uint64 sum;
    uint32 block[LOGMAX]; /* where each data block of the log belongs */
};

#define NDIRECT 12
#define NINDIRECT (BSIZE / sizeof(uint32))
#define NDINDIRECT (NINDIRECT * NINDIRECT)
#define MAXFILE 65536UL /* blocks of a file, at most: 256 MiB */

/* An inode on disk, 128 bytes. Block numbers: 0 is a hole, which reads as zeros. */
struct dinode {
    short type;  /* 0: free; else T_* of stat.h */
    short major; /* T_DEVICE: device numbers */
    short minor;
    short nlink; /* directory entries that name it */
    uint64 size; /* bytes */
    /* direct blocks, then one block of block numbers, then one of blocks of block numbers */
    uint32 addrs[NDIRECT + 2];
    uint32 unused[14];
};

#define IPB (BSIZE / sizeof(struct dinode))
#define IBLOCK(i, sb) ((i) / IPB + (sb).inodestart)
#define BPB (BSIZE * 8)
#define BBLOCK(b, sb) ((b) / BPB + (sb).bmapstart)

/* A directory is a file of these; inum 0: a free slot. The first two are "." and "..". */
#define DIRSIZ 14
struct dirent {
    ushort inum;
    char name[DIRSIZ]; /* NUL-padded; no NUL when it is 14 bytes long */
};

#endif
