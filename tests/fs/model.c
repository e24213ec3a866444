/* SPDX-License-Identifier: BSD-3-Clause
 * The model: see model.h. Everything is a linear search, because only correctness counts.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define NNODES 300
#define NENTRIES 64

struct entry {
    char name[DIRSIZ + 1];
    struct node *node;
};

struct node {
    int type, nlink, major, minor, opened;
    unsigned size;
    char *data;
    struct entry entries[NENTRIES]; /* directories; "." and ".." are not here */
};

static struct node nodes[NNODES];
static struct node *root = &nodes[0];

static struct {
    struct node *node;
    int mode;
    unsigned off;
} fds[MODEL_FDS];

static struct node *node_new(int type)
{
    for (struct node *n = nodes; n < nodes + NNODES; ++n) {
        if (n->type == 0) {
            *n = (struct node){.type = type, .nlink = 1};
            n->data = type == T_FILE ? calloc(1, MODEL_FILE_MAX) : NULL;
            return n;
        }
    }
    fail("the model has too few nodes");
}

static void node_release(struct node *n)
{
    if (n->nlink > 0 || n->opened > 0)
        return;
    free(n->data);
    n->type = 0;
}

void model_init(void)
{
    node_new(T_DIR);
}

static struct entry *find_entry(struct node *dir, const char *name)
{
    for (int i = 0; dir->type == T_DIR && i < NENTRIES; ++i) {
        if (dir->entries[i].node != NULL && strcmp(dir->entries[i].name, name) == 0)
            return &dir->entries[i];
    }
    return NULL;
}

/* The directory of the last name of the path, and that name cut to DIRSIZ; NULL: there is none. */
static struct node *parent_of(const char *path, char *name)
{
    struct node *dir = root;
    char copy[MAXPATH];

    snprintf(copy, sizeof(copy), "%s", path);
    char *save = NULL;
    char *part = strtok_r(copy, "/", &save);
    while (part != NULL) {
        char *next = strtok_r(NULL, "/", &save);
        snprintf(name, DIRSIZ + 1, "%s", part);
        if (next == NULL)
            return dir->type == T_DIR ? dir : NULL;
        struct entry *e = find_entry(dir, name);
        if (e == NULL)
            return NULL;
        dir = e->node;
        part = next;
    }
    return NULL;
}

static void add_entry(struct node *dir, const char *name, struct node *node)
{
    for (int i = 0; i < NENTRIES; ++i) {
        if (dir->entries[i].node == NULL) {
            snprintf(dir->entries[i].name, DIRSIZ + 1, "%s", name);
            dir->entries[i].node = node;
            return;
        }
    }
    fail("the model's directories are too small");
}

int model_create(const char *path, int type, int major, int minor)
{
    char name[DIRSIZ + 1];
    struct node *dir = parent_of(path, name);

    if (dir == NULL || find_entry(dir, name) != NULL)
        return -1;
    struct node *n = node_new(type);
    n->major = major;
    n->minor = minor;
    add_entry(dir, name, n);
    dir->nlink += type == T_DIR;
    return 0;
}

int model_open(int fd, const char *path, int mode)
{
    char name[DIRSIZ + 1];
    struct node *dir = parent_of(path, name);
    if (dir == NULL)
        return -1;
    struct entry *e = find_entry(dir, name);
    if (e == NULL && (mode & O_CREATE) != 0) {
        model_create(path, T_FILE, 0, 0);
        e = find_entry(dir, name);
    } else if (e != NULL && (mode & O_CREATE) != 0 && e->node->type == T_DIR) {
        return -1;
    }
    if (e == NULL || (e->node->type == T_DIR && mode != O_RDONLY))
        return -1;
    fds[fd].node = e->node;
    fds[fd].mode = mode;
    fds[fd].off = 0;
    ++e->node->opened;
    if ((mode & O_TRUNC) != 0 && e->node->type == T_FILE)
        e->node->size = 0;
    return 0;
}

void model_close(int fd)
{
    --fds[fd].node->opened;
    node_release(fds[fd].node);
    fds[fd].node = NULL;
}

int model_is_open(int fd)
{
    return fds[fd].node != NULL;
}

long model_read(int fd, const char **data, long n)
{
    struct node *node = fds[fd].node;

    if ((fds[fd].mode & O_WRONLY) != 0 || node->type == T_DEVICE)
        return -1;
    if (node->type == T_DIR)
        return -2; /* the caller leaves it alone */
    *data = node->data + fds[fd].off;
    if (fds[fd].off >= node->size)
        return 0;
    if (n > (long)(node->size - fds[fd].off))
        n = node->size - fds[fd].off;
    fds[fd].off += (unsigned)n;
    return n;
}

