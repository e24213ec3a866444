/* SPDX-License-Identifier: BSD-3-Clause
 * Pipes: a ring of one page. Readers exclude each other by one mutex and writers by another, so a
 * reader and a writer copy at the same time, each on its part of the ring:
 *
 *   tail ... head                 bytes to be read: the reader with p_rlock moves tail
 *   head ... tail + PIPESIZE      room: the writer with p_wlock moves head
 *
 * Both count up for ever. A side sends a wakeup only when the other side has announced that it waits:
 *
 *   reader, nothing there                 writer
 *     tsleep_interlock                      publish head
 *     p_rwait = 1                           fence
 *     fence                                 p_rwait == 1: p_rwait = 0, wakeup
 *     still nothing there: sleep
 *
 * With the two fences, one side sees the other's store. A writer that waits for room does the same with
 * tail and p_wwait. No thread sleeps with a mutex held, so a kill reaches every waiter.
 */
#include "fs/file.h"
#include "lib/atomic.h"
#include "mm/page.h"
#include "mm/vm.h"
#include "mm/zone.h"
#include "sync/mutex.h"
#include "sync/sleep.h"

#define PIPESIZE 4096 /* bytes; a page, and a power of two */

struct pipe {
    struct mutex p_rlock; /* the readers' */
    uint32 p_tail;        /* bytes read so far: written under p_rlock */
    uint32 p_rwait;       /* 1: a reader sleeps, or is about to */
    uint32 p_ropen;       /* 1: the read end is open */
    uint32 p_ends;        /* open ends: AMO */
    struct mutex p_wlock; /* the writers' */
    uint32 p_head;        /* bytes written so far: written under p_wlock */
    uint32 p_wwait;       /* 1: a writer sleeps, or is about to */
    uint32 p_wopen;       /* 1: the write end is open */
    char *p_ring;
};

static struct zone *pipe_zone;

void pipe_init(void)
{
    pipe_zone = zone_create("pipe", sizeof(struct pipe));
}

struct pipe *pipe_create(void)
{
    struct pipe *pipe = zalloc(pipe_zone);

    if (pipe == NULL)
        return NULL;
    pipe->p_ring = page_alloc();
    if (pipe->p_ring == NULL) {
        zfree(pipe_zone, pipe);
        return NULL;
    }
    mutex_init(&pipe->p_rlock, "piperd");
    mutex_init(&pipe->p_wlock, "pipewr");
    pipe->p_ropen = pipe->p_wopen = 1;
    pipe->p_ends = 2;
    return pipe;
}

/* Wake the threads that announced in *flag that they wait. What they wait for was published before. */
static void pipe_notify(uint32 *flag)
{
    fence(); /* pairs with the one in pipe_sleep */
    if (peek(flag) != 0) {
        poke(flag, 0);
        wakeup(flag);
    }
}

void pipe_close(struct pipe *pipe, bool writer)
{
    publish(writer ? &pipe->p_wopen : &pipe->p_ropen, 0);
    pipe_notify(writer ? &pipe->p_rwait : &pipe->p_wwait);
    /* The one that frees it has seen all that the other did, up to the fence in pipe_notify. */
    if (amo_add_acqrel(&pipe->p_ends, -1) == 1) {
        page_unref(pipe->p_ring);
        zfree(pipe_zone, pipe);
    }
}

/*
 * Sleep until the other side moves *index on from `seen`, closes (*open 0), or a kill. The caller
 * holds `lock`, and has it again at return.
 */
static inline void pipe_sleep(struct mutex *lock, uint32 *flag, uint32 *index, uint32 seen,
                              uint32 *open, const char *wmesg)
{
    /* Not tsleep_until(): the flag is set before each look, and the mutex is let go only to sleep. */
    tsleep_interlock(flag, PCATCH);
    amo_or(flag, 1); /* an AMO, as the other side stores to it, too */
    fence();         /* pairs with the one in pipe_notify */
    if (peek(index) != seen || peek(open) == 0) {
        tsleep_remove();
        return;
    }
    mutex_unlock(lock);
    tsleep(flag, PCATCH | PINTERLOCKED, wmesg, 0);
    mutex_lock(lock);
}

/* Bytes that can be read. The difference is small, and an int becomes an int64 by itself. */
static inline int64 pipe_data(struct pipe *pipe)
{
    /* Pairs with the publish in pipe_copy_in: the bytes are in the ring. */
    return (int)(consume(&pipe->p_head) - pipe->p_tail);
}

