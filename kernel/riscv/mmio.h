/*
 * Device registers: one load or store of 32 bits each, in program order among themselves. `addr` is
 * a kernel address (PA_TO_KVA of what the device tree says).
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
