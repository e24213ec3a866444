/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: pipes. What is written are numbers from 1 on, in their order; the ring is near its
 * end, or nearly full, before the mark, so few bytes wrap or wait.
 */
#include <string.h>

#include "host.h"
#include "fs/file.h"
#include "mm/vm.h"
#include "proc/proc.h"
#include "scenes_upper.h"

#define RING 4096 /* bytes, as pipe.c has it */
#define NUMBERS 2048
#define SIZE(n) ((n) * sizeof(uint32))

static struct pipe *scene_pipe;
static uint32 out[NUMBERS], in[NUMBERS]; /* a user address is an address */
static uint32 written, seen[2];          /* numbers */
static int memory_before;

/* Whole words only: the race detector knows four bytes at a time. In the middle of many it sees none. */
static void copy(uint32 *dst, const uint32 *src, uint64 len)
{
    uint64 n = len / 4, edge = n > 8 ? 4 : n;

    CHECK(len % 4 == 0, "%lu bytes", len);
    for (uint64 i = 0; i < edge; i++)
        dst[i] = src[i];
    if (n == edge)
        return;
    memcpy(dst + 4, src + 4, SIZE(n - 8));
    for (uint64 i = n - 4; i < n; i++)
        dst[i] = src[i];
}

int vm_copyin(struct vmspace *vm, void *dst, uint64 usrc, uint64 len)
{
    (void)vm;
    copy(dst, (const uint32 *)usrc, len);
    return 0;
}

int vm_copyout(struct vmspace *vm, uint64 udst, const void *src, uint64 len)
{
    (void)vm;
    copy((uint32 *)udst, src, len);
    return 0;
}

/* A pipe through which `passed` numbers have gone, and which holds `held`. */
static void begin(uint32 passed, uint32 held)
{
    host_sleep_init();
    pipe_init();
    memory_before = host_memory_used();
    scene_pipe = pipe_create();
    for (uint32 i = 0; i < NUMBERS; i++)
        out[i] = i + 1;
    if (passed > 0) {
        pipe_write(scene_pipe, (uint64)out, SIZE(passed));
        pipe_read(scene_pipe, (uint64)in, SIZE(passed));
    }
    memset(in, 0, sizeof(in));
    if (held > 0)
        pipe_write(scene_pipe, (uint64)out, SIZE(held));
    written = held;
    seen[0] = seen[1] = 0;
}

static void finish(void)
{
    explore_run();
    host_sleep_audit();
    host_proc_audit();
    CHECK(host_memory_used() == memory_before, "%d pages and objects are left",
          host_memory_used() - memory_before);
}

/* n numbers more. */
static void write_numbers(uint32 n)
{
    int64 done = pipe_write(scene_pipe, (uint64)(out + written), SIZE(n));

    CHECK(done == (int64)SIZE(n), "%ld of %lu bytes", done, SIZE(n));
    written += n;
}

static void check_order(uint32 n)
{
    for (uint32 i = 0; i < n; i++)
        CHECK(in[i] == i + 1, "number %u is %u", i + 1, in[i]);
}

/* As many as there are, n at a time, up to the end. */
static void read_to_end(uint64 n)
{
    uint32 have = 0;
    int64 got;

    while ((got = pipe_read(scene_pipe, (uint64)(in + have), SIZE(n))) > 0)
        have += (uint32)got / 4;
    CHECK(got == 0, "%ld", got);
    check_order(have);
    seen[0] = have;
    pipe_close(scene_pipe, false);
}

static void reader(void *arg)
{
    read_to_end((uint64)arg);
}

/* One at a time, then the end. */
static void writer(void *arg)
{
    for (uint64 i = (uint64)arg; i > 0; i--)
        write_numbers(1);
    pipe_close(scene_pipe, true);
}

static void play_two(uint32 passed, uint32 held, uint64 writes, uint64 reads_of)
{
    begin(passed, held);
    explore_thread(0, TDPRI_KERN_USER, reader, (void *)reads_of, "reader");
    explore_thread(1, TDPRI_KERN_USER, writer, (void *)writes, "writer");
    finish();
    CHECK(seen[0] == held + writes, "%u of %lu", seen[0], held + writes);
}

void play_x_pipe(void)
{
    play_two(0, 0, 2, 1);
}

