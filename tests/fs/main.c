/* SPDX-License-Identifier: BSD-3-Clause
 * Tests of kernel/fs on the host: `fstest MODE IMAGE SEED N`. IMAGE is an empty file system made by
 * mkfs. It is read, and written back if the mode leaves something for `mkfs -c` to check.
 *
 *   units                        results and errors of each call
 *   random                       N operations, compared with a model
 *   tight                        the same with the smallest log
 *   stress                       N operations on each of several threads, with a slow disk
 *   errors                       each request of a commit and of the calls before it fails in turn, and
 *                                then the file system is mounted again
 *   damaged                      the images that standard input describes (damaged.c)
 *   crash                        N operations; then the power fails at many points of the disk's
 *                                requests, and each time the file system is mounted again
 *
 * The last line of a successful run says ok. A test writes nothing to the host's file system but IMAGE
 * and the file that `crash` makes beside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fs/log.h"
#include "host.h"
#include "model.h"
#include "tests.h"

#define TRACE_MAX 60000u
#define STATES_MAX 60000u
#define CRASHES 400u  /* points tried in one run, spread evenly */
#define TORN 64u      /* bytes that are stored or lost together */
#define SMALL_LOG 60u /* blocks of a log that is often full */

static const char *image_path;
char *base;  /* the image as it was before */
char *image; /* the disk; shared with children */
unsigned nblocks;

/* What the run that crashes leaves for its parent; shared memory. */
static struct shared {
    unsigned ntrace, state, nsyncs;
    unsigned long digest;
    struct {
        unsigned ntrace, state;
    } syncs[STATES_MAX];
    unsigned long states[STATES_MAX];
    struct write trace[TRACE_MAX];
} * shared;

void *share(size_t size)
{
    void *p =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        fail("no memory for %zu bytes", size);
    return p;
}

static void load_image(void)
{
    FILE *f = fopen(image_path, "rb");
    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        fail("can't open %s", image_path);
    nblocks = (unsigned)(ftell(f) / BSIZE);
    rewind(f);
    base = share((size_t)nblocks * BSIZE);
    image = share((size_t)nblocks * BSIZE);
    if (fread(base, BSIZE, nblocks, f) != nblocks)
        fail("can't read %s", image_path);
    fclose(f);
    memcpy(image, base, (size_t)nblocks * BSIZE);
}

static void store_image(const char *path)
{
    FILE *f = fopen(path, "wb");

    if (f == NULL || fwrite(image, BSIZE, nblocks, f) != nblocks || fclose(f) != 0)
        fail("can't write %s", path);
}

static void use_log_of(unsigned blocks)
{
    ((struct superblock *)(base + BSIZE))->nlog = blocks;
}

void mount(void)
{
    static struct filedesc process;

    disk_init(image, nblocks);
    fs_init();
    host_become_process(&process);
}

int in_child(void (*func)(void))
{
    int status;

    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        func();
        exit(0);
    }
    waitpid(pid, &status, 0);
    return status;
}

/* --- crashes --- */

static unsigned operations;

static void note_sync(void)
{
    shared->syncs[shared->nsyncs].ntrace = shared->ntrace;
    shared->syncs[shared->nsyncs].state = shared->state;
    ++shared->nsyncs;
}

static void first_life(void)
{
    struct history history = {shared->states, STATES_MAX, &shared->state, note_sync};

    mount();
    disk_trace(shared->trace, &shared->ntrace, TRACE_MAX, &shared->state);
    random_operations(operations, &history);
}

static void second_life(void)
{
    mount();
    if (fs_is_readonly())
        fail("the check at mount calls the disk damaged");
    shared->digest = fs_digest();
    t_sync();
}

/* A replay during which the power fails, too. */
static void short_life(void)
{
    disk_dies_after = 1 + rnd(20);
    mount();
}

static void apply(const struct write *w)
{
    memcpy(image + (size_t)w->block * BSIZE, w->data, BSIZE);
}

/* As apply, but only some pieces are stored (smaller than a sector, as headers are). */
static void apply_torn(const struct write *w)
{
    for (unsigned at = 0; at < BSIZE; at += TORN) {
        if (rnd(2) == 0)
            memcpy(image + (size_t)w->block * BSIZE + at, w->data + at, TORN);
    }
}

/* The disk after a crash at the trace's entry `at`: what came before the last flush is there; of
 * the rest, each write may be there, not be there, or be there in part. */
