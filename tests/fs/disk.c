/* SPDX-License-Identifier: BSD-3-Clause
 * The disk of the tests: an image in memory. It can record its requests, fail, lose writes (a crash),
 * and answer late and in any order.
 */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "lib/atomic.h"

#define NSERVERS 4

unsigned disk_fail_after;
bool disk_fails_for_good;
unsigned disk_dies_after;
unsigned disk_counted_block, disk_count;

static struct {
    char *image;
    struct blkdev dev;
    struct write *trace;
    unsigned *trace_count, trace_max, *state;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool threads, held;
    struct list queue;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

struct blkdev *root_blkdev = &disk.dev;

static void note(unsigned block, const void *data)
{
    if (disk.trace == NULL)
        return;
    if (*disk.trace_count == disk.trace_max)
        fail("more than %u writes", disk.trace_max);
    struct write *w = &disk.trace[(*disk.trace_count)++];
    w->block = block;
    w->state = *disk.state;
    if (data != NULL)
        memcpy(w->data, data, BSIZE);
}

static void do_write(struct bio *bio)
{
    note((unsigned)bio->bio_block, bio->bio_data);
    if (disk_dies_after != 0 && --disk_dies_after == 0)
        _exit(0);
    memcpy(disk.image + bio->bio_block * BSIZE, bio->bio_data, BSIZE);
    if (bio->bio_block == disk_counted_block)
        amo_add(&disk_count, 1);
}

/* Whether this request must fail. */
static bool fails(void)
{
    if (disk_fail_after > 1)
        --disk_fail_after;
    else if (disk_fail_after == 1 && !disk_fails_for_good)
        disk_fail_after = 0;
    else
        return disk_fail_after == 1;
    return disk_fail_after == 0;
}

/* End a request with an error; a write that fails leaves half of a block. */
static void fail_request(struct bio *bio)
{
    bio->bio_error = -1;
    if (bio->bio_write && bio->bio_block < disk.dev.nblocks)
        memcpy(disk.image + bio->bio_block * BSIZE, bio->bio_data, BSIZE / 2);
}

static void serve(struct bio *bio)
{
    bio->bio_error = 0;
    if (bio->bio_block >= disk.dev.nblocks || fails())
        fail_request(bio);
    else if (bio->bio_write)
        do_write(bio);
    else
        memcpy(bio->bio_data, disk.image + bio->bio_block * BSIZE, BSIZE);
    bio->bio_done(bio);
}

/* Serve requests, every other time the newest instead of the oldest. */
static void server(void *arg)
{
    (void)arg;
    for (unsigned n = 0;; ++n) {
        pthread_mutex_lock(&disk.lock);
        while (list_empty(&disk.queue) || disk.held)
            pthread_cond_wait(&disk.cond, &disk.lock);
        struct list *node = n % 2 != 0 ? disk.queue.next : disk.queue.prev;
        list_remove(node);
        pthread_mutex_unlock(&disk.lock);
        serve(list_entry(node, struct bio, bio_msg.ms_node));
    }
}

static void strategy(struct blkdev *dev, struct bio *bio)
{
    (void)dev;
    if (!disk.threads) {
        serve(bio);
        return;
    }
    pthread_mutex_lock(&disk.lock);
    list_insert_tail(&disk.queue, &bio->bio_msg.ms_node);
    pthread_cond_signal(&disk.cond);
    pthread_mutex_unlock(&disk.lock);
}

static int flush(struct blkdev *dev)
{
    (void)dev;
    if (fails())
        return -1;
    note(~0u, NULL);
    return 0;
}

void disk_init(char *image, unsigned nblocks)
{
    disk.image = image;
    disk.dev = (struct blkdev){"test", nblocks, true, strategy, flush};
    list_init(&disk.queue);
}

void disk_trace(struct write *trace, unsigned *count, unsigned max, unsigned *state)
{
    disk.trace = trace;
    disk.trace_count = count;
    disk.trace_max = max;
    disk.state = state;
}

void disk_hold(bool hold)
{
    pthread_mutex_lock(&disk.lock);
    disk.held = hold;
    pthread_cond_broadcast(&disk.cond);
    pthread_mutex_unlock(&disk.lock);
}

bool disk_has_requests(void)
{
    pthread_mutex_lock(&disk.lock);
    bool any = !list_empty(&disk.queue);
    pthread_mutex_unlock(&disk.lock);
    return any;
}

int lwkt_create(void (*func)(void *), void *arg, void *tdp, void *template, unsigned flags, int cpu,
                const char *fmt, ...);

void disk_use_threads(void)
{
    disk.threads = true;
    for (int i = 0; i < NSERVERS; ++i)
        lwkt_create(server, NULL, NULL, NULL, 0, 0, "disk");
}
