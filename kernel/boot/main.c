/* SPDX-License-Identifier: BSD-3-Clause
 * The order of initialization. main_boot runs on the boot hart's idle thread, which must not sleep;
 * all that may sleep is done by a thread of its own, boot_thread.
 */
#include "boot/boot.h"
#include "dev/blk.h"
#include "dev/console.h"
#include "fs/vfs.h"
#include "kernel/version.h"
#include "ktest/init.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lwkt/token.h"
#include "mm/zone.h"
#include "proc/clock.h"
#include "proc/ktrace.h"
#include "proc/proc.h"
#include "riscv/fdt.h"
#include "riscv/hart.h"
#include "riscv/plic.h"
#include "sync/sleep.h"

/* Initialize what each hart has of its own in the layers above riscv. */
static void init_cpu(void)
{
    tsleep_init_cpu();
    clock_start_cpu();
}

static void boot_thread(void *arg)
{
    (void)arg;
    hart_start_all();
    console_init(); /* after that, as any cpu may be the one that takes the port's interrupts */
    ktrace_boot();
    ktest_init();
    blk_init();
    fs_init();
    proc_start_init();
}

void main_boot(void)
{
    console_init_early();
    if (board.mem_unused != 0)
        printf("memory: %lu MiB are too far away to be used\n", board.mem_unused >> 20);
    printf("Nymph " NYMPH_VERSION ": %lu MiB of memory, timer at %lu Hz%s\n",
           (board.mem_end - board.mem_base - board.mem_gaps) >> 20, board.timebase,
           deterministic ? ", deterministic" : "");
    zone_init();
    machine_zones_init();
    plic_init();
    plic_inithart(mycpuid);
    init_cpu();
    proc_init();
    lwkt_token_pool_init();
    if (lwkt_create(boot_thread, NULL, NULL, NULL, TDF_MPSAFE, 0, "boot") < 0)
        panic("no memory for the boot thread");
}

void main_secondary(void)
{
    init_cpu();
}
