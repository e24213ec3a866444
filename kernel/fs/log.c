/* SPDX-License-Identifier: BSD-3-Clause
 * The log: a redo log with group commit.
 *
 * Operations between fs_begin() and fs_end() change buffers only; log_modify() adds each to the
 * running transaction, which all operations share. fs_end() does not wait for the disk. A commit
 * comes a second later from the log's thread, or earlier when the log fills up or fs_sync() asks:
 *
 *   close    hold new operations back, wait until none is under way: the transaction is whole
 *   freeze   the pages of its buffers, as they are now, will be written; a new transaction opens, and
 *            operations go on. Code that changes a frozen buffer gets a copy of the page (log_modify)
 *   write    frozen pages to the log, new blocks home | flush | header, n > 0 | flush
 *            the pages in the log home                | flush | header, n = 0 | flush
 *   thaw     release the buffers, and signal the end of the commit
 *
 * The header with n > 0 is the moment at which the transaction exists. Each flush keeps the disk
 * from reordering what is before it with what is after it. The last one is needed because the next
 * commit overwrites the log's blocks, and a replay of the old header would put them in wrong places.
 * A crash leaves the state after some commit: a prefix of history, never the middle of an
 * operation.
 *
 * New blocks: data in a block that was free after the last commit need not go through the log. They are
 * written once, to their place, before the header: without the header, nothing on the disk refers to
 * that place. A block that the running transaction itself has freed is not free in this sense: after a
 * crash it belongs to its old file. Instead of a list of these there is one flag, log.freed: once a
 * transaction has freed any block, all its later blocks go through the log.
 *
 * Waiting for a commit: one runs at a time. A thread that needs transaction number seq on the disk
 * writes it, or waits until another thread has; so all threads whose changes are in one transaction
 * wait for one commit. A waiter looks, sets log.waited and reads the generation of log.commits under
 * log.lock. A commit that ends after the look finds log.waited set, and signals the next generation, so
 * that lwkt_block returns.
 *
 * Reservations: an operation may modify at most MAXOPBLOCKS blocks, and starts only when these fit
 * into the log and into the cache, in addition to what is there. So the log cannot overflow. An
 * operation under way never waits for a commit that waits for it: only log_modify waits, for a commit
 * that is writing already and waits for no operation.
 *
 * Lock order: a commit, then everything else; the caller of fs_begin holds no lock. log.lock is a leaf,
 * and so is the token of log.commits.
 *
 * An I/O error in a commit stops the log for good. The disk stays as it is: its header says whether the
 * transaction exists, and if so, the next mount puts its blocks in their places again. (Writing on
 * would overwrite the log, the only whole copy of a block whose write home has failed.) From then on
 * no operation begins, so the file system is read-only. An error that ends an operation half way does
 * the same: its transaction is never written (log_stop). What is in memory and not on the disk stays
 * readable, as its buffers keep their references. fs_sync returns -1.
 */
#include "fs/log.h"

#include <stdarg.h>

#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/atomic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "lib/sysctl.h"
#include "lwkt/spin.h"
#include "lwkt/thread.h"
#include "lwkt/wait.h"
#include "mm/page.h"
#include "sync/lockorder.h"
#include "sync/sleep.h"

#define COMMIT_DELAY HZ /* ticks from the first change to the commit */

static struct {
    struct spinlock lock;
    uint32 start;    /* block of the header */
    uint32 capacity; /* blocks that one transaction can have */
    /* Written with poke under the lock, read with peek without it. */
    uint32 ops;    /* operations under way */
    uint32 n;      /* buffers of the running transaction */
    uint32 seq;    /* number of the running transaction; only a commit changes it */
    bool closing;  /* a commit waits until ops is 0 */
    bool timed;    /* the thread knows that there is something to commit */
    bool stopped;  /* after an I/O error: no operation begins, nothing is written */
    bool freed;    /* the running transaction has freed a block */
    uint32 copies; /* frozen pages that were replaced by a copy */

    bool committing;          /* a thread writes transaction seq - 1, or freezes seq: lock */
    bool waited;              /* a thread waits for the end of that: lock */
    uint32 nfrozen;           /* buffers of the transaction that a commit writes: lock */
    struct buf **running;     /* the n buffers: lock. Each has a reference */
    struct buf **frozen;      /* the nfrozen buffers: the thread that commits */
    uint32 nlogged;           /* the first ones of these go through the log: the same thread */
    struct logheader *header; /* a page: the thread that commits */
    struct lwkt_wait commits; /* signalled when a commit has ended */
} log;

