/* SPDX-License-Identifier: BSD-3-Clause
 * The log on the disk: how a commit writes its blocks and its header, and what a mount does with the
 * header that it finds. See log.c.
 */
#include "fs/log.h"

#include "lib/assert.h"
#include "mm/page.h"
#include "mm/turn.h"

#define TURN_BLOCKS 8 /* blocks written between two turns for other threads */

uint32 log_sort(struct buf **bufs, uint32 n)
{
    uint32 logged = 0;

    for (uint32 i = 0; i < n; ++i) {
        struct buf *b = bufs[i];
        b->b_slot = -1;
        b->b_frozen = b->b_data;
        if (!b->b_new) {
            bufs[i] = bufs[logged];
            bufs[logged++] = b;
        }
        b->b_new = false;
    }
    return logged;
}

/* Start to write block i of a commit's batch. A RAM disk copies it here and now, so that other threads
 * get a turn after some. */
static void start_write(struct iobatch *batch, struct buf *b, uint32 i, uint32 block)
{
    io_start(batch, &b->b_bio, block, b->b_frozen, true);
    if (i % TURN_BLOCKS == TURN_BLOCKS - 1)
        pass_turn_locked();
}

/* Flush after the writes of a batch: 0, or -1 when any of them has failed. */
static int end_writes(struct iobatch *batch)
{
    int error = io_wait(batch);

    return io_flush() < 0 ? -1 : error;
}

int log_write_frozen(uint32 start, struct buf **bufs, uint32 n, uint32 logged)
{
    struct iobatch batch;

    io_batch_init(&batch);
    for (uint32 i = 0; i < n; ++i)
        start_write(&batch, bufs[i], i, i < logged ? start + 1 + i : bufs[i]->b_block);
    return end_writes(&batch);
}

int log_write_home(struct buf **bufs, uint32 logged)
{
    struct iobatch batch;

    io_batch_init(&batch);
    for (uint32 i = 0; i < logged; ++i)
        start_write(&batch, bufs[i], i, bufs[i]->b_block);
    return end_writes(&batch);
}

static uint64 fnv1a_word(uint64 hash, uint32 word)
{
    for (int i = 0; i < 4; ++i) {
        hash = (hash ^ (word & 0xff)) * 0x100000001b3UL;
        word >>= 8;
    }
    return hash;
}

/* The header's checksum: see kernel/fs.h. */
static uint64 log_checksum(const struct logheader *h)
{
    uint64 hash = fnv1a_word(fnv1a_word(0xcbf29ce484222325UL, h->n), h->seq);

    for (uint32 i = 0; i < h->n; ++i)
        hash = fnv1a_word(hash, h->block[i]);
    return hash;
}

int log_write_header(uint32 start, struct logheader *h, uint32 n, uint32 seq)
{
    h->n = n;
    h->seq = seq;
    h->sum = log_checksum(h);
    if (io_write(start, h) < 0)
        return -1;
    return io_flush();
}

/* Whether the header names a complete commit. */
static bool log_header_good(const struct logheader *h, uint32 nlog)
{
    return h->n > 0 && h->n <= LOGMAX && h->n < nlog && h->sum == log_checksum(h);
}

/*
 * Put the blocks of the last commit in their places, as a crash came before that was finished. Doing it
 * twice does no harm, so after a crash in here the next mount just replays again. 0; -1: I/O error.
 */
static int log_replay(const struct superblock *sb, struct logheader *h)
{
    void *page = page_alloc();
    int error = page != NULL ? 0 : -1;

    for (uint32 i = 0; error == 0 && i < h->n; ++i) {
        error = io_read(sb->logstart + 1 + i, page);
        if (error == 0)
            error = io_write(h->block[i], page);
    }
    if (page != NULL)
        page_unref(page);
    if (error == 0)
        error = io_flush();
    return error < 0 ? -1 : log_write_header(sb->logstart, h, 0, h->seq);
}

/* The first block number in the header that no commit can have written; 0: there is none. */
static uint32 stray_block(const struct superblock *sb, const struct logheader *h)
{
    for (uint32 i = 0; i < h->n; ++i)
        if (h->block[i] < sb->inodestart || h->block[i] >= sb->size)
            return h->block[i] != 0 ? h->block[i] : 1;
    return 0;
}

struct logheader *log_recover(const struct superblock *sb)
{
    struct logheader *h = page_zalloc();

    if (h == NULL)
        panic("fs: no memory for the log");
    if (io_read(sb->logstart, h) < 0)
        log_stop("I/O error in reading the log");
    else if (log_header_good(h, sb->nlog) && stray_block(sb, h) != 0)
        log_stop("damaged: the log names block %u", stray_block(sb, h));
    else if (log_header_good(h, sb->nlog) && log_replay(sb, h) < 0)
        log_stop("I/O error in replaying the log");
    return h;
}
