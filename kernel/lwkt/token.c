/* SPDX-License-Identifier: BSD-3-Clause
 * Tokens; see token.h for what they are, and docs/lwkt.md, chapter 6.
 *
 * Differences from DragonFly: a release gives the token to the oldest waiter at once, not at the next
 * switch (t_reqcpu is gone: gd_tokreqbase says who waits); the arrival of a token that a thread waits
 * for asks for a reschedule; and a thread that lacks a token does not spin: it waits on its run queue,
 * in line.
 *
 *   asking cpu                                owning cpu
 *   ----------                                ----------
 *   ref on td_toks (gettoken)
 *   read t_cpu: not ours; wait in line
 *   ref: TR_REQUESTED, message ------------>  reqtoken_remote(ref)
 *   run other threads, or idle                  held, or kept for an older waiter?
 *                                               yes: onto gd_tokreqbase, until release or switch
 *                                               no:  t_cpu = asker   (publish, F8)
 *   read t_cpu: ours (consume, F8)              ref: TR_ANSWERED     (publish, F9)
 *
 * The reference is linked before t_cpu is read: from then on a request for the token that arrives on
 * this cpu finds it held. While a reference is TR_REQUESTED the owner has its address, so reltoken does
 * not return before that is over. A request may be answered without the token, if the owner had lost it
 * meanwhile, or if the asker only waits for the answer: such requests never wait.
 *
 * Why no thread waits for ever. A thread runs only when it has all that it needs (its tokens, and the
 * MP lock if td_mpcount is above 0); the switch ensures that. A running thread, and one that was
 * preempted, keeps what it has; both make progress, and let go when they release, block or wait. A
 * thread that does not run holds nothing, except that a waiter in line keeps what has arrived for it
 * from waiters with a higher ticket. Tickets are drawn from one counter when a thread begins to wait,
 * and kept until it runs. So - there is no deadlock: the waiter with the lowest ticket of all waits
 * only for threads that run, and
 *     what it has got is not taken away. When it has all that it needs, it runs as soon as its cpu
 *     chooses it; then another waiter has the lowest ticket.
 *   - there is no livelock: a token moves only to a running cpu's thread that uses it, or from a higher
 *     ticket to a lower one. No two tickets are equal, so this is true even of cpus in lockstep.
 *   - the MP lock is tried last, when the tokens are there, and only for a thread that runs at once, so
 *     no waiter has it. It is not fair, but a thread that overtakes another one has run.
 * One thing is left to chance: a request that finds the token gone is sent again, to the cpu that has
 * it then, and the token may leave that cpu before the request arrives. Once it has arrived, only older
 * requests go first.
 */
#include "lwkt/token.h"

#include "lib/printf.h"
#include "lwkt/ipiq.h"
#include "lwkt/waitwarn.h"

#define POOL_SIZE 1024
static struct lwkt_token pool[POOL_SIZE];

static uint64 last_ticket; /* AMO */

void lwkt_token_init(lwkt_token_t tok)
{
    tok->t_cpu = mycpu;
}

void lwkt_token_pool_init(void)
{
    for (int i = 0; i < POOL_SIZE; i++)
        lwkt_token_init(&pool[i]);
}

lwkt_token_t lwkt_token_pool_get(const void *object)
{
    uint64 a = (uint64)object;
    return &pool[((a >> 5) ^ (a >> 15)) % POOL_SIZE];
}

static inline bool has_ref(thread_t td, lwkt_token_t tok)
{
    for (lwkt_tokref_t r = td->td_toks; r != NULL; r = r->tr_next)
        if (r->tr_tok == tok)
            return true;
    return false;
}

/* Whether a thread that td preempted, directly or further below, has tok. */
static bool held_below(thread_t td, lwkt_token_t tok)
{
    for (td = td->td_preempted; td != NULL; td = td->td_preempted)
        if (has_ref(td, tok))
            return true;
    return false;
}

/* A thread that has tok has also seen what others did with it, since it took it. */
bool lwkt_havetoken(lwkt_token_t tok)
{
    return peek(&tok->t_cpu) == mycpu && has_ref(curthread, tok);
}

/* IPI body on the asker: a token has arrived for a thread that waits in line, or must be asked for
 * again. */
static void token_arrived(void *arg)
{
    (void)arg;
    need_lwkt_resched(mycpu);
}

/* Whether this cpu has the token and the asker still wants it. The token may go on before any thread of
 * this cpu has had it, so what its previous owner did must be passed on, too (publish: answer, F8). */
static inline bool token_wanted(globaldata_t gd, lwkt_tokref_t ref)
{
    return consume(&ref->tr_tok->t_cpu) == gd && !peek(&ref->tr_unwanted);
}

/* --- the line --- */

void lwkt_token_wait(globaldata_t gd, thread_t td)
{
    if (td->td_tokticket != 0)
        return;
    td->td_tokticket = amo_add(&last_ticket, 1) + 1;
    td->td_toknext = NULL;

    thread_t *link = &gd->gd_tokwaitq;
    while (*link != NULL)
        link = &(*link)->td_toknext;
    *link = td;
}

