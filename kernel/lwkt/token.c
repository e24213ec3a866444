/*
 * Tokens; see token.h for what they are, and docs/lwkt.md, chapter 6.
 *
 * Differences from DragonFly: a release gives the token to a waiting cpu at once, not at the next
 * switch (t_reqcpu is gone: gd_tokreqbase says who waits); the arrival of a token for which the
 * scheduler passed a thread over asks for a reschedule; and where two cpus want each other's tokens
 * the lower number wins, so that they cannot trade for ever.
 *
 *   asking cpu                                owning cpu
 *   ----------                                ----------
 *   ref on td_toks (gettoken)
 *   read t_cpu: not ours
 *   ref: TR_REQUESTED, message ------------>  reqtoken_remote(ref)
 *   spin, or run another thread                 held by curthread or one it preempted?
 *                                               yes: onto gd_tokreqbase, until release or switch
 *                                               no:  t_cpu = asker   (publish, F8)
 *   read t_cpu: ours (consume, F8)              ref: TR_ANSWERED     (publish, F9)
 *
 * The reference is linked before t_cpu is read: from then on a request for the token that arrives
 * here finds it held. While a reference is TR_REQUESTED the owner has its address, so reltoken does
 * not return before that is over. A request may be answered without the token, when its cpu had lost
 * it meanwhile: the asker asks again. Such requests never wait, nor do those whose asker only waits for
 * the answer: it waits holding other tokens, which the current thread here may be spinning for.
 */
#include "lwkt/token.h"

#include "lib/printf.h"
#include "lwkt/ipiq.h"

#define POOL_SIZE 1024
static struct lwkt_token pool[POOL_SIZE];

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

/* A thread that td preempted, or one below it, has tok. */
static bool held_below(thread_t td, lwkt_token_t tok)
{
    for (td = td->td_preempted; td != NULL; td = td->td_preempted)
        if (has_ref(td, tok))
            return true;
    return false;
}

bool lwkt_havetoken(lwkt_token_t tok)
{
    return consume(&tok->t_cpu) == mycpu && has_ref(curthread, tok);
}

/* Body at the asker: a token has come for a thread that was passed over. */
static void token_arrived(void *arg)
{
    (void)arg;
    need_lwkt_resched(mycpu);
}

/* There is something to give, and somebody who wants it. The token may go on before any thread here has
 * had it: what the cpu that had it last did is passed on, too (publish: answer, F8). */
static inline bool token_wanted(globaldata_t gd, lwkt_tokref_t ref)
{
    return consume(&ref->tr_tok->t_cpu) == gd && !peek(&ref->tr_unwanted);
}

/* Answer a request, with the token or without. Afterwards ref is the asker's alone. */
static void answer(globaldata_t gd, lwkt_tokref_t ref)
{ /* lab 6 */
    globaldata_t asker = ref->tr_reqgd;
    bool notify = ref->tr_notify;

    if (token_wanted(gd, ref))
        publish(&ref->tr_tok->t_cpu, asker); /* consume: gettoken, chktokens, F8 */
    publish(&ref->tr_state, TR_ANSWERED);    /* consume: request, reltoken_slow, F9 */
    if (notify)
        lwkt_send_ipiq(asker, token_arrived, NULL);
}

static void queue_request(globaldata_t gd, lwkt_tokref_t ref)
{
    ref->tr_gdreqnext = gd->gd_tokreqbase;
    gd->gd_tokreqbase = ref;
}

/* This cpu idles for want of other tokens of a thread that has tok, and comes first. */
static bool kept_for_waiter(globaldata_t gd, lwkt_tokref_t ref)
{
    return gd->gd_tokwaiter != NULL && gd->gd_cpuid < ref->tr_reqgd->gd_cpuid &&
           has_ref(gd->gd_tokwaiter, ref->tr_tok);
}

/* Body at the owner. Reference: lwkt_reqtoken_remote. */
static void reqtoken_remote(void *arg)
{ /* lab 6 */
    lwkt_tokref_t ref = arg;
    globaldata_t gd = mycpu;

    if (token_wanted(gd, ref) && (has_ref(curthread, ref->tr_tok) ||
                                  held_below(curthread, ref->tr_tok) || kept_for_waiter(gd, ref)))
        queue_request(gd, ref);
    else
        answer(gd, ref);
}