static struct buf *log_buffers[2][LOGMAX];

/* To the check of lock orders, an operation is a lock: a commit waits until all of them have ended. So
 * is a commit, as other threads wait for its end. */
static uint32 op_kind, commit_kind;

/* --- operations --- */

/* Whether there is room for one more operation; log.lock is held. */
static inline bool log_has_room(void)
{
    uint32 need = log.n + (log.ops + 1) * MAXOPBLOCKS;
    return need <= log.capacity && need + log.nfrozen + BUF_SPARE <= buf_count();
}

/* Under log.lock, so that no operation begins that relies on the buffer. */
bool log_spares_buffer(uint32 *count)
{
    spin_lock(&log.lock);
    bool spare = log.n + log.ops * MAXOPBLOCKS + log.nfrozen + BUF_SPARE < *count;
    if (spare)
        poke(count, *count - 1);
    spin_unlock(&log.lock);
    return spare;
}

static bool log_is_open(void *arg)
{
    (void)arg;
    return !peek(&log.closing);
}

static int log_commit(uint32 seq);

/* There is room in the log, but not in the cache: add buffers, or else commit the running
 * transaction. */
static void log_make_room(uint32 seq)
{
    if (buf_count() < NBUF && buf_reserve(buf_count() + MAXOPBLOCKS))
        return;
    log_commit(seq);
}

/* Wait until an operation can begin, or the log has stopped. log.lock is held, but not meanwhile. */
static void __attribute__((noinline)) log_wait_open(void)
{
    while (!log.stopped && (log.closing || !log_has_room())) {
        bool closing = log.closing, full = log.n + (log.ops + 1) * MAXOPBLOCKS > log.capacity;
        uint32 seq = log.seq;
        spin_unlock(&log.lock);
        if (closing)
            tsleep_until(&log.closing, 0, "logopen", log_is_open, NULL);
        else if (full)
            log_commit(seq);
        else
            log_make_room(seq);
        spin_lock(&log.lock);
    }
}

/* Start an operation of at most MAXOPBLOCKS modified blocks. May wait for a commit, so the caller must
 * hold no lock and have no other operation under way. */
bool fs_begin(void)
{
    lockorder_check(op_kind, false);
    spin_lock(&log.lock);
    if (log.closing || !log_has_room())
        log_wait_open();
    bool begun = !log.stopped;
    if (begun)
        poke(&log.ops, log.ops + 1);
    spin_unlock(&log.lock);
    if (begun)
        lockorder_taken(op_kind);
    return begun;
}

bool fs_is_readonly(void)
{
    return peek(&log.stopped);
}

/*
 * End an operation. Wakes the log's thread when the transaction has become dirty, and again when it is
 * half full, so that writers need not wait for the disk later.
 */
void fs_end(void)
{
    lockorder_given_up(op_kind);
    spin_lock(&log.lock);
    KASSERT(log.ops > 0, "fs_end without fs_begin");
    poke(&log.ops, log.ops - 1);
    bool last = log.ops == 0 && log.closing;
    bool tell = log.n > 0 && !log.timed;
    bool half = log.n > log.capacity / 2;
    if (tell)
        poke(&log.timed, true);
    spin_unlock(&log.lock);
    if (last)
        wakeup(&log.ops);
    if (tell || half)
        wakeup(&log.timed);
}

/* Whether a commit writes a page of b; if so, the caller waits. The signal comes after log_thaw. */
static bool log_is_frozen(struct buf *b, int *gen)
{
    spin_lock(&log.lock);
    bool frozen = b->b_frozen != NULL;
    log.waited |= frozen;
    *gen = peek(&log.commits.wa_gen);
    spin_unlock(&log.lock);
    return frozen;
}

/*
 * A commit is writing b's page: replace it by a copy. Without memory for one, wait until the commit has
 * finished. b is locked, so no other thread looks at the page; the commit owns the old one. This is
 * not inlined, so that log_modify saves few registers.
 */
static void __attribute__((noinline)) log_copy_frozen(struct buf *b)
{
    void *copy = page_alloc();
    int gen;

    while (copy == NULL && log_is_frozen(b, &gen))
        lwkt_block(&log.commits, "logcopy", &gen);
    if (copy == NULL)
        return;
    memcpy(copy, b->b_data, BSIZE);
    spin_lock(&log.lock);
    bool frozen = b->b_frozen == b->b_data;
    if (frozen) {
        b->b_data = copy;
        poke(&log.copies, log.copies + 1);
    }
    spin_unlock(&log.lock);
    if (!frozen)
        page_unref(copy);
}

