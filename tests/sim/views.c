/* SPDX-License-Identifier: BSD-3-Clause
 * The instrumented build's memory: which stores a load may return.
 *
 * Memory itself always has the newest value of each word. In the instrumented build each word that
 * primitives use also keeps its last stores, in their order, and each cpu a view: for each word, the
 * oldest of its stores that the cpu may still see. This is C11's order of relaxed, acquire and release
 * accesses and fences, and no more:
 *
 *   peek, consume   return any store that the view allows (explore.c chooses; the newest costs nothing)
 *   AMOs            return the newest, and add theirs
 *   a release       store or AMO carries its cpu's view, and an acquire that reads it joins that one; so does
 *                   one that reads a later AMO, or the same cpu's next stores to that word
 *   fence()         is both, also for the relaxed accesses around it, and joins one view of all fences
 *   a full AMO      is acquire and release, and a fence after it has seen it; it is no fence itself
 *   cpu_ipi_raise   is a release; taking the interrupt, or cpu_relax swallowing it, is an acquire
 *
 * With the views go the clocks of the race detector, for which the view of all fences does not count: C11
 * has no order between two fences as such. Time and timers order nothing.
 *
 * What is not explored: a load that returns a store that comes later (load buffering), and stores to
 * one word whose order is not that of execution (2+2W).
 */
#include <string.h>

#include "views.h"

#define LOCATIONS 65536 /* words, in a run; with views, VIEWED */
#define VIEWED 1024
#define KEPT 8 /* stores of a word */
#define POOL (64UL << 20)

typedef unsigned short stamp_t; /* number of a store to its word */

struct view {
    uint32 clock[SIM_CPUS];
    stamp_t oldest[VIEWED];
};

/* A store, and what its cpu had seen. */
struct message {
    uint64 value;
    uint32 clock[SIM_CPUS];
    stamp_t *oldest; /* of the first noldest locations; the others': 0 */
    int noldest;
    int cpu; /* that stored it; -1: a plain store, which goes on with nothing */
    bool amo;
};

struct location {
    volatile void *p;
    size_t size;
    bool unread; /* the last one is a plain store, whose value is still only in memory */
    uint32 stores;
    struct message kept[KEPT]; /* store number i is kept[i % KEPT] */
};

/* All of it in memory that no restore touches. */
static struct model {
    uint32 epoch;
    int nlocations;
    struct location location[LOCATIONS];
    struct view view[SIM_CPUS];    /* of this cpu */
    struct view acquire[SIM_CPUS]; /* what relaxed loads have read: a fence's to join */
    struct view release[SIM_CPUS]; /* at the last fence: what relaxed stores carry */
    struct view ipi[SIM_CPUS];     /* what interrupts to this cpu carry */
    stamp_t fences[VIEWED];        /* what all fences have seen */
    struct {
        uint32 epoch;
        int location;
    } index[WORDS_MAX];
    size_t pool_used;
    char pool[POOL];
} * model;

static bool viewed; /* views are kept: in explored parts */

uint32 *sim_clock(int cpu)
{
    return model->view[cpu].clock;
}

void memory_begin(bool views)
{
    if (model == NULL)
        model = host_alloc(sizeof(*model));
    model->epoch++;
    model->nlocations = 0;
    model->pool_used = 0;
    viewed = views;
    memset(model->fences, 0, sizeof(model->fences));
    for (int i = 0; i < SIM_CPUS; i++) {
        memset(&model->view[i], 0, sizeof(struct view));
        memset(&model->acquire[i], 0, sizeof(struct view));
        memset(&model->release[i], 0, sizeof(struct view));
        memset(&model->ipi[i], 0, sizeof(struct view));
        model->view[i].clock[i] = 1;
    }
}

static void join_clock(uint32 *into, const uint32 *from)
{
    for (int i = 0; i < SIM_CPUS; i++)
        if (from[i] > into[i])
            into[i] = from[i];
}

static void join_stamps(stamp_t *into, const stamp_t *from, int n)
{
    for (int i = 0; i < n; i++)
        into[i] = from[i] > into[i] ? from[i] : into[i];
}