/*
 * Look through the waiting requests and answer those that `may` allows, and those that need not wait:
 * the token has gone elsewhere, or the asker waits for nothing but the answer (reltoken_slow), perhaps
 * while the current thread spins for another token of the asker's. In a critical section.
 */
static void answer_requests(globaldata_t gd, bool (*may)(globaldata_t, lwkt_tokref_t))
{ /* lab 6 */
    lwkt_tokref_t ref = gd->gd_tokreqbase, next;

    gd->gd_tokreqbase = NULL;
    for (; ref != NULL; ref = next) {
        next = ref->tr_gdreqnext;
        if (!token_wanted(gd, ref) || may(gd, ref))
            answer(gd, ref);
        else
            queue_request(gd, ref);
    }
}

/* The current thread leaves the cpu: nobody holds anything. */
static bool may_at_switch(globaldata_t gd, lwkt_tokref_t ref)
{
    return !kept_for_waiter(gd, ref);
}

/* The current thread runs on: what it has stays. */
static bool may_at_release(globaldata_t gd, lwkt_tokref_t ref)
{
    (void)gd;
    return !has_ref(curthread, ref->tr_tok) && !held_below(curthread, ref->tr_tok);
}

/* The current thread spins for a token: lower cpus get what it has. It asks for it again. */
static bool may_while_spinning(globaldata_t gd, lwkt_tokref_t ref)
{
    return !held_below(curthread, ref->tr_tok) &&
           (!has_ref(curthread, ref->tr_tok) || ref->tr_reqgd->gd_cpuid < gd->gd_cpuid);
}

void lwkt_drain_token_requests(void)
{
    answer_requests(mycpu, may_at_switch);
}

/* Ask the owner for ref's token, unless it has been asked. false: its queue is full; try later. */
static bool request(globaldata_t gd, lwkt_tokref_t ref, globaldata_t owner, bool notify)
{ /* lab 6 */
    /* publish: answer, F9 */
    if (consume(&ref->tr_state) == TR_REQUESTED)
        return true;
    ref->tr_reqgd = gd;
    ref->tr_notify = notify;
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
        if (!request(gd, ref, owner, td != curthread))
            break;
    }
    return all;
}

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
 * Wait for the token, letting go of what lower cpus want meanwhile. Interrupts stay enabled, and
 * messages are served here.
 */
static void gettoken_spin(thread_t td)
{ /* lab 6 */
    if (peek(&lwkt_token_debug))
        printf("%s waits for a token\n", td->td_comm);
    crit_enter();
    while (!lwkt_chktokens(td)) {
        ++mycpu->gd_cnt.token_contention;
        cpu_relax();
        lwkt_process_ipiq();
        answer_requests(mycpu, may_while_spinning);
    }
    crit_exit();
}

void lwkt_gettoken_slow(lwkt_tokref_t ref)
{ /* lab 6 */
    thread_t td = curthread;
    lwkt_token_t tok = ref->tr_tok;

    KASSERT(mycpu->gd_intr_nesting_level == 0, "gettoken in an interrupt or IPI body");
    while (held_below(td, tok)) /* it goes on, and we come back as an ordinary thread */
        lwkt_yield();
    if (consume(&tok->t_cpu) != td->td_gd) { /* publish: answer, F8 */
        ktr(KTR_TOKEN_WAIT, (uint64)tok, (uint64)peek(&tok->t_cpu)->gd_cpuid);
        gettoken_spin(td);
    }
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

/* ref was asked for, or others wait for tokens here. It is off td_toks. */
void lwkt_reltoken_slow(lwkt_tokref_t ref)
{ /* lab 6 */
    crit_enter();
    poke(&ref->tr_unwanted, 1);
    while (consume(&ref->tr_state) == TR_REQUESTED) { /* publish: answer, F9 */
        cpu_relax();
        lwkt_process_ipiq();
    }
    answer_requests(mycpu, may_at_release);
    crit_exit();
}