void log_modify(struct buf *b)
{
    /* b_frozen is set only while no operation is under way, so NULL stays NULL here. */
    if (peek(&b->b_frozen) == b->b_data)
        log_copy_frozen(b);
    if (peek(&b->b_slot) >= 0)
        return;
    buf_hold(b);
    spin_lock(&log.lock);
    KASSERT(log.ops > 0, "block %u modified outside a transaction", b->b_block);
    KASSERT(log.n < log.capacity, "%u blocks", log.n);
    poke(&b->b_slot, (int)log.n);
    log.running[log.n] = b;
    poke(&log.n, log.n + 1);
    spin_unlock(&log.lock);
}

/* The flag was stored by a thread that had the block's part of the bitmap locked, as the caller had
 * after it, so the caller sees it if its block was freed in this transaction. */
void log_modify_new(struct buf *b)
{
    if (!peek(&log.freed))
        poke(&b->b_new, true);
    log_modify(b);
}

/*
 * The caller owns the freed block, so no other thread modifies it. The transaction's last buffer moves
 * to its place.
 */
void log_forget(uint32 block)
{
    struct buf *b = buf_peek(block);

    poke(&log.freed, true);
    if (b == NULL)
        return;
    poke(&b->b_new, false);
    if (peek(&b->b_slot) >= 0) {
        spin_lock(&log.lock);
        poke(&log.n, log.n - 1);
        struct buf *moved = log.running[log.n];
        log.running[b->b_slot] = moved;
        poke(&moved->b_slot, b->b_slot);
        poke(&b->b_slot, -1);
        spin_unlock(&log.lock);
        buf_drop(b);
    }
    buf_drop(b);
}

uint32 log_copies(void)
{
    return peek(&log.copies);
}

/* --- commit --- */

/* No operation is under way. The lock makes what the operations did visible to the commit. */
static bool log_is_idle(void *arg)
{
    (void)arg;
    spin_lock(&log.lock);
    bool idle = log.ops == 0;
    spin_unlock(&log.lock);
    return idle;
}

/*
 * Close and freeze (see the top): returns the number of the transaction that is frozen now. While
 * `closing` holds, no operation is under way, so the buffers' log fields are ours.
 */
static uint32 log_freeze(void)
{
    lockorder_check(op_kind, false);
    spin_lock(&log.lock);
    poke(&log.closing, true);
    spin_unlock(&log.lock);
    tsleep_until(&log.ops, 0, "logclose", log_is_idle, NULL);

    struct buf **frozen = log.running;
    log.nlogged = log_sort(frozen, log.n);
    spin_lock(&log.lock);
    log.running = log.frozen;
    log.frozen = frozen;
    log.nfrozen = log.n;
    poke(&log.n, 0);
    poke(&log.freed, false);
    poke(&log.timed, false);
    poke(&log.closing, false);
    uint32 seq = log.seq;
    poke(&log.seq, seq + 1);
    spin_unlock(&log.lock);
    wakeup(&log.closing);
    return seq;
}

/*
 * Release the frozen buffers, unless their content did not reach the disk. A page that was replaced by
 * a copy belongs to the commit alone; log.lock decides the race with a copy that is just being made.
 */
static void log_thaw(void)
{
    for (uint32 i = 0; i < log.nfrozen; ++i) {
        struct buf *b = log.frozen[i];
        spin_lock(&log.lock);
        void *page = b->b_frozen;
        bool replaced = page != b->b_data;
        poke(&b->b_frozen, NULL);
        if (replaced)
            poke(&log.copies, log.copies - 1);
        spin_unlock(&log.lock);
        if (replaced)
            page_unref(page);
        if (!peek(&log.stopped))
            buf_drop(b);
    }
    spin_lock(&log.lock);
    log.nfrozen = 0;
    spin_unlock(&log.lock);
}

/* Write the frozen transaction: 0, or -1 at the first I/O error (see the top). */
static int log_write_out(uint32 seq)
{
    for (uint32 i = 0; i < log.nlogged; ++i)
        log.header->block[i] = log.frozen[i]->b_block;
    if (log_write_frozen(log.start, log.frozen, log.nfrozen, log.nlogged) < 0 ||
        log_write_header(log.start, log.header, log.nlogged, seq) < 0)
        return -1;
    if (log_write_home(log.frozen, log.nlogged) < 0)
        return -1;
    return log_write_header(log.start, log.header, 0, seq);
}

