/* SPDX-License-Identifier: BSD-3-Clause
 * The virtio block device (virtio.h), over its memory-mapped transport, modern interface.
 *
 * A request is a chain of three descriptors: header (type, sector), data, status byte. Slot s owns the
 * descriptors 3s to 3s+2. So a request needs nothing but a free slot, and the head that the device
 * returns tells which slot it was.
 *
 *   strategy: free slot -> chain -> avail ring -> publish idx -> notify     (thread)
 *   device:   reads the chain, transfers, writes status -> used ring -> idx -> interrupt
 *   interrupt: consume idx -> used ring -> slot free -> bio_done, wakeup      (virtio_disk_intr)
 *
 * Many requests are in flight at once, and the device may finish them in any order. A thread that finds
 * no free slot sleeps.
 *
 * Invariants, under the lock: a slot is in disk.free[0 .. nfree-1], or its `bio` is set and the
 * device owns the chain until its head comes back.
 */
#include "dev/disks.h"

#include "dev/virtio.h"
#include "kernel/fs.h"
#include "kernel/memlayout.h"
#include "lib/printf.h"
#include "lwkt/spin.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"
#include "sync/intr.h"
#include "sync/sleep.h"

#define PER_SLOT 3 /* descriptors */
#define MAXSLOTS (VIRTQ_MAX / PER_SLOT)
#define SECTORS (BSIZE / VIRTIO_BLK_SECTOR)
#define NO_STATUS 0xff /* no device writes this */

struct slot {
    struct virtio_blk_req req; /* the device reads it */
    uint8 status;              /* the device writes it */
    struct bio *bio;           /* NULL: free */
};

/* Memory that the driver shares with the device, aligned as the specification demands. */
static struct virtq_desc desc[VIRTQ_MAX] __attribute__((aligned(16)));
static struct virtq_avail avail __attribute__((aligned(2)));
static struct virtq_used used __attribute__((aligned(4)));

static struct {
    uint64 regs;          /* kernel address of the registers */
    struct spinlock lock; /* guards the rest, and what the driver writes above */
    uint32 size;          /* descriptors of the queue: a power of two */
    uint16 used_seen;     /* entries taken from the used ring so far */
    bool wanted;          /* a thread sleeps on &disk.nfree */
    bool can_flush;
    int nfree;
    uint8 free[MAXSLOTS]; /* numbers of free slots */
    struct slot slot[MAXSLOTS];
} disk = {.lock = SPINLOCK("virtio disk")};

static uint32 reg_read(uint64 reg)
{
    return mmio_read32(disk.regs + reg);
}

static void reg_write(uint64 reg, uint32 value)
{
    mmio_write32(disk.regs + reg, value);
}

/* Orders memory and device registers against each other, which fence() (memory only) does not: what was
 * written to memory is visible before the device is notified, and a register that was read before
 * memory is. */
static inline void device_fence(void)
{
    __asm__ volatile("fence iorw, iorw" ::: "memory");
}

/* --- requests --- */

static void fill_desc(uint32 i, const void *addr, uint32 len, uint16 flags, uint32 next)
{
    desc[i].addr = KVA_TO_PA(addr);
    desc[i].len = len;
    desc[i].flags = flags;
    desc[i].next = (uint16)next;
}

/* Lay out the chain of slot s for its bio; one without data is a flush. Lock held. */
static void fill_chain(uint32 s)
{
    struct slot *slot = &disk.slot[s];
    struct bio *b = slot->bio;
    uint32 head = s * PER_SLOT;
    bool flush = b->bio_data == NULL;

    slot->req.type = flush ? VIRTIO_BLK_T_FLUSH : b->bio_write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN;
    slot->req.sector = flush ? 0 : b->bio_block * SECTORS;
    slot->status = NO_STATUS;
    fill_desc(head, &slot->req, sizeof(slot->req), VIRTQ_DESC_F_NEXT, flush ? head + 2 : head + 1);
    if (!flush)
        fill_desc(head + 1, b->bio_data, BSIZE,
                  b->bio_write ? VIRTQ_DESC_F_NEXT : VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE,
                  head + 2);
    fill_desc(head + 2, &slot->status, sizeof(slot->status), VIRTQ_DESC_F_WRITE, 0);
}

/* Hand the chain of slot s to the device; lock held. */
static void submit(uint32 s)
{
    uint16 idx = avail.idx;

    avail.ring[idx & (disk.size - 1)] = (uint16)(s * PER_SLOT);
    publish(&avail.idx, (uint16)(idx + 1)); /* the device reads idx first, then the ring */
}

/* Tell the device to look at the queue, unless it does so by itself. Our idx must be visible before we
 * read its flags, or each side could rely on the other. Takes no lock, as it may take long, and
 * notifying twice does no harm. */
