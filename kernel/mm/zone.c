/* SPDX-License-Identifier: BSD-3-Clause
 * Zones: small objects, in slabs of one page.
 *
 *   slab (a page)   [ struct slab | object | object | ... ]
 *
 * A slab belongs to the cpu that made it, and only that cpu, in a critical section, touches its free
 * objects and its place on the cpu's list. Hence zalloc and zfree use no lock and no atomic operation,
 * and no two cpus write to the same cache line, as long as objects are freed where they were allocated.
 *
 * What another cpu frees goes to a list of the owner's, one for each zone. Many cpus add to it, by
 * compare and swap; the owner takes all of it. An IPI message asks it to: the cpu that finds the list
 * empty sends one, which is passive, as nobody waits for the objects; and each RETURNED_MOST-th object
 * interrupts the owner, so that it never has much to take at once (docs/design.md says why).
 *
 * Free objects stay in their slab: there is no second cache of objects that would keep slabs from
 * becoming empty. Each cpu keeps at most one empty slab of each zone, so that code that allocates and
 * frees an object in turn does not move a page each time; further ones go back to page.c at once.
 *
 * zalloc: thread context. zfree: thread context or IPI body; it may send a message, so the caller
 * must not hold a spin lock.
 */
#include "mm/zone.h"

#include "kernel/riscv.h"
#include "lib/assert.h"
#include "lib/list.h"
#include "lib/string.h"
#include "lib/testpoint.h"
#include "lwkt/ipiq.h"
#include "mm/memstat.h"
#include "mm/page.h"

#define MAXZONES 24
#define OBJ_ALIGN 16UL
#define OBJ_MAX 2048UL
#define KMALLOC_MIN 16UL
#define KMALLOC_ZONES 8 /* 16, 32, ... 2048 */

struct zone {
    const char *name;
    uint32 size;     /* bytes of an object, a multiple of OBJ_ALIGN */
    uint32 capacity; /* objects in a slab */
    uint32 id;       /* index in zones[] */
};

/* A cpu's slabs of one zone that have a free object; full ones are on no list. */
struct zone_cpu {
    struct list partial; /* empty ones at the tail */
    uint32 nempty;       /* 0 or 1: how many have no object in use; others may peek */
    uint32 npages;       /* slabs, full ones included; others may peek */
};

#define RETURNED_MOST 64

struct freeobj {
    struct freeobj *next;
    uint64 count; /* on the list of what others freed: objects from here to its end. A hint. */
};
_Static_assert(sizeof(struct freeobj) <= OBJ_ALIGN, "it lies in the smallest object");

/* At the start of its page. */
struct slab {
    struct list node; /* zone_cpu.partial */
    struct zone *zone;
    struct freeobj *free; /* objects that were used and freed */
    uint32 cpu;           /* owner */
    uint32 inuse;         /* objects in use */
    uint32 carved;        /* objects that were ever handed out; the rest is untouched */
} __attribute__((aligned(64)));

static struct zone zones[MAXZONES];
static uint32 nzones;
static struct spinlock zones_lock = SPINLOCK("zones");
static struct zone_cpu zone_cpus[NCPU][MAXZONES];
static struct zone *kmalloc_zones[KMALLOC_ZONES];

/* For each owner, the lists of what other cpus have freed. */
static struct {
    struct freeobj *list[MAXZONES];
} __attribute__((aligned(CACHE_LINE))) returned[NCPU];

static inline struct slab *slab_of(void *obj)
{
    return (struct slab *)PGROUNDDOWN((uint64)obj);
}

struct zone *zone_create(const char *name, size_t size)
{
    if (size == 0 || size > OBJ_MAX)
        panic("zone %s: objects of %lu bytes; 1 to %lu are allowed", name, size, OBJ_MAX);
    spin_lock(&zones_lock);
    uint32 id = nzones++;
    spin_unlock(&zones_lock);
    if (id >= MAXZONES)
        panic("zone %s: more than %d zones", name, MAXZONES);

