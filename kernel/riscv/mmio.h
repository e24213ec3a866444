/* SPDX-License-Identifier: BSD-3-Clause
 * Device registers: one load or store of 32 bits each. `addr` is a kernel address (PA_TO_KVA of
 * what the device tree says).
 *
 * The hart gives the accesses to one device to it in program order, since its registers are one
 * region of strongly ordered I/O. RISC-V promises no order between two devices, nor between a
 * device and memory: a driver that needs it uses a fence with i and o, as virtio_disk.c does
 * (device_fence).
 */
#ifndef RISCV_MMIO_H
#define RISCV_MMIO_H

#include "kernel/types.h"

static inline uint32 mmio_read32(uint64 addr)
{
    return *(volatile uint32 *)addr;
}

static inline void mmio_write32(uint64 addr, uint32 value)
{
    *(volatile uint32 *)addr = value;
}

#endif
