/* SPDX-License-Identifier: BSD-3-Clause
 * What the files of boot/ share: from the first C instruction of a hart (start.c) to the kernel's own
 * order of coming up (main.c).
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

/* main.c: what the boot hart and the other harts do once they run C on a stack of their own. main_boot
 * returns when threads can run. start.c then enters the idle loop. */
void main_boot(void);
void main_secondary(void);

/* start.c: start the other harts; one that does not come up is reported and left out. Cpu 0, thread
 * context, interrupts on. */
void hart_start_all(void);

/* machine.c: make the zone of struct thread. Boot hart, after zone_init. */
void machine_zones_init(void);

/* trap.S: what stvec points to. A trap from the kernel runs the code from here to from_user. */
void trap_entry(void);
void from_user(void);

#endif