void lwkt_token_wait_end(thread_t td)
{
    if (td->td_tokticket == 0)
        return;
    td->td_tokticket = 0;

    thread_t *link = &td->td_gd->gd_tokwaitq;
    while (*link != td)
        link = &(*link)->td_toknext;
    *link = td->td_toknext;
}

/* Whether a thread of this cpu that has the token waits for more, and has waited for longer than the
 * asker. */
static bool kept_for_waiter(globaldata_t gd, lwkt_tokref_t ref)
{ /* lab 6 */
    for (thread_t td = gd->gd_tokwaitq; td != NULL; td = td->td_toknext) {
        if (td->td_tokticket > ref->tr_ticket)
            return false;
        if (has_ref(td, ref->tr_tok))
            return true;
    }
    return false;
}

/* --- requests --- */

/*
 * Answer a request, with the token or without. Afterwards only the asker uses ref. If a thread waits
 * there, and its cpu is not about to look anyway, tell the scheduler: either this cpu sees gd_polls
 * clear, or the look that comes after it was cleared sees the answer (fence: lwkt_idle_loop).
 */
static void answer(globaldata_t gd, lwkt_tokref_t ref)
{ /* lab 6 */
    globaldata_t asker = ref->tr_reqgd;
    bool waits = !peek(&ref->tr_unwanted);

    if (token_wanted(gd, ref))
        publish(&ref->tr_tok->t_cpu, asker); /* consume: gettoken, chktokens, F8 */
    publish(&ref->tr_state, TR_ANSWERED);    /* consume: request, reltoken_slow, F9 */
    fence();
    if (waits && !peek(&asker->gd_polls))
        lwkt_send_ipiq(asker, token_arrived, NULL);
}

/* Insert the request after those that have waited for longer. */
static void queue_request(globaldata_t gd, lwkt_tokref_t ref)
{
    lwkt_tokref_t *link = &gd->gd_tokreqbase;

    while (*link != NULL && (*link)->tr_ticket < ref->tr_ticket)
        link = &(*link)->tr_gdreqnext;
    ref->tr_gdreqnext = *link;
    *link = ref;
    gd->gd_tokasked = true;
}

/* The queued requests, the oldest first. None is queued afterwards. */
static lwkt_tokref_t take_requests(globaldata_t gd)
{
    lwkt_tokref_t first = gd->gd_tokreqbase;

    gd->gd_tokreqbase = NULL;
    gd->gd_tokasked = false;
    return first;
}

/* Whether the token cannot be given: `runner` or a thread below it has it, or it is kept for a
 * waiter. */
static bool must_stay(globaldata_t gd, thread_t runner, lwkt_tokref_t ref)
{ /* lab 6 */
    return (runner != NULL && (has_ref(runner, ref->tr_tok) || held_below(runner, ref->tr_tok))) ||
           kept_for_waiter(gd, ref);
}

/* IPI body on the owner: answer a request, or queue it. DragonFly: lwkt_reqtoken_remote. */
static void reqtoken_remote(void *arg)
{ /* lab 6 */
    lwkt_tokref_t ref = arg;
    globaldata_t gd = mycpu;

    if (token_wanted(gd, ref) && must_stay(gd, curthread, ref))
        queue_request(gd, ref);
    else
        answer(gd, ref);
}

/*
 * Go through the queued requests, the oldest first. Answer those whose token need not stay, and those
 * that need not wait: the token is owned by another cpu, or the asker only waits for the answer
 * (reltoken_slow). DragonFly: lwkt_drain_token_requests.
 */
void lwkt_answer_requests(globaldata_t gd, thread_t runner)
{ /* lab 6 */
    lwkt_tokref_t ref = take_requests(gd), next;

    for (; ref != NULL; ref = next) {
        next = ref->tr_gdreqnext;
        if (token_wanted(gd, ref) && must_stay(gd, runner, ref))
            queue_request(gd, ref);
        else
            answer(gd, ref);
    }
}

/* Ask the owner for the token of ref, one of td's, unless it has been asked. Returns false if the ring
 * to the owner is full; the caller then tries later. */
static bool request(globaldata_t gd, thread_t td, lwkt_tokref_t ref, globaldata_t owner)
{ /* lab 6 */
    /* publish: answer, F9 */
    if (consume(&ref->tr_state) == TR_REQUESTED)
        return true;
    ref->tr_reqgd = gd;
    ref->tr_ticket = td->td_tokticket;
    ref->tr_unwanted = 0;
    poke(&ref->tr_state, TR_REQUESTED);
    if (lwkt_send_ipiq_nowait(owner, reqtoken_remote, ref) < 0) {
        poke(&ref->tr_state, TR_IDLE);
        return false;
    }
    return true;
}