static void make_crash(const char *durable, unsigned flushed, unsigned at)
{
    memcpy(image, durable, (size_t)nblocks * BSIZE);
    unsigned chance = rnd(4);
    for (unsigned i = flushed; i < at; ++i) {
        if (rnd(8) == 0)
            apply_torn(&shared->trace[i]);
        else if (rnd(4) >= chance)
            apply(&shared->trace[i]);
    }
}

/* The tree must be in one of the states from the last sync to the newest. */
static void check_state(unsigned at)
{
    unsigned first = 0;
    unsigned last = at < shared->ntrace ? shared->trace[at].state : shared->state;

    for (unsigned i = 0; i < shared->nsyncs && shared->syncs[i].ntrace <= at; ++i)
        first = shared->syncs[i].state;
    for (unsigned i = first; i <= last; ++i) {
        if (shared->states[i] == shared->digest)
            return;
    }
    fail("crash at write %u: the tree is none of the states %u to %u", at, first, last);
}

bool image_is_clean(const char *mkfs, char *path)
{
    char command[700];

    snprintf(path, IMAGE_PATH, "%s.crash", image_path);
    snprintf(command, sizeof(command), "%s -c %s", mkfs, path);
    store_image(path);
    bool clean = system(command) == 0;
    if (clean)
        unlink(path);
    return clean;
}

static void check_image(const char *mkfs, const char *what, unsigned at)
{
    char path[IMAGE_PATH];

    if (!image_is_clean(mkfs, path))
        fail("%s %u: mkfs -c complains about %s", what, at, path);
}

static void test_crashes(const char *mkfs)
{
    char *durable = malloc((size_t)nblocks * BSIZE);
    unsigned flushed = 0; /* entries of the trace that are in durable */
    unsigned stride;

    use_log_of(SMALL_LOG);
    memcpy(image, base, (size_t)nblocks * BSIZE);
    shared = share(sizeof(*shared));
    if (in_child(first_life) != 0)
        fail("the run without a crash failed");
    memcpy(durable, base, (size_t)nblocks * BSIZE);
    stride = shared->ntrace / CRASHES + 1;
    for (unsigned at = 0; at <= shared->ntrace; ++at) {
        if (at > 0 && shared->trace[at - 1].block == ~0u) {
            memcpy(image, durable, (size_t)nblocks * BSIZE);
            for (; flushed < at - 1; ++flushed)
                apply(&shared->trace[flushed]);
            ++flushed;
            memcpy(durable, image, (size_t)nblocks * BSIZE);
        }
        if ((at + rnd(stride)) % stride != 0)
            continue;
        make_crash(durable, flushed, at);
        if (rnd(4) == 0 && in_child(short_life) != 0)
            fail("crash at write %u: the first mount failed", at);
        if (in_child(second_life) != 0)
            fail("crash at write %u: the mount failed", at);
        check_state(at);
        check_image(mkfs, "crash at write", at);
    }
    printf("%u writes, %u states, %u syncs\n", shared->ntrace, shared->state, shared->nsyncs);
}

/* --- I/O errors --- */

static unsigned failing; /* number of the request of the commit that fails */

/* states[0] and [1]: the states before and after a commit, one of whose requests fails. shared->state:
 * whether the commit was confirmed. */
static void failing_life(void)
{
    mount();
    make_files();
    if (t_sync() < 0)
        fail("sync");
    shared->states[0] = fs_digest();
    change_files(false);
    shared->states[1] = fs_digest();
    disk_fail_after = failing;
    shared->state = t_sync() == 0;
    shared->ntrace = disk_fail_after; /* requests that were not needed */
    disk_fail_after = 0;
    if (shared->state == 0)
        expect_read_only();
    if (fs_digest() != shared->states[1])
        fail("request %u failed: the tree in memory has changed", failing);
}

/* The request fails once, or (for_good) it and all later ones do. */
static void test_errors(const char *mkfs, bool for_good)
{
    disk_fails_for_good = for_good;
    for (failing = 1;; ++failing) {
        memcpy(image, base, (size_t)nblocks * BSIZE);
        if (in_child(failing_life) != 0)
            fail("request %u failed: so did the run", failing);
        if (in_child(second_life) != 0)
            fail("request %u failed: so did the mount", failing);
        if (shared->digest != shared->states[1] &&
            (shared->state != 0 || shared->digest != shared->states[0]))
            fail("request %u failed: the tree is not that of a commit", failing);
        check_image(mkfs, "failed request", failing);
        if (shared->ntrace > 0 && shared->state != 0)
            break;
    }
    printf("%u requests\n", failing - 1);
}

