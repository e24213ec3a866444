/* SPDX-License-Identifier: BSD-3-Clause
 * The virtio block device (virtio.h), over its memory-mapped transport, modern interface.
 *
 * The driver is a thread of cpu 0, and requests are messages to its port. To the device, a request is a
 * chain of three descriptors: header (type, sector), data, status byte. Slot s owns the descriptors 3s
 * to 3s+2. So a request needs nothing but a free slot, and the head that the device returns tells which
 * slot it was.
 *
 *   any thread, any cpu:  lwkt_sendmsg (strategy) or lwkt_domsg (flush) -> the driver's port
 *   driver thread:        lwkt_waitport -> free slot -> chain -> avail ring -> publish idx;
 *                         when the port is empty: notify the device
 *   device:               reads the chain, transfers, writes status -> used ring -> idx -> interrupt
 *   interrupt thread:     consume idx -> used ring -> slot free -> lwkt_replymsg  (virtio_disk_intr)
 *                           strategy: the reply port is request_port, which calls bio_done
 *                           flush:    the reply wakes the sender
 *
 * Many requests are in flight at once, and the device may finish them in any order. Requests that find
 * no free slot stay at the port, in their order.
 *
 * A device that leaves a request unanswered for too long, or that says that it needs a reset, is given
 * up: it is reset, so that it touches no memory any more, and every request, of then and of later, ends
 * with an error. (The file system is read-only from then on. To start the device anew would repeat
 * requests of which nobody knows whether they were done.)
 *
 * Only the driver thread, the interrupt thread and the timer `watch` use `disk` and the rings, all on
 * the cpu that takes the interrupt, and in a critical section (the handlers of interrupts and timers
 * are in one anyway). So there is no lock, as nowhere else where a cpu owns the data. Always true
 * outside these sections: a slot is in disk.free[0 .. nfree-1], or its `bio` is set and the device owns
 * the chain until its head comes back.
 */
#include "dev/disks.h"

#include "dev/virtio.h"
#include "kernel/fs.h"
#include "kernel/memlayout.h"
#include "lib/printf.h"
#include "lwkt/crit.h"
#include "lwkt/systimer.h"
#include "riscv/fdt.h"
#include "riscv/mmio.h"
#include "sync/intr.h"
#include "sync/sleep.h"

#define PER_SLOT 3 /* descriptors */
#define MAXSLOTS (VIRTQ_MAX / PER_SLOT)
#define SECTORS (BSIZE / VIRTIO_BLK_SECTOR)
#define NO_STATUS 0xff  /* no device writes this */
#define ANSWER_WAIT 30  /* seconds for a request; boot argument disk_wait=N, for tests */
#define RESET_WAIT 1000 /* looks at the status of a device that was reset */

struct slot {
    struct virtio_blk_req req; /* the device reads it */
    uint8 status;              /* the device writes it */
    struct bio *bio;           /* NULL: free */
    uint64 since;              /* disk.seconds when the device got it */
};

/* Memory that the driver shares with the device, aligned as the specification demands. */
static struct virtq_desc desc[VIRTQ_MAX] __attribute__((aligned(16)));
static struct virtq_avail avail __attribute__((aligned(2)));
static struct virtq_used used __attribute__((aligned(4)));

static struct {
    uint64 regs;      /* kernel address of the registers */
    thread_t driver;  /* its td_msgport is the driver's port */
    uint32 size;      /* descriptors of the queue: a power of two */
    uint16 used_seen; /* entries taken from the used ring so far */
    bool can_flush;
    bool given_up;
    uint64 seconds; /* since the disk was set up; counted by `timer` */
    uint64 wait;    /* that a request may take */
    struct systimer timer;
    int nfree;
    uint8 free[MAXSLOTS]; /* numbers of free slots */
    struct slot slot[MAXSLOTS];
} disk;

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

/* --- sending requests --- */

static struct bio *bio_of(lwkt_msg_t msg)
{
    return list_entry(msg, struct bio, bio_msg);
}

/* The reply to a request of virtio_disk_strategy. The interrupt thread calls it. */
static void request_replyport(lwkt_port_t port, lwkt_msg_t msg)
{
    struct bio *b = bio_of(msg);

    (void)port;
    b->bio_error = msg->ms_error;
    b->bio_done(b);
}

