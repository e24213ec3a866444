/* SPDX-License-Identifier: BSD-3-Clause
 * Steps about the life of threads: they are created, run, exit, and are reused.
 */
#include "ktest/internal.h"
#include "lwkt/crit.h"
#include "lwkt/ipiq.h"

#define SEEN 200        /* struct threads that are counted at most */
#define STACK_WORDS 128 /* of each short-lived thread's stack that are written and read back */

/* The thread of K_KEEP, as it was then. It may be gone now. */
static struct kept {
    thread_t td;
    uint32 id;
    void *stack;
} kept;

/* A sequence of short-lived threads. This is on their creator's stack: `ran` is the last of it that
 * each thread touches. */
struct churn {
    uint32 ran;        /* publish: brief; consume: kt_churn */
    size_t stack_size; /* of the next one */
    int refs;          /* references to it but for its own */
    int mpcount;       /* and its td_mpcount */
    int dirty, damaged, fresh, revived;
    thread_t seen[SEEN]; /* the first `fresh` of them */
};

/* Whether the calling thread is as a new one must be: in no section, with no trace of a former thread
 * in the same struct. */
static bool is_new(const struct churn *c)
{
    thread_t td = curthread;
    uint32 flags = td->td_flags &
                   ~(uint32)(TDF_ALLOCATED_THREAD | TDF_ALLOCATED_STACK | TDF_MPSAFE | TDF_VERBOSE);

    return flags == (TDF_RUNNING | TDF_RUNQ) && td->td_critcount == 0 && td->td_nest_count == 0 &&
           td->td_toks == NULL && td->td_preempted == NULL && td->td_migrate_gd == NULL &&
           td->td_pri == TDPRI_KERN_DAEMON && td->td_refs == 1 + c->refs && td->td_gd == mycpu &&
           td->td_mpcount == c->mpcount && td->td_kstack_size == c->stack_size &&
           td->td_cscount == 0 && td->td_proc == NULL;
}

static void remember_struct(struct churn *c)
{
    for (int i = 0; i < c->fresh; i++)
        if (c->seen[i] == curthread)
            return;
    if (c->fresh < SEEN)
        c->seen[c->fresh++] = curthread;
}

/* Write to the stack, let others run, and check what was written. It is in the lower half of the stack,
 * which is missing if the stack is shorter than td_kstack_size says. Returns the words that changed. */
static int __attribute__((noinline)) use_stack(void)
{
    uint64 *low = (uint64 *)((char *)curthread->td_kstack + curthread->td_kstack_size / 4);
    int changed = 0;

    for (uint64 i = 0; i < STACK_WORDS; i++)
        poke(&low[i], curthread->td_id * 1000UL + i);
    for (int turn = 0; turn < 3; turn++)
        kt_relax();
    for (uint64 i = 0; i < STACK_WORDS; i++)
        changed += peek(&low[i]) != curthread->td_id * 1000UL + i;
    return changed;
}

static void brief(void *arg)
{
    struct churn *c = arg;

    c->dirty += !is_new(c);
    remember_struct(c);
    c->revived += curthread == kept.td;
    c->damaged += use_stack();
    publish(&c->ran, c->ran + 1); /* consume: kt_churn */
}

/* Create the i-th thread: with or without the MP lock, with the stack of a kernel thread or of a
 * process. */
static bool create_brief(struct churn *c, int i, int cpu)
{
    c->stack_size = i % 3 == 2 ? LWKT_PROC_STACK : LWKT_THREAD_STACK;
    c->mpcount = i % 3 == 1;
    if (i % 3 != 2)
        return lwkt_create(brief, c, NULL, NULL, c->mpcount ? 0 : TDF_MPSAFE, cpu, "brief") == 0;

    thread_t td = lwkt_alloc_thread(NULL, LWKT_PROC_STACK, cpu);
    if (td == NULL)
        return false;
    lwkt_set_comm(td, "brief");
    cpu_thread_setup(td, brief, c);
    lwkt_schedule(td);
    return true;
}

void kt_churn(struct kt_context *ctx, int cpu, int count)
{
    struct churn c = {.ran = 0};

    for (int i = 0; i < count && peek(&kt_run->stop) == 0; i++) {
        if (!create_brief(&c, i, cpu)) {
            kt_log("nomem", ctx->name, i);
            break;
        }
        while (consume(&c.ran) <= (uint32)i) { /* publish: brief */
            lwkt_yield();
            kt_relax();
        }
    }
    kt_log("ran", ctx->name, c.ran);
    kt_log("dirty", ctx->name, c.dirty);
    kt_log("damaged", ctx->name, c.damaged);
    kt_log("fresh", ctx->name, c.fresh);
    kt_log("revived", ctx->name, c.revived);
}

/* A thread in memory of the scene's own. */
void kt_run_template(struct kt_context *ctx, int cpu, size_t size)
{
    static struct thread own;
    struct churn c = {.stack_size = size != 0 ? size : LWKT_THREAD_STACK};
    void *stack = size != 0 ? cpu_stack_alloc(size) : NULL;
    thread_t td;

    own = (struct thread){.td_kstack = stack, .td_kstack_size = size};
    if ((size != 0 && stack == NULL) ||
        lwkt_create(brief, &c, &td, &own, TDF_MPSAFE | TDF_STOPREQ, cpu, "own") < 0) {
        kt_log("nomem", ctx->name, 1);
        return;
    }
    lwkt_hold(td);
    c.refs = 1;
    lwkt_schedule(td);
    lwkt_wait_free(td);
    kt_log("ran", ctx->name, consume(&c.ran)); /* publish: brief */
    kt_log("dirty", ctx->name, c.dirty);
    kt_log("damaged", ctx->name, c.damaged);
    kt_log("wants", ctx->name, (int64)c.stack_size);
    kt_log("size", ctx->name, (int64)td->td_kstack_size);
    lwkt_rele(td);
    lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
    kt_log("stack", ctx->name, own.td_kstack != NULL);
    if (stack != NULL)
        cpu_stack_free(stack, size);
}

void kt_make_unborn(struct kt_context *ctx, int cpu, int count)
{
    struct churn c = {.ran = 0};

    while (count-- > 0) {
        thread_t td;
        if (lwkt_create(brief, &c, &td, NULL, TDF_MPSAFE | TDF_STOPREQ, cpu, "unborn") < 0)
            kt_log("nomem", ctx->name, count);
        else
            lwkt_rele(td);
    }
    lwkt_wait_ipiq(globaldata_of[cpu], lwkt_seq_ipiq(globaldata_of[cpu]));
    kt_log("ran", ctx->name, c.ran);
}

void kt_keep(const char *name, thread_t td)
{
    kept = (struct kept){.td = td, .id = td->td_id, .stack = td->td_kstack};
    kt_log("refs", name, consume(&td->td_refs));
}

void kt_log_kept(const char *name)
{
    thread_t td = kept.td;
    uint32 flags = consume(&td->td_flags);

    kt_log("kept", name,
           td->td_id == kept.id && td->td_kstack == kept.stack &&
               (flags & (TDF_EXITING | TDF_RUNNING)) == TDF_EXITING);
}

void kt_rele(int t)
{
    thread_t td = kt_run->td[t];

    kt_run->td[t] = NULL;
    lwkt_rele(td);
}

void kt_log_cached(const char *name, int cpu)
{
    kt_log("keeps", name, CACHE_NTHREADS);
    kt_log("cached", name, peek(&globaldata_of[cpu]->gd_tdfreecount));
}
