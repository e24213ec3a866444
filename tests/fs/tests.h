/* SPDX-License-Identifier: BSD-3-Clause
 * The tests that the command runs. Each fails by fail(), which ends the process.
 */
#ifndef FS_TEST_TESTS_H
#define FS_TEST_TESTS_H

#include <stdbool.h>
#include <stddef.h>

/* main.c: the image as it was before, and the disk, which children share; both have nblocks. */
extern char *base, *image;
extern unsigned nblocks;
/* Memory that children share. */
void *share(size_t size);
/* Whether `mkfs -c` finds nothing on the disk. If it does, a file keeps the disk: path[IMAGE_PATH]. */
#define IMAGE_PATH 300
bool image_is_clean(const char *mkfs, char *path);
/* Start the kernel's file system on the disk; the calling thread becomes a process. */
void mount(void);
/* Run func in a child process, which has a kernel of its own: its status, as of wait(). */
int in_child(void (*func)(void));

/* damaged.c: try the images that standard input describes. */
void test_damaged(const char *mkfs);

/* uncached.c: each request that calls make when nothing is cached fails in turn. */
void test_uncached(const char *mkfs, bool for_good);

/* readonly.c: read, write and remove all that is below a path, whatever the calls return. */
void use_everything(const char *path);

/* Digests of the states that the tree goes through, each stored before the call that leads to it. */
struct history {
    unsigned long *states;
    unsigned max;
    unsigned *state;       /* number of the newest */
    void (*on_sync)(void); /* called after each fs_sync: states up to *state are on the disk */
};

/* random.c: n random operations, each compared with the model. history: NULL, or to fill in. */
void random_operations(unsigned n, struct history *history);

/* readonly.c: make files; make a change of each kind. / The unchanged file must be as it was. / Nothing
 * may be changed any more, but all can be read. */
void make_files(void);
void change_files(bool on_a_bad_disk);
void expect_kept(void);
void expect_read_only(void);

/* units.c: results and errors, one by one. stress.c: several threads at once. */
void test_units(void);
void test_removed_directories(void);
void test_stress(int nthreads, unsigned n);

#endif