/* Where requests of virtio_disk_strategy are replied to. No thread waits there. */
static const struct lwkt_portops request_portops = {.replyport = request_replyport};
static struct lwkt_port request_port = {.mp_ops = &request_portops};

static void virtio_disk_strategy(struct blkdev *dev, struct bio *b)
{
    if (b->bio_block >= dev->nblocks) {
        b->bio_error = -1;
        b->bio_done(b);
        return;
    }
    lwkt_initmsg(&b->bio_msg, &request_port, b->bio_write ? VIRTIO_BLK_T_OUT : VIRTIO_BLK_T_IN, 0);
    lwkt_sendmsg(&disk.driver->td_msgport, &b->bio_msg);
}

static int virtio_disk_flush(struct blkdev *dev)
{
    struct bio b = {.bio_block = 0};

    (void)dev;
    if (!disk.can_flush) /* there is no write cache then */
        return 0;
    lwkt_initmsg(&b.bio_msg, &curthread->td_msgport, VIRTIO_BLK_T_FLUSH, 0);
    return lwkt_domsg(&disk.driver->td_msgport, &b.bio_msg);
}

/* --- the driver thread --- */

static void fill_desc(uint32 i, const void *addr, uint32 len, uint16 flags, uint32 next)
{
    desc[i].addr = KVA_TO_PA(addr);
    desc[i].len = len;
    desc[i].flags = flags;
    desc[i].next = (uint16)next;
}

/* Lay out the chain of slot s for its bio. */
static void fill_chain(uint32 s)
{
    struct slot *slot = &disk.slot[s];
    struct bio *b = slot->bio;
    uint32 head = s * PER_SLOT, type = (uint32)b->bio_msg.ms_cmd;
    bool data = type != VIRTIO_BLK_T_FLUSH;

    slot->req.type = type;
    slot->req.sector = data ? b->bio_block * SECTORS : 0;
    slot->status = NO_STATUS;
    fill_desc(head, &slot->req, sizeof(slot->req), VIRTQ_DESC_F_NEXT, data ? head + 1 : head + 2);
    if (data)
        fill_desc(head + 1, b->bio_data, BSIZE,
                  type == VIRTIO_BLK_T_OUT ? VIRTQ_DESC_F_NEXT
                                           : VIRTQ_DESC_F_NEXT | VIRTQ_DESC_F_WRITE,
                  head + 2);
    fill_desc(head + 2, &slot->status, sizeof(slot->status), VIRTQ_DESC_F_WRITE, 0);
}

/* Hand b to the device; a slot is free. The device need not look yet. */
static void submit(struct bio *b)
{
    crit_enter();
    if (disk.given_up) {
        lwkt_replymsg(&b->bio_msg, -1);
        crit_exit();
        return;
    }
    uint32 s = disk.free[--disk.nfree];
    uint16 idx = avail.idx;

    disk.slot[s].bio = b;
    disk.slot[s].since = disk.seconds;
    fill_chain(s);
    avail.ring[idx & (disk.size - 1)] = (uint16)(s * PER_SLOT);
    publish(&avail.idx, (uint16)(idx + 1)); /* the device reads idx first, then the ring */
    crit_exit();
}

/* Tell the device to look at the queue, unless it does so by itself. Our idx must be visible before we
 * read its flags, or each side could rely on the other. */
static void notify_device(void)
{
    device_fence();
    if ((peek(&used.flags) & VIRTQ_USED_F_NO_NOTIFY) == 0)
        reg_write(VIRTIO_QUEUE_NOTIFY, 0);
}

static bool slot_is_free(void *arg)
{
    (void)arg;
    return peek(&disk.nfree) > 0;
}

/*
 * The device is notified before the thread sleeps, for a slot or for a message, and not for each
 * request of a batch. A message that arrives after the look at the port only leads to one more
 * notification.
 */
static void driver_loop(void *arg)
{
    lwkt_port_t port = &curthread->td_msgport;

    (void)arg;
    lwkt_setpri_self(TDPRI_INT_SUPPORT);
    for (;;) {
        struct bio *b = bio_of(lwkt_waitport(port, NULL));

        if (!slot_is_free(NULL)) {
            notify_device();
            tsleep_until(&disk.nfree, 0, "vdslot", slot_is_free, NULL);
        }
        submit(b);
        if (list_empty(&port->mp_msgq))
            notify_device();
    }
}

