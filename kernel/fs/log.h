/* SPDX-License-Identifier: BSD-3-Clause
 * The log: after a crash, the disk has all that an operation of the file system wrote, or nothing of
 * it. fs_begin() and fs_end() bracket an operation; log.c describes the protocol.
 */
#ifndef FS_LOG_H
#define FS_LOG_H

#include "fs/buf.h"
#include "kernel/fs.h"

/* Replay what a crash has left, and set up the log. Mount only. If that fails, the file system is
 * read-only. */
void log_init(const struct superblock *sb);

/* logheader.c, for log.c. Freeze the n buffers of a transaction, and sort them: first those that go
 * through the log, then the new blocks. Returns how many there are of the first kind (`logged`). */
uint32 log_sort(struct buf **bufs, uint32 n);
/* Put the pages of n sorted buffers on stable storage, in the log, or in their places if they are
 * new. / Put the pages of the first ones in their places. 0, or -1. */
int log_write_frozen(uint32 start, struct buf **bufs, uint32 n, uint32 logged);
int log_write_home(struct buf **bufs, uint32 logged);
/* Read the header and replay, or call log_stop(); returns the page with the header. / Put a header that
 * names the first n blocks of its table on stable storage: 0, or -1. */
struct logheader *log_recover(const struct superblock *sb);
int log_write_header(uint32 start, struct logheader *h, uint32 n, uint32 seq);

/* Start the thread that commits a second after something was written. Mount only. */
void log_start_thread(void);

/* Begin and end an operation. False: it has not begun, as the file system is read-only after an I/O
 * error. The caller of fs_begin holds no lock. */
bool fs_begin(void);
void fs_end(void);

/* Make the file system read-only, and print why. What the caller's transaction has changed will not
 * reach the disk, nor will anything else that was not committed. The caller may hold any lock except
 * the log's own. */
void log_stop(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool fs_is_readonly(void);

/* The caller, inside a transaction, is about to change locked buffer b: add it to the transaction. This
 * may replace b->b_data (by a copy), so fetch the pointer after this call. */
void log_modify(struct buf *b);

/* The same for a block of data that this operation has allocated and not changed yet: it may be written
 * without the log. */
void log_modify_new(struct buf *b);

/* The pool of buffers, which has *count of them, is about to give one away. False: reservations need
 * it; otherwise *count becomes one less. */
bool log_spares_buffer(uint32 *count);

/* How many pages exist twice: a commit is writing them, and they have changed since. */
uint32 log_copies(void);

/* A block was freed: its content need not be written any more. Inside a transaction. */
void log_forget(uint32 block);

#endif