/* The same, after waiting for the first; 0: no writer is left; -1: killed. */
static int64 pipe_wait_data(struct pipe *pipe) __attribute__((noinline));
static int64 pipe_wait_data(struct pipe *pipe)
{
    for (;;) {
        /* Read `open` before head, so that what was written before the close is seen. Pairs with
         * pipe_close. */
        uint32 open = consume(&pipe->p_wopen);
        int64 avail = pipe_data(pipe);
        if (avail > 0)
            return avail;
        if (open == 0)
            return 0;
        if (thread_killed())
            return -1;
        pipe_sleep(&pipe->p_rlock, &pipe->p_rwait, &pipe->p_head, pipe->p_tail, &pipe->p_wopen,
                   "piperd");
    }
}

/* Bytes of room; -1: killed, or no reader is left. */
static inline int64 pipe_room(struct pipe *pipe)
{
    if (peek(&pipe->p_ropen) == 0 || thread_killed())
        return -1;
    /* Pairs with the publish in pipe_copy_out: the reader is done with the bytes. */
    return PIPESIZE - (int)(pipe->p_head - consume(&pipe->p_tail));
}

/* The same, after waiting for the first byte of it. */
static int64 pipe_wait_room(struct pipe *pipe) __attribute__((noinline));
static int64 pipe_wait_room(struct pipe *pipe)
{
    for (;;) {
        int64 room = pipe_room(pipe);
        if (room != 0)
            return room;
        pipe_notify(&pipe->p_rwait);
        pipe_sleep(&pipe->p_wlock, &pipe->p_wwait, &pipe->p_tail, pipe->p_head - PIPESIZE,
                   &pipe->p_ropen, "pipewr");
    }
}

/* Bytes from an index to the end of the ring's memory, at most n. */
static inline uint64 in_one_piece(uint32 index, uint64 n)
{
    uint64 room = PIPESIZE - (uint64)(index % PIPESIZE);
    return n < room ? n : room;
}

/* Copy n bytes, which are in the ring, in at most two pieces; returns the bytes done. */
static uint64 pipe_copy_out(struct pipe *pipe, uint64 udst, uint64 n)
{
    uint32 tail = pipe->p_tail;
    uint64 done = in_one_piece(tail, n);

    if (copyout(udst, pipe->p_ring + tail % PIPESIZE, done) < 0)
        return 0;
    if (done < n && copyout(udst + done, pipe->p_ring, n - done) == 0)
        done = n;
    publish(&pipe->p_tail, tail + (uint32)done); /* pairs with the consume in pipe_room */
    return done;
}

int64 pipe_read(struct pipe *pipe, uint64 udst, uint64 n)
{
    if (n == 0)
        return 0;
    mutex_lock(&pipe->p_rlock);
    int64 avail = pipe_data(pipe);
    if (avail == 0)
        avail = pipe_wait_data(pipe);
    if (avail > 0) {
        uint64 done = pipe_copy_out(pipe, udst, n < (uint64)avail ? n : (uint64)avail);
        avail = done > 0 ? (int64)done : -1;
    }
    mutex_unlock(&pipe->p_rlock);
    if (avail > 0)
        pipe_notify(&pipe->p_wwait);
    return avail;
}

/* Copy up to n bytes into a ring that has `room` bytes of room. Returns the bytes done; -1: a bad
 * address. */
static int64 pipe_copy_in(struct pipe *pipe, uint64 usrc, uint64 n, uint64 room)
{
    uint32 head = pipe->p_head;
    uint64 part = in_one_piece(head, n < room ? n : room);

    if (copyin(pipe->p_ring + head % PIPESIZE, usrc, part) < 0)
        return -1;
    publish(&pipe->p_head, head + (uint32)part); /* pairs with the consume in pipe_data */
    return (int64)part;
}

/* The rest of a write, of which not all had room at once, or a part came at the end of the ring's
 * memory. Returns the bytes done, or -1. */
static __attribute__((noinline)) int64 pipe_write_rest(struct pipe *pipe, uint64 usrc, uint64 n)
{
    uint64 left = n;

    while (left > 0) {
        int64 part = pipe_wait_room(pipe);
        if (part > 0)
            part = pipe_copy_in(pipe, usrc, left, (uint64)part);
        if (part < 0)
            break;
        usrc += (uint64)part;
        left -= (uint64)part;
    }
    return left < n ? (int64)(n - left) : -1;
}

int64 pipe_write(struct pipe *pipe, uint64 usrc, uint64 n)
{
    int64 done = 0;

    if (n == 0)
        return 0;
    mutex_lock(&pipe->p_wlock);
    int64 room = pipe_room(pipe);
    if (room > 0)
        done = pipe_copy_in(pipe, usrc, n, (uint64)room);
    if (done >= 0 && done < (int64)n) {
        int64 rest = pipe_write_rest(pipe, usrc + (uint64)done, n - (uint64)done);
        done = rest > 0 ? done + rest : done > 0 ? done : -1;
    }
    mutex_unlock(&pipe->p_wlock);
    if (done > 0)
        pipe_notify(&pipe->p_rwait);
    return done;
}