/* Pieces at the end of the ring and at its beginning. */
static void writer_of_three(void *arg)
{
    (void)arg;
    write_numbers(3);
    pipe_close(scene_pipe, true);
}

void play_x_pipe_wrap(void)
{
    begin(RING / 4 - 1, 0);
    explore_thread(0, TDPRI_KERN_USER, reader, (void *)8, "reader");
    explore_thread(1, TDPRI_KERN_USER, writer_of_three, NULL, "writer");
    finish();
    CHECK(seen[0] == 3, "%u", seen[0]);
}

/* There is room for one; the writer waits for the others'. */
void play_x_pipe_full(void)
{
    play_two(0, RING / 4 - 1, 3, RING / 4);
}

/* --- two readers: one number each --- */

static void read_one(void *arg)
{
    uint32 *mine = &seen[(uint64)arg];
    int64 got = pipe_read(scene_pipe, (uint64)mine, SIZE(1));

    CHECK(got == 4, "%ld", got);
}

static void write_two(void *arg)
{
    (void)arg;
    write_numbers(1);
    write_numbers(1);
}

void play_x_pipe_readers(void)
{
    begin(0, 0);
    explore_thread(0, TDPRI_KERN_USER, read_one, (void *)0, "reader0");
    explore_thread(1, TDPRI_KERN_USER, read_one, (void *)1, "reader1");
    explore_thread(1, TDPRI_KERN_USER, write_two, NULL, "writer");
    explore_run();
    CHECK(seen[0] + seen[1] == 3 && seen[0] != 0 && seen[1] != 0, "%u %u", seen[0], seen[1]);
    host_sleep_audit();
}

/* --- the other end closes --- */

/* No reader is left: a write ends early. */
static void write_until_closed(void *arg)
{
    (void)arg;
    int64 done = pipe_write(scene_pipe, (uint64)out, SIZE(2));

    CHECK(done == -1 || done == 4 || done == 8, "%ld", done);
    explore_outcome((uint64)done);
    pipe_close(scene_pipe, true);
}

static void close_reader(void *arg)
{
    (void)arg;
    pipe_close(scene_pipe, false);
}

void play_x_pipe_close_read(void)
{
    begin(0, RING / 4 - 1);
    explore_thread(0, TDPRI_KERN_USER, write_until_closed, NULL, "writer");
    explore_thread(1, TDPRI_KERN_USER, close_reader, NULL, "closes");
    finish();
}

/* The end of the stream comes after all that was written. */
void play_x_pipe_close_write(void)
{
    play_two(0, 0, 1, 8);
}

/* The writer's descriptor is closed by another process, which has the last one. */
static uint32 descriptors;

static void write_and_close_first(void *arg)
{
    (void)arg;
    write_numbers(1);
    amo_add_acqrel(&descriptors, -1);
}

static void close_last(void *arg)
{
    (void)arg;
    while (consume(&descriptors) != 1)
        cpu_relax();
    pipe_close(scene_pipe, true);
}

void play_x_pipe_close_other(void)
{
    begin(0, 0);
    descriptors = 2;
    explore_thread(0, TDPRI_KERN_USER, reader, (void *)8, "reader");
    explore_thread(1, TDPRI_KERN_USER, write_and_close_first, NULL, "writer");
    explore_thread(2, TDPRI_KERN_USER, close_last, NULL, "closes");
    finish();
    CHECK(seen[0] == 1, "%u", seen[0]);
}

/* A reader that is killed, while a writer writes. */
static struct proc *victim;

static void read_until_killed(struct proc *p)
{
    (void)p;
    int64 got = pipe_read(scene_pipe, (uint64)in, SIZE(1));

    CHECK(got == 4 || (got == -1 && thread_killed()), "%ld", got);
    explore_outcome((uint64)got);
    pipe_close(scene_pipe, false);
}

static void kill_reader(void *arg)
{
    (void)arg;
    proc_kill(victim->p_pid);
}

void play_x_pipe_kill(void)
{
    begin(0, 0);
    victim = host_proc(0, read_until_killed, "victim");
    explore_thread(1, TDPRI_KERN_USER, write_until_closed, NULL, "writer");
    explore_thread(1, TDPRI_KERN_USER, kill_reader, NULL, "killer");
    finish();
}