static void join(struct view *into, const struct view *from)
{
    join_clock(into->clock, from->clock);
    if (viewed)
        join_stamps(into->oldest, from->oldest, model->nlocations);
}

static void copy_view(struct view *to, const struct view *from)
{
    memcpy(to->clock, from->clock, sizeof(to->clock));
    if (viewed)
        memcpy(to->oldest, from->oldest, (size_t)model->nlocations * sizeof(stamp_t));
}

static void join_message(struct view *into, const struct message *m)
{
    join_clock(into->clock, m->clock);
    if (m->oldest != NULL)
        join_stamps(into->oldest, m->oldest, m->noldest);
}

/* All cpus see all there is so far. */
void memory_sync_all(void)
{
    struct view all = model->view[0];

    for (int i = 1; i < SIM_CPUS; i++)
        join(&all, &model->view[i]);
    for (int i = 0; i < SIM_CPUS; i++) {
        copy_view(&model->view[i], &all);
        ++model->view[i].clock[i];
    }
}

static struct message *message(struct location *l, uint32 number)
{
    return &l->kept[number % KEPT];
}

/* A new store, with what it carries (NULL: nothing). Its own cpu has seen it. */
static struct message *add_store(struct location *l, uint64 v, const struct view *carries)
{
    struct message *m = message(l, l->stores);

    *m = (struct message){.value = v, .cpu = carries != NULL ? self : -1};
    if (carries != NULL)
        memcpy(m->clock, carries->clock, sizeof(m->clock));
    if (viewed && carries != NULL) {
        size_t size = (size_t)model->nlocations * sizeof(stamp_t);
        if (model->pool_used + size > POOL || l->stores == 0xffff)
            panic("the explorer has no room for another store");
        m->oldest = (stamp_t *)(void *)(model->pool + model->pool_used);
        m->noldest = model->nlocations;
        model->pool_used += size;
        memcpy(m->oldest, carries->oldest, size);
    }
    if (viewed)
        model->view[self].oldest[l - model->location] = (stamp_t)l->stores;
    l->stores++;
    return m;
}

/* What plain stores, and the machine, have done to the word meanwhile. */
static void settle(struct location *l)
{
    uint64 v = memory_load(l->p, l->size);
    struct message *last = message(l, l->stores - 1);

    if (l->unread)
        last->value = v;
    else if (last->value != v)
        add_store(l, v, NULL);
    l->unread = false;
}

static struct location *known(const volatile void *p)
{
    int64 word = word_of(p);

    if (word < 0 || model->index[word].epoch != model->epoch)
        return NULL;
    return &model->location[model->index[word].location];
}

static struct location *location(const volatile void *p, size_t size)
{
    struct location *l = known(p);

    if (l != NULL && l->size == size) {
        settle(l);
        return l;
    }
    if (l == NULL) {
        int64 word = word_of(p);
        if (word < 0 || model->nlocations == (viewed ? VIEWED : LOCATIONS))
            panic("the memory model has no room for %p", (const void *)p);
        model->index[word].epoch = model->epoch;
        model->index[word].location = model->nlocations;
        l = &model->location[model->nlocations++];
    }
    l->p = (volatile void *)(uint64)p;
    l->size = size;
    l->stores = 1;
    l->unread = false;
    *message(l, 0) = (struct message){.value = memory_load(p, size), .cpu = -1};
    return l;
}

/* The memory is another object's. */
void memory_forget(const void *start, size_t size)
{
    if (model == NULL)
        return;
    for (int i = 0; i < model->nlocations; i++) {
        struct location *l = &model->location[i];
        if ((uint64)l->p - (uint64)start >= size)
            continue;
        l->stores = 1;
        l->unread = true;
        *message(l, 0) = (struct message){.cpu = -1};
        for (int cpu = 0; viewed && cpu < SIM_CPUS; cpu++)
            model->view[cpu].oldest[i] = 0;
    }
}

/* Before a plain store. The word's value is known after it. */
void memory_plain_write(const volatile void *p)
{
    struct location *l = known(p);

    if (l == NULL)
        return;
    settle(l);
    add_store(l, 0, NULL);
    l->unread = true;
}