static void setup_life(void)
{
    mount();
    make_files();
    if (t_sync() < 0)
        fail("sync");
}

/* The power fails at a write of a commit. */
static void dying_life(void)
{
    mount();
    if (t_open("/open", O_RDONLY) < 0 || t_unlink("/open") < 0 || t_mkdir("/dir/late") < 0)
        fail("calls before a commit");
    disk_dies_after = failing;
    t_sync();
    fail("the power has not failed at write %u", failing);
}

static bool has_whole_log(void)
{
    const struct superblock *sb = (const struct superblock *)(image + BSIZE);

    return ((const struct logheader *)(image + (size_t)sb->logstart * BSIZE))->n != 0;
}

/* A mount, and calls, that meet an error, with nothing cached at first. The mount may be refused. */
static void stumbling_life(void)
{
    disk_fail_after = failing;
    host_refuses = true;
    mount();
    host_refuses = false;
    change_files(true);
    shared->ntrace = disk_fail_after;
    t_sync();
}

static void kept_life(void)
{
    mount();
    expect_kept();
    if (t_sync() < 0)
        fail("sync");
}

/* The image has a whole log, which the mount replays, and a file that lost its name while it was open.
 * The mount is refused, or calls fail half-way, and what they have done so far does not reach the disk. */
static void test_errors_in_calls(const char *mkfs, bool for_good)
{
    char *before = malloc((size_t)nblocks * BSIZE);

    memcpy(image, base, (size_t)nblocks * BSIZE);
    if (in_child(setup_life) != 0)
        fail("files can't be made");
    memcpy(before, image, (size_t)nblocks * BSIZE);
    for (failing = 1; !has_whole_log(); ++failing) {
        memcpy(image, before, (size_t)nblocks * BSIZE);
        if (in_child(dying_life) != 0)
            fail("a commit fails");
    }
    memcpy(before, image, (size_t)nblocks * BSIZE);
    disk_fails_for_good = for_good;
    shared->ntrace = 0;
    for (failing = 1; shared->ntrace <= 1; ++failing) {
        memcpy(image, before, (size_t)nblocks * BSIZE);
        if (in_child(stumbling_life) != 0 || in_child(kept_life) != 0)
            fail("request %u failed: so did a run", failing);
        check_image(mkfs, "failed request", failing);
    }
    free(before);
    printf("%u requests in calls\n", failing - 1);
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: fstest units|random|tight|stress|errors|damaged|crash IMAGE SEED N MKFS\n");
        return 2;
    }
    image_path = argv[2];
    host_seed = strtoul(argv[3], NULL, 0) * 2 + 1;
    operations = (unsigned)strtoul(argv[4], NULL, 0);
    load_image();
    if (strcmp(argv[1], "errors") == 0) {
        shared = share(sizeof(*shared));
        test_errors(argv[5], false);
        test_errors(argv[5], true);
        test_errors_in_calls(argv[5], false);
        test_errors_in_calls(argv[5], true);
        test_uncached(argv[5], false);
        test_uncached(argv[5], true);
        printf("ok\n");
        return 0;
    }
    if (strcmp(argv[1], "damaged") == 0) {
        test_damaged(argv[5]);
        printf("ok\n");
        return 0;
    }
    if (strcmp(argv[1], "crash") == 0) {
        test_crashes(argv[5]);
        printf("ok\n");
        return 0;
    }
    if (strcmp(argv[1], "tight") == 0) {
        use_log_of(MAXOPBLOCKS + 1);
        memcpy(image, base, (size_t)nblocks * BSIZE);
    }
    host_threads = strcmp(argv[1], "stress") == 0;
    mount();
    if (strcmp(argv[1], "units") == 0)
        test_units();
    if (strcmp(argv[1], "tight") == 0)
        test_removed_directories();
    if (strcmp(argv[1], "random") == 0 || strcmp(argv[1], "tight") == 0)
        random_operations(operations, NULL);
    if (strcmp(argv[1], "stress") == 0)
        test_stress(4, operations);
    if (t_sync() < 0)
        fail("sync");
    store_image(image_path);
    printf("ok\n");
    return 0;
}
