/* SPDX-License-Identifier: BSD-3-Clause
 * The part of the virtio device interface that the disk driver needs (Virtual I/O Device (VIRTIO)
 * specification, version 1.1; section numbers in brackets). All fields are little-endian.
 */
#ifndef DEV_VIRTIO_H
#define DEV_VIRTIO_H

#include "kernel/types.h"

/* Registers of the memory-mapped transport [4.2.2], offsets from the slot's base. */
#define VIRTIO_MAGIC 0x000               /* reads VIRTIO_MAGIC_VALUE */
#define VIRTIO_MAGIC_VALUE 0x74726976U   /* "virt" */
#define VIRTIO_VERSION 0x004             /* 2; 1 is the legacy interface */
#define VIRTIO_DEVICE_ID 0x008           /* VIRTIO_ID_*; 0: an empty slot */
#define VIRTIO_DEVICE_FEATURES 0x010     /* 32 bits of what the device offers */
#define VIRTIO_DEVICE_FEATURES_SEL 0x014 /* which 32 */
#define VIRTIO_DRIVER_FEATURES 0x020     /* ... of what the driver accepts */
#define VIRTIO_DRIVER_FEATURES_SEL 0x024
#define VIRTIO_QUEUE_SEL 0x030     /* selects the queue for the registers that follow */
#define VIRTIO_QUEUE_NUM_MAX 0x034 /* its largest number of descriptors; 0: no such queue */
#define VIRTIO_QUEUE_NUM 0x038
#define VIRTIO_QUEUE_READY 0x044
#define VIRTIO_QUEUE_NOTIFY 0x050 /* write a queue's number: look at it */
#define VIRTIO_INTERRUPT_STATUS 0x060
#define VIRTIO_INTERRUPT_ACK 0x064
#define VIRTIO_INTERRUPT_CONFIG 2U /* bit of both: the configuration or the status has changed */
#define VIRTIO_STATUS 0x070        /* VIRTIO_STATUS_*; 0 resets the device */
#define VIRTIO_QUEUE_DESC 0x080    /* physical addresses, low word first */
#define VIRTIO_QUEUE_DRIVER 0x090  /* the available ring */
#define VIRTIO_QUEUE_DEVICE 0x0a0  /* the used ring */
#define VIRTIO_CONFIG_GENERATION 0x0fc /* changes when the configuration does */
#define VIRTIO_CONFIG 0x100

#define VIRTIO_ID_BLOCK 2

/* Status bits [2.1]. */
#define VIRTIO_STATUS_ACKNOWLEDGE 1U
#define VIRTIO_STATUS_DRIVER 2U
#define VIRTIO_STATUS_DRIVER_OK 4U
#define VIRTIO_STATUS_FEATURES_OK 8U
#define VIRTIO_STATUS_NEEDS_RESET \
    64U /* set by the device: it has met something that it can't go on from */
#define VIRTIO_STATUS_FAILED 128U

/* Feature bits [5.2.3, 6]. */
#define VIRTIO_BLK_F_FLUSH (1UL << 9)  /* it has a write cache, and a request to flush it */
#define VIRTIO_F_VERSION_1 (1UL << 32) /* the modern interface */

/* A descriptor: a piece of memory for the device [2.6.5]. */
struct virtq_desc {
    uint64 addr; /* physical */
    uint32 len;
    uint16 flags;
    uint16 next; /* with VIRTQ_DESC_F_NEXT: number of the next in the chain */
};
#define VIRTQ_DESC_F_NEXT 1
#define VIRTQ_DESC_F_WRITE 2 /* the device writes it */

/* The rings carry heads of chains: to the device [2.6.6] and back [2.6.8]. A ring's index counts on
 * for ever, modulo 65536; its slot is index % queue size. */
#define VIRTQ_MAX 256 /* descriptors of our queue, at most: a power of two */
struct virtq_avail {
    uint16 flags;
    uint16 idx; /* heads put in so far */
    uint16 ring[VIRTQ_MAX];
};

struct virtq_used_elem {
    uint32 id;  /* head of the chain that is done */
    uint32 len; /* bytes that the device wrote */
};

struct virtq_used {
    uint16 flags;
    uint16 idx;
    struct virtq_used_elem ring[VIRTQ_MAX];
};
#define VIRTQ_USED_F_NO_NOTIFY 1 /* the device looks at the queue without a notification */

/* The first part of a block request, which the device reads [5.2.6]; the last part is a status byte. */
struct virtio_blk_req {
    uint32 type;
    uint32 reserved;
    uint64 sector; /* of 512 bytes */
};
#define VIRTIO_BLK_T_IN 0U
#define VIRTIO_BLK_T_OUT 1U
#define VIRTIO_BLK_T_FLUSH 4U
#define VIRTIO_BLK_S_OK 0
#define VIRTIO_BLK_SECTOR 512

#endif
