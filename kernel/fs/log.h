/*
 * The log: what one file system operation writes is on the disk whole, or not at all, after a
 * crash. fs_begin() and fs_end() bracket an operation; see log.c for the protocol.
 */
#ifndef FS_LOG_H
#define FS_LOG_H

#include "fs/buf.h"
#include "kernel/fs.h"

/* Replay what a crash has left, and be ready. Mount only. The file system is read-only if that can't be
 * done. */
void log_init(const struct superblock *sb);

/* logheader.c, for log.c. Read the header and replay, or log_stop(); the page with the header.
 * / Put a header that names the first n blocks of its table on stable storage: 0, or -1. */
struct logheader *log_recover(const struct superblock *sb);
int log_write_header(uint32 start, struct logheader *h, uint32 n, uint32 seq);

/* Start the thread that commits a second after something was written. Mount only. */
void log_start_thread(void);

/* A transaction: what is written between is on disk whole or not at all after a crash. False, and no
 * transaction: the file system is read-only, after an I/O error. The caller holds no lock. */
bool fs_begin(void);
void fs_end(void);

/* The file system is read-only from here on, and the console says why. What the caller's transaction
 * has changed will not reach the disk, nor will anything else that was not committed. Any lock may be
 * held but the log's own. */
void log_stop(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool fs_is_readonly(void);

/* The caller, inside a transaction, is about to change locked buffer b: have it written with this
 * transaction. May replace b->b_data (by a copy): fetch the pointer after this call. */
void log_modify(struct buf *b);

/* The pool of buffers, which has *count of them, is about to lose one: false if the reservations need
 * it; else *count is one less. */
bool log_spares_buffer(uint32 *count);

/* Pages that a commit is writing and that changed meanwhile: they exist twice. */
uint32 log_copies(void);

/* A block was freed: what is in it need not be written any more. Inside a transaction. */
void log_forget(uint32 block);

#endif