    struct zone *z = &zones[id];
    z->name = name;
    z->size = (uint32)((size + OBJ_ALIGN - 1) & ~(OBJ_ALIGN - 1));
    z->capacity = (uint32)((PGSIZE - sizeof(struct slab)) / z->size);
    z->id = id;
    for (int i = 0; i < NCPU; i++) /* also those that start later */
        list_init(&zone_cpus[i][id].partial);
    return z;
}

void zone_init(void)
{
    static const char *const names[KMALLOC_ZONES] = {"16",  "32",  "64",   "128",
                                                     "256", "512", "1024", "2048"};

    for (uint32 i = 0; i < KMALLOC_ZONES; i++)
        kmalloc_zones[i] = zone_create(names[i], KMALLOC_MIN << i);
}

/*
 * A new, empty slab of this cpu on its list, or NULL. In a critical section.
 */
static struct slab *slab_create(struct zone *z, struct zone_cpu *zc)
{
    struct slab *s = page_alloc();

    if (s == NULL)
        return NULL;
    s->zone = z;
    s->free = NULL;
    s->cpu = (uint32)mycpuid;
    s->inuse = 0;
    s->carved = 0;
    list_insert_head(&zc->partial, &s->node);
    poke(&zc->nempty, zc->nempty + 1);
    poke(&zc->npages, zc->npages + 1);
    return s;
}

/*
 * Take an object from a slab that has one; a slab that becomes full leaves the list.
 */
static inline void *slab_take(struct slab *s, struct zone_cpu *zc)
{
    struct zone *z = s->zone;
    struct freeobj *obj = s->free;

    if (obj != NULL)
        s->free = obj->next;
    else
        obj = (struct freeobj *)((char *)(s + 1) + (uint64)s->carved++ * z->size);
    if (s->inuse++ == 0)
        poke(&zc->nempty, zc->nempty - 1);
    if (s->inuse == z->capacity)
        list_remove(&s->node);
    return obj;
}

/* Zero an object: its size is a multiple of OBJ_ALIGN, and most are small. */
static inline void clear(void *obj, uint32 size)
{
    _Static_assert(OBJ_ALIGN == 16, "two words a turn");
    uint64 *w = obj, *end = w + size / sizeof(*w);

    if (size > 256) {
        memset(obj, 0, size);
        return;
    }
    for (; w < end; w += 2)
        w[0] = w[1] = 0;
}

/* No slab of this cpu has a free object. In a critical section. */
static void *__attribute__((noinline)) take_from_new(struct zone *z, struct zone_cpu *zc)
{
    struct slab *s = slab_create(z, zc);

    return s != NULL ? slab_take(s, zc) : NULL;
}

void *zalloc(struct zone *z)
{
    void *obj;

    if (testpoint(TP_FAIL_ALLOC))
        return NULL;
    crit_enter();
    struct zone_cpu *zc = &zone_cpus[mycpuid][z->id];
    if (list_empty(&zc->partial))
        obj = take_from_new(z, zc);
    else
        obj = slab_take(list_entry(zc->partial.next, struct slab, node), zc);
    if (obj != NULL)
        clear(obj, z->size);
    crit_exit();
    return obj;
}

/*
 * The last object of a slab came back: keep the slab as this cpu's reserve, after all slabs in use, or
 * free it if there is a reserve.
 */
static void __attribute__((noinline)) slab_empty(struct slab *s, struct zone_cpu *zc)
{
    list_remove(&s->node);
    if (zc->nempty > 0) {
        poke(&zc->npages, zc->npages - 1);
        page_unref(s);
        return;
    }
    list_insert_tail(&zc->partial, &s->node);
    poke(&zc->nempty, 1);
}

/*
 * Put an object back into its slab. On the slab's cpu, in a critical section.
 */
