/* SPDX-License-Identifier: BSD-3-Clause
 * What test programs must leave as it was: counts of the kernel before and after; and the removal of
 * their files.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define LOOKS 50 /* at the counts, a tick apart, before something counts as missing */

static const char *const names[NCOUNTS] = {"vm.free_pages", "kern.threads", "kern.processes",
                                           "vfs.files", "vfs.inodes"};

uint64 sysctl_value(const char *name)
{
    uint64 value;

    if (sysctl(name, &value, 0) < 0) {
        fprintf(2, "no sysctl %s\n", name);
        exit(1);
    }
    return value;
}

void take_counts(struct counts *c)
{
    uint64 any = 1;

    sysctl("vfs.drop_caches", 0, &any);
    for (int i = 0; i < NCOUNTS; i++)
        c->value[i] = sysctl_value(names[i]);
    c->value[0] += sysctl_value("vfs.cache_pages");
}

/* Threads free their stacks, and init reaps orphans, some time later. */
int is_amiss(const struct counts *before, struct counts *after)
{
    for (int look = 0; look < LOOKS; look++) {
        int amiss;
        take_counts(after);
        amiss = after->value[0] < before->value[0];
        for (int i = 1; i < NCOUNTS; i++)
            amiss |= after->value[i] > before->value[i];
        if (!amiss)
            return 0;
        pause(1);
    }
    return 1;
}

void print_counts(const char *program, const struct counts *before, const struct counts *after)
{
    for (int i = 0; i < NCOUNTS; i++)
        printf("%s: %s %lu -> %lu\n", program, names[i], before->value[i], after->value[i]);
}

void remove_tree(const char *dir)
{
    char path[MAXPATH];
    struct dirent de;
    int fd = open(dir, O_RDONLY);

    while (fd >= 0 && read(fd, &de, sizeof(de)) == sizeof(de)) {
        if (de.inum == 0 || strcmp(de.name, ".") == 0 || strcmp(de.name, "..") == 0)
            continue;
        snprintf(path, sizeof(path), "%s/%.14s", dir, de.name);
        if (unlink(path) < 0)
            remove_tree(path);
    }
    close(fd);
    unlink(dir);
}
