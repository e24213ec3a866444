/* SPDX-License-Identifier: BSD-3-Clause
 * useall SEED [PROCESSES]: several processes (3) read, write, link, create and remove what there is in
 * the file system, whatever the calls return. For damaged disks: the kernel must survive, and all
 * processes must end. On a good disk, this destroys everything.
 */
#include "kernel/types.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/stat.h"
#include "user/user.h"
#include "user/lib/lib.h"

#define PATHS 300
#define DEPTH 4
#define ENTRIES 1000 /* of a directory that are looked at: a damaged size can mean millions */
#define ROUNDS 200   /* calls of each process */

static char paths[PATHS][MAXPATH];
static int npaths;
static uint64 state; /* of the random numbers */

static uint64 rnd(uint64 n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % n;
}

/* Note all paths below one. Damage can lead in circles, so the depth has a limit. */
static void note_paths(const char *dir, int depth)
{
    struct stat st;
    struct dirent de;
    int fd = open(dir, O_RDONLY);

    if (fd >= 0 && (fstat(fd, &st) < 0 || st.type != T_DIR)) {
        close(fd);
        return;
    }
    for (int i = 0; i < ENTRIES && npaths < PATHS; i++) {
        if (read(fd, &de, sizeof(de)) != sizeof(de))
            break;
        char *path = paths[npaths];
        char name[DIRSIZ + 1] = "";
        memcpy(name, de.name, DIRSIZ);
        if (de.inum == 0 || snprintf(path, MAXPATH, "%s/%s", dir, name) >= MAXPATH)
            continue;
        npaths++;
        if (depth > 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            note_paths(path, depth - 1);
    }
    close(fd);
}

/* Read or write some of a file. A device is left alone, as its read could last for ever. */
static void use_file(const char *path, int flags)
{
    static char data[3 * BSIZE];
    struct stat st;
    int fd = open(path, flags);

    if (fd >= 0 && fstat(fd, &st) == 0 && st.type != T_DEVICE) {
        if (rnd(2) == 0)
            write(fd, data, (int)rnd(sizeof(data)));
        for (int i = 0; i < 50 && read(fd, data, sizeof(data)) > 0; i++)
            ;
    }
    close(fd);
}

static void use_one(const char *path, const char *other)
{
    char below[MAXPATH];

    snprintf(below, sizeof(below), "%s/n", path);
    switch (rnd(10)) {
    case 0:
    case 1:
    case 2:
        unlink(path);
        break;
    case 3:
        mkdir(below);
        break;
    case 4:
        link(path, other);
        break;
    case 5:
        chdir(path);
        break;
    case 6:
        use_file(below, O_CREATE | O_RDWR);
        break;
    default:
        use_file(path, rnd(2) ? O_RDWR : rnd(8) ? O_RDONLY : O_RDWR | O_TRUNC);
    }
}

int main(int argc, char **argv)
{
    int seed, nprocesses = 3;

    if (argc < 2 || argc > 3 || parse_int(argv[1], &seed) < 0 ||
        (argc > 2 && parse_int(argv[2], &nprocesses) < 0)) {
        fprintf(2, "usage: useall seed [processes]    (it destroys what is on the disk)\n");
        exit(2);
    }
    note_paths("", DEPTH);
    for (int i = 0; i < nprocesses; i++) {
        if (fork() == 0) {
            state = ((uint64)seed + 1) * 0x9e3779b97f4a7c15UL + (uint64)i * 0x100000001b3UL;
            for (int round = 0; round < ROUNDS && npaths > 0; round++)
                use_one(paths[rnd((uint64)npaths)], paths[rnd((uint64)npaths)]);
            exit(0);
        }
    }
    while (wait(0) > 0)
        ;
    sync();
    printf("useall: %d paths\n", npaths);
    exit(0);
}