unsigned model_offset(int fd)
{
    return fds[fd].off;
}

int model_can_write(int fd, long n)
{
    return (fds[fd].mode & (O_WRONLY | O_RDWR)) != 0 && fds[fd].node->type == T_FILE &&
           fds[fd].off <= fds[fd].node->size && fds[fd].off + n <= MODEL_FILE_MAX;
}

void model_write(int fd, const char *data, long n)
{
    struct node *node = fds[fd].node;

    memcpy(node->data + fds[fd].off, data, (size_t)n);
    fds[fd].off += (unsigned)n;
    if (fds[fd].off > node->size)
        node->size = fds[fd].off;
}

int model_link(const char *old, const char *new)
{
    char name[DIRSIZ + 1];
    struct node *dir = parent_of(old, name);
    struct entry *e = dir != NULL ? find_entry(dir, name) : NULL;
    if (e == NULL || e->node->type == T_DIR)
        return -1;
    struct node *to = parent_of(new, name);
    if (to == NULL || find_entry(to, name) != NULL)
        return -1;
    add_entry(to, name, e->node);
    ++e->node->nlink;
    return 0;
}

int model_unlink(const char *path)
{
    char name[DIRSIZ + 1];
    struct node *dir = parent_of(path, name);
    struct entry *e = dir != NULL ? find_entry(dir, name) : NULL;
    if (e == NULL)
        return -1;
    for (int i = 0; e->node->type == T_DIR && i < NENTRIES; ++i) {
        if (e->node->entries[i].node != NULL)
            return -1;
    }
    dir->nlink -= e->node->type == T_DIR;
    --e->node->nlink;
    node_release(e->node);
    e->node = NULL;
    return 0;
}

/* --- digests: a sum over all names, so that their order does not count --- */

static unsigned long mix(unsigned long hash, const void *data, size_t n)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < n; ++i)
        hash = (hash ^ p[i]) * 0x100000001b3UL;
    return hash ^ hash >> 29;
}

static unsigned long mix_node(unsigned long path, int type, int nlink, unsigned long size)
{
    unsigned long fields[] = {(unsigned long)type, (unsigned long)nlink, type == T_FILE ? size : 0};

    return mix(path, fields, sizeof(fields));
}

static unsigned long digest(const struct node *n, unsigned long path)
{
    unsigned long sum = mix_node(path, n->type, n->nlink, n->size);

    if (n->type == T_FILE)
        sum = mix(sum, n->data, n->size);
    for (int i = 0; n->type == T_DIR && i < NENTRIES; ++i) {
        const struct entry *e = &n->entries[i];
        if (e->node != NULL)
            sum += digest(e->node, mix(path + 1, e->name, strlen(e->name)));
    }
    return sum;
}

unsigned long model_digest(void)
{
    return digest(root, 1);
}

static unsigned long fs_digest_at(const char *path, unsigned long hash);

static unsigned long fs_digest_dir(int fd, const char *path, unsigned long hash)
{
    unsigned long sum = 0;
    struct dirent de;

    while (t_read(fd, &de, sizeof(de)) == sizeof(de)) {
        char name[DIRSIZ + 1] = "";
        char below[4 * MAXPATH];
        memcpy(name, de.name, DIRSIZ);
        if (de.inum == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        snprintf(below, sizeof(below), "%s/%s", path, name);
        sum += fs_digest_at(below, mix(hash + 1, name, strlen(name)));
    }
    return sum;
}

static unsigned long fs_digest_at(const char *path, unsigned long hash)
{
    static char content[MODEL_FILE_MAX];
    struct stat st;
    int fd = t_open(*path != '\0' ? path : "/", O_RDONLY);

    if (fd < 0 || t_fstat(fd, &st) < 0)
        fail("can't open %s", path);
    unsigned long sum = mix_node(hash, st.type, st.nlink, st.size);
    if (st.type == T_FILE) {
        if (t_read(fd, content, sizeof(content)) != (long)st.size)
            fail("can't read %s", path);
        sum = mix(sum, content, st.size);
    } else if (st.type == T_DIR) {
        sum += fs_digest_dir(fd, path, hash);
    }
    t_close(fd);
    return sum;
}

unsigned long fs_digest(void)
{
    return fs_digest_at("", 1);
}