static void read_message(struct location *l, uint32 number, uint32 order)
{
    struct message *m = message(l, number);

    if (viewed && model->view[self].oldest[l - model->location] < number)
        model->view[self].oldest[l - model->location] = (stamp_t)number;
    join_message(order & ORDER_ACQUIRE ? &model->view[self] : &model->acquire[self], m);
}

/* What was released is over for the detector: what the cpu does from here on is another matter. */
static void next_clock(void)
{
    ++model->view[self].clock[self];
}

uint64 views_load(const volatile void *p, size_t size, const struct sim_site *site)
{
    struct location *l = location(p, size);
    uint32 last = l->stores - 1, oldest = last < KEPT ? 0 : last - KEPT + 1, age = 0;

    if (viewed) {
        uint32 seen = model->view[self].oldest[l - model->location];
        oldest = seen > oldest ? seen : oldest;
        if (oldest < last)
            age = explore_stale(last - oldest + 1, p);
    }
    read_message(l, last - age, site->order);
    explore_event(site, p, message(l, last - age)->value, age);
    return message(l, last - age)->value;
}

/* C11's release sequence: an AMO, and a store by the cpu that did the last one, carry what that one did. */
static void go_on_with(struct message *m, const struct message *old)
{
    join_clock(m->clock, old->clock);
    if (m->oldest != NULL && old->oldest != NULL)
        join_stamps(m->oldest, old->oldest, old->noldest);
}

/* What is not explored must not matter: the order of two stores of the core to one word is that of execution
 * only if the second cpu has seen the first. (Or if one is an AMO: in the other order it reads the other, which
 * is another execution.) */
static void seen_before_stored(const struct location *l, const struct sim_site *site)
{
    if (viewed && !l->kept[(l->stores - 1) % KEPT].amo &&
        model->view[self].oldest[l - model->location] != l->stores - 1 &&
        strncmp(site->file, "kernel/", 7) == 0)
        panic("%s:%d: stores to %s, whose last store it may not have seen", site->file, site->line,
              site->word);
}

void views_store(volatile void *p, size_t size, uint64 v, const struct sim_site *site)
{
    struct location *l = location(p, size);

    seen_before_stored(l, site);
    struct message old = *message(l, l->stores - 1);
    bool releases = site->order & ORDER_RELEASE;
    struct message *m = add_store(l, v, releases ? &model->view[self] : &model->release[self]);

    if (old.cpu == self)
        go_on_with(m, &old);
    if (releases)
        next_clock();
    explore_event(site, p, v, 0);
}

void views_amo(volatile void *p, size_t size, uint64 v, const struct sim_site *site)
{
    struct location *l = location(p, size);
    struct message old = *message(l, l->stores - 1);
    bool releases = site->order & ORDER_RELEASE;

    read_message(l, l->stores - 1, site->order);
    struct message *m = add_store(l, v, releases ? &model->view[self] : &model->release[self]);
    go_on_with(m, &old);
    m->amo = true;
    if (releases)
        next_clock();
    if (viewed && site->order == ORDER_FULL)
        model->fences[l - model->location] = (stamp_t)(l->stores - 1);
}

/* A compare that fails is a load of the newest. */
void views_failed_cas(const volatile void *p, size_t size, const struct sim_site *site)
{
    struct location *l = location(p, size);

    read_message(l, l->stores - 1, site->order);
}

static void join_fences(void)
{
    int n = model->nlocations;

    join_stamps(model->view[self].oldest, model->fences, n);
    memcpy(model->fences, model->view[self].oldest, (size_t)n * sizeof(stamp_t));
}

void views_fence(const struct sim_site *site)
{
    if (site->order & ORDER_ACQUIRE)
        join(&model->view[self], &model->acquire[self]);
    if (viewed && site->order == ORDER_FULL)
        join_fences();
    if (site->order & ORDER_RELEASE) {
        copy_view(&model->release[self], &model->view[self]);
        next_clock();
    }
    explore_event(site, NULL, 0, 0);
}

void sim_ipi_release(int cpu)
{
    if (!running)
        return;
    join(&model->ipi[cpu], &model->view[self]);
    next_clock();
}

void sim_ipi_acquire(void)
{
    join(&model->view[self], &model->ipi[self]);
}