static void notify_device(void)
{
    device_fence();
    if ((peek(&used.flags) & VIRTQ_USED_F_NO_NOTIFY) == 0)
        reg_write(VIRTIO_QUEUE_NOTIFY, 0);
}

/* Start b if a slot is free; otherwise note that a thread waits for one. */
static bool try_start(void *arg)
{
    struct bio *b = arg;
    bool started;

    spin_lock(&disk.lock);
    started = disk.nfree > 0;
    if (started) {
        uint32 s = disk.free[--disk.nfree];

        disk.slot[s].bio = b;
        fill_chain(s);
        submit(s);
    } else {
        disk.wanted = true;
    }
    spin_unlock(&disk.lock);
    if (started)
        notify_device();
    return started;
}

/* Start b; sleeps while no slot is free. Several threads may wake for one slot; the others sleep
 * again. */
static void start_request(struct bio *b)
{
    tsleep_until(&disk.nfree, 0, "vdslot", try_start, b);
}

static void virtio_disk_strategy(struct blkdev *dev, struct bio *b)
{
    if (b->bio_block >= dev->nblocks) {
        b->bio_error = -1;
        b->bio_done(b);
        return;
    }
    start_request(b);
}

/* --- flush --- */

/* The waiter may be gone as soon as it sees `done`: after that, only its address is used. */
static void flush_done(struct bio *b)
{
    uint32 *done = b->bio_arg;

    publish(done, 1); /* consume: flush_is_over */
    wakeup(done);
}

static bool flush_is_over(void *done)
{
    return consume((uint32 *)done) != 0; /* publish: flush_done */
}

static int virtio_disk_flush(struct blkdev *dev)
{
    uint32 done = 0;
    struct bio b = {.bio_data = NULL, .bio_done = flush_done, .bio_arg = &done};

    (void)dev;
    if (!disk.can_flush) /* there is no write cache then */
        return 0;
    start_request(&b);
    tsleep_until(&done, 0, "vdflush", flush_is_over, &done);
    return b.bio_error;
}

/* --- completion --- */

/* Free the slot whose chain starts at `head`, and return its bio with the result. Lock held. */
static struct bio *finish(uint32 head)
{
    uint32 s = head / PER_SLOT;
    struct bio *b = head % PER_SLOT == 0 && s < MAXSLOTS ? disk.slot[s].bio : NULL;

    if (b == NULL)
        panic("virtio disk: the device finished descriptor %u, which it does not own", head);
    b->bio_error = peek(&disk.slot[s].status) == VIRTIO_BLK_S_OK ? 0 : -1;
    disk.slot[s].bio = NULL;
    disk.free[disk.nfree++] = (uint8)s;
    return b;
}

/* Put all finished requests on the list `done`. True: a thread waits for a slot, and there is one. */
static bool collect_finished(struct list *done)
{
    bool wake;

    spin_lock(&disk.lock);
    /* Pairs with the device, which writes the entry and the status before it increments idx. */
    while (disk.used_seen != consume(&used.idx)) {
        uint32 head = used.ring[disk.used_seen & (disk.size - 1)].id;

        disk.used_seen++;
        list_insert_tail(done, &finish(head)->bio_node);
    }
    wake = disk.wanted && disk.nfree > 0;
    if (wake)
        disk.wanted = false;
    spin_unlock(&disk.lock);
    return wake;
}

/* The interrupt is acknowledged before the ring is read, so what the device finishes after our last
 * look interrupts again. bio_done runs without the lock, as it may wake threads. */
static void virtio_disk_intr(void *arg)
{
    struct list done;

    (void)arg;
    reg_write(VIRTIO_INTERRUPT_ACK, reg_read(VIRTIO_INTERRUPT_STATUS));
    device_fence();
    list_init(&done);
    if (collect_finished(&done))
        wakeup(&disk.nfree);
    while (!list_empty(&done)) {
        struct bio *b = list_entry(list_first(&done), struct bio, bio_node);

        list_remove(&b->bio_node);
        b->bio_done(b);
    }
}

/* --- setup [3.1] --- */

static struct blkdev virtio_disk = {
    .name = "virtio disk",
    .strategy = virtio_disk_strategy,
    .flush = virtio_disk_flush,
};

static bool set_status(uint32 bit)
{
    reg_write(VIRTIO_STATUS, reg_read(VIRTIO_STATUS) | bit);
    return (reg_read(VIRTIO_STATUS) & bit) != 0;
}

