/* SPDX-License-Identifier: BSD-3-Clause
 * ktrdump: print what the kernel has traced (kernel/ktr_entry.h), the events of all cpus by time.
 *
 *   ktrdump -on all         forget what was recorded and record from now on: all, or the classes that
 *                           are named (ctxsw,ipi,token,migrate,sleep,syscall,tick), or a mask of bits
 *   ktrdump -off            stop recording
 *   ktrdump [-c cpu] [-n last]     print; recording pauses meanwhile
 *
 * Each event is a line of words name=value, which tools/ktr2json turns into a file for trace viewers:
 *
 *   ktr t=2041924 cpu=1 seq=17 td=129 comm=sh ev=switch a=0x1 b=0x1 pri=16 pc=0x80204c1a
 *      wmesg=0x0
 *
 * (in one line). pri is the thread's priority, pc the low half of the address at which the kernel
 * recorded the event, wmesg the low 24 bits of the address of the thread's wait message. If events were
 * overwritten, a line before all others says how many: ktr dropped=812
 */
#include "kernel/types.h"
#include "kernel/ktr_entry.h"
#include "kernel/param.h"
#include "user/user.h"

#define BATCH 64

/* A cpu's ring, read in pieces. */
struct reader {
    int cpu;
    int n, i;    /* entries in e[], and the index of the next */
    uint64 next; /* first sequence number after them */
    struct ktr_entry e[BATCH];
};

static struct reader *readers[NCPU];
static int nreaders;

static const char *const names[KTR_NEVENTS] = {
    "switch",    "schedule",  "preempt",    "newtd",       "deadtd",     "ipi_send", "ipi_recv",
    "token_get", "token_rel", "token_wait", "migrate_out", "migrate_in", "sleep",    "wakeup",
    "syscall",   "sysret",    "tick",       "intr",        "args",
};

static const struct {
    const char *name;
    uint64 mask;
} classes[] = {
    {"all", KTR_ALL},          {"ctxsw", KTR_CTXSW},     {"ipi", KTR_IPIQ},
    {"token", KTR_TOKENS},     {"migrate", KTR_MIGRATE}, {"sleep", KTR_TSLEEP},
    {"syscall", KTR_SYSCALLS}, {"tick", KTR_TICKS},
};

static void die(const char *why)
{
    fprintf(2, "ktrdump: %s\n", why);
    exit(1);
}

static uint64 get(const char *name)
{
    uint64 value;

    if (sysctl(name, &value, 0) < 0)
        die(name);
    return value;
}

static void set(const char *name, uint64 value)
{
    if (sysctl(name, 0, &value) < 0)
        die(name);
}

/* The mask of the class that the n characters at `word` name; 0: there is no such class. */
static uint64 class_mask(const char *word, uint n)
{
    for (uint i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strlen(classes[i].name) == n && memcmp(classes[i].name, word, n) == 0)
            return classes[i].mask;
    return 0;
}

/* Words separated by commas, or a decimal number. */
static uint64 parse_mask(const char *s)
{
    uint64 mask = 0;

    if (*s >= '0' && *s <= '9')
        return (uint64)atoi(s);
    while (*s != 0) {
        const char *end = strchr(s, ',');
        uint n = end != 0 ? (uint)(end - s) : strlen(s);
        uint64 one = class_mask(s, n);
        if (one == 0)
            die("-on takes all, or some of ctxsw,ipi,token,migrate,sleep,syscall,tick, or a mask");
        mask |= one;
        s += end != 0 ? n + 1 : n;
    }
    return mask;
}

/* The next entry of a ring, or 0. */
static struct ktr_entry *peek_entry(struct reader *r)
{
    if (r->i == r->n) {
        r->n = ktrace(r->cpu, r->next, r->e, BATCH);
        r->i = 0;
        if (r->n <= 0) {
            r->n = 0;
            return 0;
        }
        r->next = r->e[r->n - 1].seq + 1;
    }
    return &r->e[r->i];
}

static void open_readers(int only)
{
    uint64 ncpus = get("kern.ncpus");

    for (int cpu = 0; cpu < (int)ncpus; cpu++) {
        if (only >= 0 && cpu != only)
            continue;
        struct reader *r = malloc(sizeof(*r));
        if (r == 0)
            die("out of memory");
        r->cpu = cpu;
        readers[nreaders++] = r;
    }
    if (nreaders == 0)
        die("no such cpu");
}

static void rewind_readers(void)
{
    for (int i = 0; i < nreaders; i++) {
        readers[i]->i = readers[i]->n = 0;
        readers[i]->next = 0;
    }
}

/* The reader whose next entry is the earliest, or 0 at the end. */
static struct reader *earliest(void)
{
    struct reader *best = 0;

    for (int i = 0; i < nreaders; i++) {
        struct ktr_entry *e = peek_entry(readers[i]);
        if (e != 0 && (best == 0 || e->time < peek_entry(best)->time))
            best = readers[i];
    }
    return best;
}

/* Programs choose their names: keep the line a single line of words. */
static void print_entry(int cpu, struct ktr_entry *e)
{
    char comm[sizeof(e->comm) + 1];

    memmove(comm, e->comm, sizeof(e->comm));
    comm[sizeof(e->comm)] = 0;
    for (char *c = comm; *c != 0; c++)
        if (*c <= ' ' || *c > '~' || *c == '=')
            *c = '_';
    printf(
        "ktr t=%lu cpu=%d seq=%lu td=%u comm=%s ev=%s a=0x%lx b=0x%lx pri=%u pc=0x%x wmesg=0x%x\n",
        e->time, cpu, e->seq, e->td, comm[0] != 0 ? comm : "-",
        e->event < KTR_NEVENTS ? names[e->event] : "unknown", e->a, e->b, e->pri_wmesg & 0xff,
        e->pc, e->pri_wmesg >> 8);
}

/* Print all entries but the first `skip`, or none without `print`. Returns how many there are. */
static int print_entries(int skip, int print)
{
    struct reader *r;
    int n = 0;

    rewind_readers();
    while ((r = earliest()) != 0) {
        if (print && n >= skip)
            print_entry(r->cpu, &r->e[r->i]);
        r->i++;
        n++;
    }
    return n;
}

static void dump(int cpu, int last)
{
    uint64 mask = get("kern.ktr_mask");
    int skip = 0;

    set("kern.ktr_mask", 0);
    open_readers(cpu);
    uint64 dropped = get("kern.ktr_dropped");
    if (dropped > 0)
        printf("ktr dropped=%lu\n", dropped);
    if (last >= 0)
        skip = print_entries(0, 0) - last;
    print_entries(skip, 1);
    set("kern.ktr_mask", mask);
}

static void usage(void)
{
    fprintf(2, "usage: ktrdump [-c cpu] [-n last] | -on all|class,...|mask | -off\n");
    exit(2);
}

int main(int argc, char **argv)
{
    int cpu = -1, last = -1;

    if (argc == 2 && strcmp(argv[1], "-off") == 0) {
        set("kern.ktr_mask", 0);
        exit(0);
    }
    if (argc == 3 && strcmp(argv[1], "-on") == 0) {
        uint64 mask = parse_mask(argv[2]);
        set("kern.ktr_clear", 1);
        set("kern.ktr_mask", mask);
        exit(0);
    }
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            usage();
        if (strcmp(argv[i], "-c") == 0)
            cpu = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "-n") == 0)
            last = atoi(argv[i + 1]);
        else
            usage();
    }
    dump(cpu, last);
    exit(0);
}