/* An operation that calls this is still under way, so its transaction is not frozen yet. It will not be
 * written: log_commit looks at `stopped` once it has closed the transaction. */
void log_stop(const char *fmt, ...)
{
    char why[80];
    va_list ap;

    spin_lock(&log.lock);
    bool first = !log.stopped;
    poke(&log.stopped, true);
    spin_unlock(&log.lock);
    if (!first)
        return;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    printf("fs: %s: the file system is read-only now; what was not synced is not on the disk\n",
           why);
}

/* What a thread has to do that needs transaction seq on the disk: nothing any more; commit it, as no
 * other thread does; or wait for the end of the commit under way, generation *gen, and look again. Once
 * the log has stopped, only a commit that is under way ends. */
static enum { ENDED, LEAD, WAIT } log_look(uint32 seq, int *gen)
{
    spin_lock(&log.lock);
    bool wait = log.committing && (log.seq == seq || log.seq == seq + 1);
    bool lead = !log.committing && log.seq == seq && !log.stopped;
    log.waited |= wait;
    log.committing |= lead;
    *gen = peek(&log.commits.wa_gen);
    spin_unlock(&log.lock);
    return wait ? WAIT : lead ? LEAD : ENDED;
}

/* Commit the running transaction. log.committing is the caller's. */
static void log_lead(void)
{
    lockorder_taken(commit_kind);
    uint32 frozen = log_freeze();
    if (log.nfrozen > 0 && !peek(&log.stopped) && log_write_out(frozen) < 0)
        log_stop("I/O error in a commit");
    log_thaw();
    lockorder_given_up(commit_kind);

    spin_lock(&log.lock);
    log.committing = false;
    bool waited = log.waited;
    log.waited = false;
    spin_unlock(&log.lock);
    if (waited)
        lwkt_signal(&log.commits, -1);
}

/*
 * Put transaction number seq on the disk: 0, or -1 after an I/O error. Called outside operations, with
 * no lock held.
 */
static int log_commit(uint32 seq)
{
    int gen, what;

    lockorder_check(commit_kind, false);
    while ((what = log_look(seq, &gen)) != ENDED) {
        if (what == LEAD)
            log_lead();
        else
            lwkt_block(&log.commits, "logcommit", &gen);
    }
    return peek(&log.stopped) ? -1 : 0;
}

/*
 * Put all that was written before the call on the disk. With nothing to commit, it still waits for a
 * commit that is under way.
 */
int fs_sync(void)
{
    return log_commit(peek(&log.seq));
}

/* --- the log's thread --- */

/* There is something to commit. */
static bool log_is_dirty(void *arg)
{
    (void)arg;
    return peek(&log.timed);
}

/*
 * The thread commits COMMIT_DELAY after the first change, or when the log is half full. A wakeup is
 * only a reason to look again. The thread ends when the log has stopped.
 */
static void log_thread(void *arg)
{
    (void)arg;
    do {
        tsleep_until(&log.timed, 0, "logidle", log_is_dirty, NULL);
        while (peek(&log.n) <= log.capacity / 2) {
            if (tsleep(&log.timed, 0, "logdelay", COMMIT_DELAY) == EWOULDBLOCK)
                break;
        }
    } while (fs_sync() == 0);
}

void log_start_thread(void)
{
    if (lwkt_create(log_thread, NULL, NULL, NULL, TDF_MPSAFE, -1, "fslog") != 0)
        panic("fs: no memory for the log's thread");
}

/* --- mount --- */

void log_init(const struct superblock *sb)
{
    spin_init(&log.lock, "log");
    lwkt_wait_init(&log.commits);
    op_kind = lockorder_kind("transaction");
    commit_kind = lockorder_kind("logcommit");
    log.start = sb->logstart;
    log.capacity = sb->nlog - 1 < LOGBLOCKS ? sb->nlog - 1 : LOGBLOCKS;
    log.running = log_buffers[0];
    log.frozen = log_buffers[1];
    log.header = log_recover(sb);
    log.seq = log.header->seq + 1;
}

static uint64 log_sysctl_commits(void)
{
    return peek(&log.seq);
}

SYSCTL(vfs_log_seq, "vfs.log_seq", log_sysctl_commits, NULL);