static inline void slab_put(struct slab *s, void *obj)
{
    struct zone_cpu *zc = &zone_cpus[s->cpu][s->zone->id];
    struct freeobj *f = obj;

    KASSERT(((uint64)obj - (uint64)(s + 1)) % s->zone->size == 0 && s->inuse > 0,
            "%p is not an object in use of zone %s", obj, s->zone->name);
    f->next = s->free;
    s->free = f;
    if (s->inuse-- == s->zone->capacity)
        list_insert_head(&zc->partial, &s->node);
    if (s->inuse == 0)
        slab_empty(s, zc);
}

/*
 * IPI body on the owner's cpu: take back what other cpus have freed of a zone.
 */
static void take_returned(void *arg)
{
    struct zone *z = arg;
    /* The cas in zfree_elsewhere: all that others did to the objects is done. */
    struct freeobj *f = amo_swap_acq(&returned[mycpuid].list[z->id], NULL), *next;

    for (; f != NULL; f = next) {
        next = f->next;
        slab_put(slab_of(f), f);
    }
}

/* Empty slabs are at the tails of the lists. */
void zone_drain(void)
{
    crit_enter();
    for (uint32 id = 0; id < nzones; id++) {
        struct zone_cpu *zc = &zone_cpus[mycpuid][id];
        take_returned(&zones[id]);
        if (zc->nempty == 0)
            continue;
        struct slab *s = list_entry(zc->partial.prev, struct slab, node);
        KASSERT(s->inuse == 0, "an empty slab of zone %s is not at the tail", s->zone->name);
        list_remove(&s->node);
        page_unref(s);
        poke(&zc->nempty, 0);
        poke(&zc->npages, zc->npages - 1);
    }
    crit_exit();
}

/*
 * Give an object to the cpu that owns its slab. When it is on the list it may be taken at once, and the
 * slab be gone. The list's first object may be gone as well when its count is read; then that is wrong,
 * and only decides whether to interrupt.
 */
static void __attribute__((noinline)) zfree_elsewhere(struct zone *z, struct freeobj *f, int owner)
{
    struct freeobj **list = &returned[owner].list[z->id], *first;
    uint64 count;

    do {
        first = peek(list);
        count = first != NULL ? peek(&first->count) + 1 : 1;
        f->next = first;
        f->count = count;
    } while (!amo_cas(list, first, f)); /* release: take_returned */
    if (first == NULL)
        lwkt_send_ipiq_passive(globaldata_of[owner], take_returned, z);
    else if (count % RETURNED_MOST == 0)
        lwkt_send_ipiq(globaldata_of[owner], take_returned, z);
}

/*
 * s->cpu may be read anywhere: it is constant while an object of the slab is in use.
 */
void zfree(struct zone *z, void *obj)
{
    struct slab *s = slab_of(obj);

    KASSERT(s->zone == z, "%p is of zone %s, not %s", obj, s->zone->name, z->name);
    crit_enter();
    if (s->cpu == (uint32)mycpuid)
        slab_put(s, obj);
    else
        zfree_elsewhere(z, obj, (int)s->cpu);
    crit_exit();
}

void *kmalloc(size_t size)
{
    uint32 i = 0;

    KASSERT(size > 0 && size <= OBJ_MAX, "%lu bytes", size);
    while ((KMALLOC_MIN << i) < size)
        i++;
    return zalloc(kmalloc_zones[i]);
}

void kfree(void *obj)
{
    if (obj != NULL)
        zfree(slab_of(obj)->zone, obj);
}

uint64 zone_count_pages(void)
{
    uint64 n = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        for (uint32 id = 0; id < nzones; id++)
            n += peek(&zone_cpus[cpu][id].npages);
    return n;
}

uint64 zone_count_reserve(void)
{
    uint64 n = 0;

    for (int cpu = 0; cpu < ncpus; cpu++)
        for (uint32 id = 0; id < nzones; id++)
            n += peek(&zone_cpus[cpu][id].nempty);
    return n;
}
