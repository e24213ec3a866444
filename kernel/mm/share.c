/* SPDX-License-Identifier: BSD-3-Clause
 * Address spaces that several processes share (system call fork_shared()), perhaps on several harts
 * at a time. Called in thread context by the processes that have them.
 *
 * A space gets its token when it is first shared, and keeps it: so code that finds no token is in the
 * only process that has the space, and nothing can change that under its feet. With a token:
 *   - whoever changes an entry, or uses a page that it found by one, holds the token meanwhile. So two
 *     faults at one address make one page, and copyin's page is not freed under the copy;
 *   - an entry that is new or has gained rights needs no fence, as in a space of one process: a hart
 *     that remembers the old one faults, and vm_fault finds nothing wrong;
 *   - after any other change all harts are made to forget their translations (vm_flush), before the
 *     token is let go. So when a fork has taken a page's right to be written, no hart writes to it
 *     before it has its copy;
 *   - a page is taken out of the table while the other harts stand still, because its memory may become
 *     somebody else's at once; or it goes with its table, which is given up when all harts have
 *     forgotten it (table.c: table_cut).
 *
 * It is a token, and not a lock that is kept while its holder sleeps, because holders of the file
 * system's locks copy from user memory. An operation that may sleep does that before it begins. As a
 * switch would let go of the space, its holder is in a critical section: with lwkt.untimely_switch the
 * ends of others, such as page_alloc's, switch. So what is held is short, or lets go in between.
 */
#include "kernel/riscv.h"
#include "lwkt/cpusync.h"
#include "lwkt/crit.h"
#include "mm/vm.h"

void vmspace_share(struct vmspace *vm)
{
    if (vm->vm_token == NULL)
        vm->vm_token = lwkt_token_pool_get(vm);
    amo_add(&vm->vm_others, 1);
}

/* Whoever destroys it has seen all that the others did to it: the AMO is a release and an acquire. */
void vmspace_release(struct vmspace *vm)
{
    if (vm->vm_token == NULL || amo_add_acqrel(&vm->vm_others, -1) == 0)
        vmspace_destroy(vm);
}

void vm_hold(const struct vmspace *vm, struct lwkt_tokref *ref)
{
    if (vm->vm_token == NULL)
        return;
    lwkt_gettoken(ref, vm->vm_token);
    crit_enter();
}

void vm_drop(const struct vmspace *vm, struct lwkt_tokref *ref)
{
    if (vm->vm_token == NULL)
        return;
    lwkt_reltoken(ref);
    crit_exit();
}

/* The page may have been one of code, so the instructions are fetched anew, too. */
static void forget(lwkt_cpusync_t poll)
{
    (void)poll;
    sfence_vma();
    fence_i();
}

void vm_stop_others(const struct vmspace *vm, struct lwkt_cpusync *poll)
{
    if (vm->vm_token == NULL)
        return;
    *poll = (struct lwkt_cpusync){.cs_fin1_func = forget};
    lwkt_cpusync_start(lwkt_all_cpus(), poll);
}

void vm_let_others_go(const struct vmspace *vm, struct lwkt_cpusync *poll)
{
    if (vm->vm_token != NULL)
        lwkt_cpusync_finish(poll);
    else
        sfence_vma();
}

void vm_flush(const struct vmspace *vm)
{
    if (vm->vm_token != NULL)
        lwkt_cpusync_simple(lwkt_all_cpus(), forget, NULL);
    else
        sfence_vma();
}
