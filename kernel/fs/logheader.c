/*
 * The log's header: writing it, and what a mount does with the one that it finds. See log.c.
 */
#include "fs/log.h"

#include "lib/assert.h"
#include "mm/page.h"

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

/* True when the header names a whole commit. */
static bool log_header_good(const struct logheader *h, uint32 nlog)
{
    return h->n > 0 && h->n <= LOGMAX && h->n < nlog && h->sum == log_checksum(h);
}

/*
 * Put the blocks of the last commit in their places, if the crash came before that was done. Doing
 * it twice does no harm, so a crash in here is one more reason to replay.
 */
static void log_replay(const struct superblock *sb, const struct logheader *h)
{
    void *page = page_alloc();
    if (page == NULL)
        panic("fs: no memory to replay the log");
    for (uint32 i = 0; i < h->n; ++i) {
        uint32 block = h->block[i];
        if (block == 0 || block >= sb->size)
            panic("fs: the log names block %u of %u", block, sb->size);
        if (io_read(sb->logstart + 1 + i, page) < 0 || io_write(block, page) < 0)
            panic("fs: I/O error in replaying the log");
    }
    if (io_flush() < 0)
        panic("fs: I/O error in replaying the log");
    page_unref(page);
}

struct logheader *log_recover(const struct superblock *sb)
{
    struct logheader *h = page_zalloc();

    if (h == NULL)
        panic("fs: no memory for the log");
    if (io_read(sb->logstart, h) < 0)
        panic("fs: I/O error in reading the log");
    if (log_header_good(h, sb->nlog)) {
        log_replay(sb, h);
        if (log_write_header(sb->logstart, h, 0, h->seq) < 0)
            panic("fs: I/O error in replaying the log");
    }
    return h;
}