bool lwkt_chktokens(thread_t td)
{ /* lab 6 */
    globaldata_t gd = mycpu;
    bool all = true;

    for (lwkt_tokref_t ref = td->td_toks; ref != NULL; ref = ref->tr_next) {
        globaldata_t owner = consume(&ref->tr_tok->t_cpu); /* publish: answer, F8 */
        if (owner == gd)
            continue;
        all = false;
        lwkt_token_wait(gd, td);
        if (!request(gd, td, ref, owner))
            break;
    }
    return all;
}

/* --- taking and releasing --- */

void lwkt_unlink_ref(thread_t td, lwkt_tokref_t ref)
{
    lwkt_tokref_t *link = &td->td_toks;

    while (*link != ref) {
        KASSERT(*link != NULL, "%s does not hold that token", td->td_comm);
        link = &(*link)->tr_next;
    }
    poke(link, ref->tr_next);
    compiler_barrier();
}

/*
 * ref is linked. If another cpu owns its token, or a thread that this one preempted has it, wait in
 * line for it, as an ordinary thread of the run queue. A preempting thread switches back to the thread
 * below. The switch releases all tokens, and returns when this cpu owns all of them.
 */
void lwkt_gettoken_slow(lwkt_tokref_t ref)
{ /* lab 6 */
    thread_t td = curthread;
    lwkt_token_t tok = ref->tr_tok;

    KASSERT(mycpu->gd_intr_nesting_level == 0, "gettoken in an interrupt or IPI body");
    if (consume(&tok->t_cpu) == td->td_gd && !held_below(td, tok)) /* publish: answer, F8 */
        return;
    KASSERT(td->td_cscount == 0, "%s masters a cpusync, and waits for a token", td->td_comm);
    ktr(KTR_TOKEN_WAIT, (uint64)tok, (uint64)peek(&tok->t_cpu)->gd_cpuid);
    if (peek(&lwkt_token_debug))
        printf("%s waits for a token\n", td->td_comm);
    crit_enter();
    ++mycpu->gd_cnt.token_contention;
    lwkt_token_wait(mycpu, td);
    lwkt_chktokens(td); /* ask now, because a thread below may not switch soon */
    lwkt_yield();
    crit_exit();
}

bool lwkt_trytoken(lwkt_tokref_t ref, lwkt_token_t tok)
{ /* lab 6 */
    thread_t td = curthread;

    KASSERT(mycpu->gd_intr_nesting_level == 0, "trytoken in an interrupt or IPI body");
    lwkt_link_ref(td, ref, tok);
    if (consume(&tok->t_cpu) == td->td_gd && !held_below(td, tok)) { /* publish: answer, F8 */
        ktr(KTR_TOKEN_GET, (uint64)tok, 0);
        return true;
    }
    lwkt_unlink_ref(td, ref);
    return false;
}

/* ref is off td_toks, but its token was asked for, or other cpus wait for tokens of this one. Wait for
 * the answer to ref, and answer the others. */
void lwkt_reltoken_slow(lwkt_tokref_t ref)
{ /* lab 6 */
    crit_enter();
    KASSERT(mycpu->gd_spinlocks == 0, "a contended token is released with a spin lock held");

    struct waitwarn w = {0};

    poke(&ref->tr_unwanted, 1);
    while (consume(&ref->tr_state) == TR_REQUESTED) { /* publish: answer, F9 */
        cpu_relax();
        lwkt_process_ipiq();
        if (wait_turn(&w))
            w.since = lwkt_wait_lasts(w.since, curthread, __func__, "the answer to a request",
                                      CPUMASK(peek(&ref->tr_tok->t_cpu)->gd_cpuid));
    }
    lwkt_answer_requests(mycpu, curthread);
    crit_exit();
}

/* lwkt_gettoken and lwkt_reltoken as functions, for callers that rarely come to them. */
void lwkt_gettoken_usual(lwkt_tokref_t ref, lwkt_token_t tok)
{
    lwkt_gettoken(ref, tok);
}

void lwkt_reltoken_usual(lwkt_tokref_t ref)
{
    lwkt_reltoken(ref);
}

/* --- for waitwarn.c --- */

cpumask_t lwkt_token_holders(thread_t td)
{
    cpumask_t whom = 0;

    for (lwkt_tokref_t ref = td->td_toks; ref != NULL; ref = ref->tr_next)
        whom |= CPUMASK(peek(&ref->tr_tok->t_cpu)->gd_cpuid);
    return whom & ~CPUMASK(td->td_gd->gd_cpuid);
}

void lwkt_token_report(globaldata_t gd)
{
    for (lwkt_tokref_t ref = gd->gd_tokreqbase; ref != NULL; ref = ref->tr_gdreqnext)
        printf("wait:   cpu %d waits for token %p, which is here, with ticket %lu\n",
               ref->tr_reqgd->gd_cpuid, (void *)ref->tr_tok, ref->tr_ticket);
}
