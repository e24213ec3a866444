/* SPDX-License-Identifier: BSD-3-Clause
 * Scenes of the explorer: the kernel's interrupt threads (kernel/sync/ithread.c). The device has work twice;
 * the handler ends its thread when it has done all of it, as no thread may be left at the end of a scene. Or
 * (x_ithread_early) the device interrupts before it has a handler.
 */
#include "host.h"
#include "lwkt/systimer.h"
#include "scenes_upper.h"
#include "sync/intr.h"
#include "sync/sleep.h"

#define IRQ 1
#define WORK 2

static uint32 work, done; /* cpu 0 only / publish, consume */

static void handle(void *arg)
{
    uint32 seen = work;

    (void)arg;
    lwkt_pause(5); /* what it does takes a while, and more work may come */
    if (seen < WORK)
        return;
    publish(&done, 1); /* consume: is_done */
    wakeup(&done);
    lwkt_exit();
}

static bool is_done(void *arg)
{
    (void)arg;
    return consume(&done) != 0; /* publish: handle */
}

static void wait_for_device(void *arg)
{
    (void)arg;
    tsleep_until(&done, 0, "scene", is_done, NULL);
}

static void begin(void)
{
    host_sleep_init();
    work = done = 0;
    intr_register(IRQ, handle, NULL, "device");
    explore_thread(0, TDPRI_KERN_USER, wait_for_device, NULL, "waits");
}

static void finish(void)
{
    explore_run();
    host_sleep_audit();
}

/* As a driver's poll does it: the thread may be running, and must then look once more. */
static void more_work(void *arg)
{
    (void)arg;
    work++;
    sched_ithd(IRQ);
}

static void send_work(void *arg)
{
    (void)arg;
    for (int i = 0; i < WORK; i++)
        lwkt_send_ipiq_bycpu(0, more_work, NULL);
}

void play_x_ithread(void)
{
    begin();
    explore_thread(1, TDPRI_KERN_USER, send_work, NULL, "device");
    finish();
}

/* From the PLIC: one source that is armed, and one message. */
static void interrupt(int irq)
{
    work++;
    sched_ithd((uint32)irq);
}

static void send_one(void *arg)
{
    (void)arg;
    lwkt_send_ipiq_bycpu(0, more_work, NULL);
}

void play_x_ithread_plic(void)
{
    begin();
    sim_irq_handler(IRQ, interrupt);
    sim_irq_arm(0, IRQ);
    explore_thread(1, TDPRI_KERN_USER, send_one, NULL, "device");
    finish();
}

/* --- a source that interrupts before it has a handler --- */

#define NOBODYS 2 /* a source that never has one */

static void schedule_source(int irq)
{
    sched_ithd((uint32)irq);
    CHECK(irq != NOBODYS || !sim_irq_held(mycpuid, irq),
          "source %d, which has no handler, is not completed", irq);
}

/* It is not known whether the thread is there already when the first interrupt comes, so only the second one,
 * which the device raises later, tells the handler that there is work. */
static void handle_late(void *arg)
{
    (void)arg;
    if (consume(&done) == 0) /* publish: register_and_raise */
        return;
    lwkt_exit();
}

static void register_and_raise(void *arg)
{
    (void)arg;
    sim_irq_raise(0, NOBODYS);
    intr_register(IRQ, handle_late, NULL, "device");
    publish(&done, 1); /* consume: handle_late */
    sim_irq_raise(0, IRQ);
}

void play_x_ithread_early(void)
{
    done = 0;
    sim_irq_handler(IRQ, schedule_source);
    sim_irq_arm(0, IRQ);
    sim_irq_handler(NOBODYS, schedule_source);
    explore_thread(1, TDPRI_KERN_USER, register_and_raise, NULL, "driver");
    explore_run();
}