/* --- the interrupt thread, and the timer --- */

/* Free slot s, and reply to its request. */
static void answer(uint32 s, int error)
{
    struct bio *b = disk.slot[s].bio;

    disk.slot[s].bio = NULL;
    disk.free[disk.nfree] = (uint8)s;
    poke(&disk.nfree, disk.nfree + 1);
    lwkt_replymsg(&b->bio_msg, error);
}

/* The device has finished the chain that starts at `head`. */
static void finish(uint32 head)
{
    uint32 s = head / PER_SLOT;

    if (head % PER_SLOT != 0 || s >= MAXSLOTS || disk.slot[s].bio == NULL)
        panic("virtio disk: the device finished descriptor %u, which it does not own", head);
    answer(s, peek(&disk.slot[s].status) == VIRTIO_BLK_S_OK ? 0 : -1);
}

/* Use the device no more, and end all requests. A device that does not even reset may still write to
 * the memory of its requests; nothing can be done about that. */
static void give_up(const char *why)
{
    disk.given_up = true;
    reg_write(VIRTIO_STATUS, 0);
    for (int i = 0; i < RESET_WAIT && reg_read(VIRTIO_STATUS) != 0; i++)
        ;
    printf("disk: %s: it is not used any more%s\n", why,
           reg_read(VIRTIO_STATUS) != 0 ? ", though it ignores the reset" : "");
    for (uint32 s = 0; s < MAXSLOTS; s++)
        if (disk.slot[s].bio != NULL)
            answer(s, -1);
    wakeup(&disk.nfree);
}

/* The interrupt is acknowledged before the ring is read, so what the device finishes after our last
 * look interrupts again. The driver thread sleeps only if there was no free slot. */
static void virtio_disk_intr(void *arg)
{
    bool full = disk.nfree == 0;
    uint32 causes = reg_read(VIRTIO_INTERRUPT_STATUS);

    (void)arg;
    reg_write(VIRTIO_INTERRUPT_ACK, causes);
    if (disk.given_up)
        return;
    device_fence();
    /* Pairs with the device, which writes the entry and the status before it increments idx. */
    while (disk.used_seen != consume(&used.idx))
        finish(used.ring[disk.used_seen++ & (disk.size - 1)].id);
    if (full)
        wakeup(&disk.nfree);
    if ((causes & VIRTIO_INTERRUPT_CONFIG) != 0 &&
        (reg_read(VIRTIO_STATUS) & VIRTIO_STATUS_NEEDS_RESET) != 0)
        give_up("the device says that it needs a reset");
}

/* Once a second: look for a request that has waited for too long. */
static void watch(struct systimer *timer)
{
    disk.seconds++;
    if (disk.given_up) {
        systimer_del(timer);
        return;
    }
    for (uint32 s = 0; s < MAXSLOTS; s++)
        if (disk.slot[s].bio != NULL && disk.seconds - disk.slot[s].since > disk.wait) {
            give_up("the device does not answer");
            return;
        }
}

/* --- setup [3.1] --- */

static struct blkdev virtio_disk = {
    .name = "virtio disk",
    .delays = true,
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
    int cpu;

    if (reg_read(VIRTIO_VERSION) != 2)
        return "it has the legacy interface; QEMU needs -global virtio-mmio.force-legacy=false";
    reg_write(VIRTIO_STATUS, 0);
    set_status(VIRTIO_STATUS_ACKNOWLEDGE);
    set_status(VIRTIO_STATUS_DRIVER);
    if (!negotiate())
        return "it refuses the features that this driver needs";
    if (!setup_queue())
        return "it has no queue of a useful size";
    cpu = intr_register(r->irq, virtio_disk_intr, NULL, "virtio disk");
    if (lwkt_create(driver_loop, NULL, &disk.driver, NULL, TDF_MPSAFE, cpu, "vdisk") < 0)
        return "there is no memory for its driver thread";
    set_status(VIRTIO_STATUS_DRIVER_OK);
    virtio_disk.nblocks = read_capacity() / SECTORS;
    disk.wait = bootarg_u64("disk_wait", ANSWER_WAIT);
    systimer_init_periodic_on(cpu, &disk.timer, watch, NULL, cpu_timebase);
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
