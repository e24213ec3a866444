/* SPDX-License-Identifier: BSD-3-Clause
 * Tokens: locks that hold only while their holder runs (or is preempted). A thread that blocks lets go
 * of all its tokens, and has them again before it runs on, so data under a token must be read again
 * after anything that may block. Waiting for one more token is such a block. Tokens are recursive, and
 * are taken and released in any order: the head of token.c says why no thread waits for ever.
 *
 * A token is owned by a cpu (t_cpu) and held by the threads of that cpu that have a reference to it;
 * only the owner gives it away, when it is asked by an IPI message. So taking a token that this cpu
 * owns is a few plain instructions. See token.c.
 *
 * Differences from DragonFly: see token.c. A token has no t_reqcpu, and a reference says whether it was
 * answered.
 */
#ifndef LWKT_TOKEN_H
#define LWKT_TOKEN_H

#include <stdbool.h>

#include "lwkt/crit.h"
#include "lwkt/ktr.h"

struct lwkt_token {
    struct globaldata *t_cpu; /* owner; only the owner changes it (publish, consume) */
};

/* The state of a reference. TR_REQUESTED: the owner was asked for the token, and so has the reference's
 * address. TR_ANSWERED: it had the address, so code that writes to the reference must have seen the
 * answer (consume). */
enum { TR_IDLE, TR_REQUESTED, TR_ANSWERED };

/* One taking of a token, on the taker's stack from lwkt_gettoken to lwkt_reltoken. */
struct lwkt_tokref {
    struct lwkt_token *tr_tok;
    uint32 tr_state;                  /* TR_*: publish, consume */
    struct lwkt_tokref *tr_next;      /* td_toks */
    struct lwkt_tokref *tr_gdreqnext; /* gd_tokreqbase of the owner while TR_REQUESTED */
    struct globaldata *tr_reqgd;      /* the cpu that asks */
    uint64 tr_ticket;                 /* its thread's td_tokticket */
    uint32 tr_unwanted;               /* the asker no longer needs the token: peek, poke */
};

typedef struct lwkt_token *lwkt_token_t;
typedef struct lwkt_tokref *lwkt_tokref_t;

/* Make tok a free token, owned by this cpu. It may be called in early boot. */
void lwkt_token_init(lwkt_token_t tok);

/* Take tok without waiting. Returns false if another cpu owns it, or if a thread that the caller has
 * preempted has it. */
bool lwkt_trytoken(lwkt_tokref_t ref, lwkt_token_t tok);

/* Whether the calling thread has tok. */
bool lwkt_havetoken(lwkt_token_t tok);

/* Make the pool's tokens. Boot. */
void lwkt_token_pool_init(void);

/* A token for an object that may be freed: one of a pool, chosen by the object's address. */
lwkt_token_t lwkt_token_pool_get(const void *object);

/* For the switch, in a critical section. Returns whether this cpu owns all tokens of td, a thread of
 * this cpu; if not, puts td in line, and asks for those that it lacks. / Put td, which has tokens, in
 * line for a token or the MP lock. / Take it out of the line. / Answer the requests for tokens that
 * neither `runner` (which may be NULL) nor a thread below it has. */
bool lwkt_chktokens(thread_t td);
void lwkt_token_wait(globaldata_t gd, thread_t td);
void lwkt_token_wait_end(thread_t td);
void lwkt_answer_requests(globaldata_t gd, thread_t runner);

/* The rare cases of lwkt_gettoken and lwkt_reltoken; token.c. */
void lwkt_gettoken_slow(lwkt_tokref_t ref);
void lwkt_reltoken_slow(lwkt_tokref_t ref);
void lwkt_unlink_ref(thread_t td, lwkt_tokref_t ref);
void lwkt_gettoken_usual(lwkt_tokref_t ref, lwkt_token_t tok);
void lwkt_reltoken_usual(lwkt_tokref_t ref);

static inline void lwkt_link_ref(thread_t td, lwkt_tokref_t ref, lwkt_token_t tok)
{
    ref->tr_tok = tok;
    ref->tr_state = TR_IDLE;
    ref->tr_next = td->td_toks;
    compiler_barrier();
    poke(&td->td_toks, ref);
    compiler_barrier(); /* before t_cpu is read: a request that arrives now finds it held */
}

/* Take tok. If it cannot be had at once, let go of all others and switch; the thread has all of them
 * when this returns. Thread context (not in an interrupt or IPI body, and not while mastering a
 * cpusync). */
static inline void lwkt_gettoken(lwkt_tokref_t ref, lwkt_token_t tok)
{
    thread_t td = curthread;
    globaldata_t gd = mycpu; /* to the end: a thread moves only itself */

    KASSERT(gd->gd_intr_nesting_level == 0, "gettoken in an interrupt or IPI body");
    lwkt_link_ref(td, ref, tok);
    if (consume(&tok->t_cpu) != gd || td->td_preempted != NULL) /* publish: answer, F8 */
        lwkt_gettoken_slow(ref);
    ktr_on_cpu(gd, KTR_TOKEN_GET, (uint64)tok, 0);
}

/* Release tok once. ref is the caller's again when this returns. */
static inline void lwkt_reltoken(lwkt_tokref_t ref)
{
    thread_t td = curthread;
    globaldata_t gd = mycpu;

    KASSERT(peek(&ref->tr_tok->t_cpu) == gd, "%s releases a token of cpu %d", td->td_comm,
            ref->tr_tok->t_cpu->gd_cpuid);
    ktr_on_cpu(gd, KTR_TOKEN_REL, (uint64)ref->tr_tok, 0);
    if (td->td_toks == ref)
        poke(&td->td_toks, ref->tr_next);
    else
        lwkt_unlink_ref(td, ref);
    compiler_barrier(); /* a request that came before this found tok held, and is on gd_tokreqbase */
    if (gd->gd_tokreqbase != NULL || peek(&ref->tr_state) != TR_IDLE)
        lwkt_reltoken_slow(ref);
}

/*
 * Take and release tok for a few lines in a critical section, in which nothing lets messages in
 * (crit.h). Only a message takes a token away, so a token that is here stays until then, and needs no
 * reference, unless a thread that the caller has preempted may have it. In that case, or if the token
 * is elsewhere, it is taken as usual. tr_tok says which it was.
 */
static inline void lwkt_gettoken_crit(lwkt_tokref_t ref, lwkt_token_t tok)
{
    KASSERT(curthread->td_critcount > 0, "gettoken_crit outside a critical section");
    ref->tr_tok = NULL;
    if (consume(&tok->t_cpu) != mycpu || curthread->td_preempted != NULL) /* publish: answer, F8 */
        cpu_call_rarely(lwkt_gettoken_usual, ref, tok, 0);
}

static inline void lwkt_reltoken_crit(lwkt_tokref_t ref)
{
    if (ref->tr_tok != NULL)
        cpu_call_rarely(lwkt_reltoken_usual, ref, 0, 0);
}

#endif
