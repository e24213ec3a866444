/* SPDX-License-Identifier: BSD-3-Clause
 * Which hart is which cpu. Cpus are numbered in the order in which they start, harts in the order in
 * which the device tree lists them. A number is written once, by the boot hart, before that cpu runs
 * or anybody else can know of it, so all may read it without a lock.
 */
#include "riscv/hart.h"

#include "riscv/fdt.h"

bool deterministic;
uint64 boot_instret;

static int board_index[NCPU]; /* cpu number -> the board's order */

void cpu_set_hart(int cpu, int i)
{
    board_index[cpu] = i;
}

uint64 cpu_hartid(int cpu)
{
    return board.hartid[board_index[cpu]];
}

uint32 cpu_plic_context(int cpu)
{
    return board.plic_context[board_index[cpu]];
}

int cpu_plic(int cpu)
{
    return board.hart_plic[board_index[cpu]];
}

uint32 cpu_sswi_index(int cpu)
{
    return board.sswi_index[board_index[cpu]];
}