/* Accept those features that the driver knows; false: the device does not work with them. */
static bool negotiate(void)
{
    uint64 offered, accepted;

    reg_write(VIRTIO_DEVICE_FEATURES_SEL, 0);
    offered = reg_read(VIRTIO_DEVICE_FEATURES);
    reg_write(VIRTIO_DEVICE_FEATURES_SEL, 1);
    offered |= (uint64)reg_read(VIRTIO_DEVICE_FEATURES) << 32;

    accepted = offered & (VIRTIO_F_VERSION_1 | VIRTIO_BLK_F_FLUSH);
    disk.can_flush = (accepted & VIRTIO_BLK_F_FLUSH) != 0;
    reg_write(VIRTIO_DRIVER_FEATURES_SEL, 0);
    reg_write(VIRTIO_DRIVER_FEATURES, (uint32)accepted);
    reg_write(VIRTIO_DRIVER_FEATURES_SEL, 1);
    reg_write(VIRTIO_DRIVER_FEATURES, (uint32)(accepted >> 32));
    return (accepted & VIRTIO_F_VERSION_1) != 0 && set_status(VIRTIO_STATUS_FEATURES_OK);
}

static void write_address(uint64 reg, const void *addr)
{
    reg_write(reg, (uint32)KVA_TO_PA(addr));
    reg_write(reg + 4, (uint32)(KVA_TO_PA(addr) >> 32));
}

/* The largest power of two that exceeds neither the device's limit nor our arrays; 0: it has no
 * queue. */
static uint32 queue_size(void)
{
    uint32 max = reg_read(VIRTIO_QUEUE_NUM_MAX);
    uint32 size = VIRTQ_MAX;

    while (size > max)
        size /= 2;
    return size;
}

static bool setup_queue(void)
{
    reg_write(VIRTIO_QUEUE_SEL, 0);
    disk.size = queue_size();
    if (disk.size < PER_SLOT || reg_read(VIRTIO_QUEUE_READY) != 0)
        return false;
    for (uint32 s = 0; s < disk.size / PER_SLOT; s++)
        disk.free[disk.nfree++] = (uint8)s;
    reg_write(VIRTIO_QUEUE_NUM, disk.size);
    write_address(VIRTIO_QUEUE_DESC, desc);
    write_address(VIRTIO_QUEUE_DRIVER, &avail);
    write_address(VIRTIO_QUEUE_DEVICE, &used);
    device_fence(); /* the rings are zero before the device reads them */
    reg_write(VIRTIO_QUEUE_READY, 1);
    return true;
}

/* The capacity in sectors: two words, which belong together if the generation has not changed. */
static uint64 read_capacity(void)
{
    uint32 generation, low, high;

    do {
        generation = reg_read(VIRTIO_CONFIG_GENERATION);
        low = reg_read(VIRTIO_CONFIG);
        high = reg_read(VIRTIO_CONFIG + 4);
    } while (generation != reg_read(VIRTIO_CONFIG_GENERATION));
    return (uint64)high << 32 | low;
}

/* Set up the device at disk.regs. NULL: it is ready for requests; otherwise, why it can't be used. */
static const char *setup_disk(const struct device_range *r)
{
    if (reg_read(VIRTIO_VERSION) != 2)
        return "it has the legacy interface; QEMU needs -global virtio-mmio.force-legacy=false";
    reg_write(VIRTIO_STATUS, 0);
    set_status(VIRTIO_STATUS_ACKNOWLEDGE);
    set_status(VIRTIO_STATUS_DRIVER);
    if (!negotiate())
        return "it refuses the features that this driver needs";
    if (!setup_queue())
        return "it has no queue of a useful size";
    intr_register(r->irq, virtio_disk_intr, NULL, "virtio disk");
    set_status(VIRTIO_STATUS_DRIVER_OK);
    virtio_disk.nblocks = read_capacity() / SECTORS;
    return NULL;
}

static bool is_disk(const struct device_range *r)
{
    disk.regs = (uint64)PA_TO_KVA(r->base);
    return reg_read(VIRTIO_MAGIC) == VIRTIO_MAGIC_VALUE &&
           reg_read(VIRTIO_DEVICE_ID) == VIRTIO_ID_BLOCK;
}

/* Set up the disk in the lowest slot of the device tree. */
struct blkdev *virtio_disk_init(void)
{
    const struct device_range *r = board.virtio;
    const struct device_range *end = r + board.nvirtio;
    const char *problem;

    while (r < end && !is_disk(r))
        r++;
    if (r == end)
        return NULL;
    problem = setup_disk(r);
    if (problem != NULL) {
        reg_write(VIRTIO_STATUS, VIRTIO_STATUS_FAILED);
        printf("disk: virtio at 0x%lx: %s\n", r->base, problem);
        return NULL;
    }
    printf("disk: virtio at 0x%lx, %lu blocks of %d bytes, %u requests at a time%s\n", r->base,
           virtio_disk.nblocks, BSIZE, disk.size / PER_SLOT,
           disk.can_flush ? "" : ", no write cache");
    return &virtio_disk;
}
