/*
 * Tokens: locks that hold only while their holder runs (or is preempted). Blocking lets go of all of
 * a thread's tokens, and it has them again before it runs on: data under a token must be looked at
 * anew after anything that may block. Since nobody waits for a token while holding another fast,
 * there is no order to keep and no deadlock. Recursive; released in any order.
 *
 * A token is owned by a cpu (t_cpu) and held by the threads of that cpu that have a reference to it;
 * only the owner gives it away, when it is asked by an IPI message. So taking a token that this cpu
 * owns is a few plain instructions. See token.c.
 */
#ifndef LWKT_TOKEN_H
#define LWKT_TOKEN_H

#include <stdbool.h>

#include "lwkt/thread.h"

struct lwkt_token {
    struct globaldata *t_cpu;        /* owner; only the owner changes it (publish, consume) */
};

/* Whether the owner has the address of a reference, because it was asked for its token. */
enum { TR_IDLE, TR_REQUESTED };

/* One taking of a token, on the taker's stack from lwkt_gettoken to lwkt_reltoken. */
struct lwkt_tokref {
    struct lwkt_token *tr_tok;
    uint32 tr_state;                 /* TR_*: publish, consume */
    struct lwkt_tokref *tr_next;     /* td_toks */
    struct lwkt_tokref *tr_gdreqnext; /* gd_tokreqbase of the owner while TR_REQUESTED */
    struct globaldata *tr_reqgd;     /* who asks */
    bool tr_notify;                  /* the asker's scheduler passed the thread over: tell it */
};

typedef struct lwkt_token *lwkt_token_t;
typedef struct lwkt_tokref *lwkt_tokref_t;

/* A free token, owned by this cpu. Early boot too. */
void lwkt_token_init(lwkt_token_t tok);

/* Take tok; may spin, serving IPI messages, and may yield to a thread that we preempted and that has
 * it. Thread context (not in an interrupt or IPI body). */
void lwkt_gettoken(lwkt_tokref_t ref, lwkt_token_t tok);

/* The same without waiting: false when another cpu owns it or a thread that we preempted has it. */
bool lwkt_trytoken(lwkt_tokref_t ref, lwkt_token_t tok);

/* Let go of one taking. ref is the caller's again at the return. */
void lwkt_reltoken(lwkt_tokref_t ref);

/* Whether this thread has tok. */
bool lwkt_havetoken(lwkt_token_t tok);

/* Make the pool's tokens. Boot. */
void lwkt_token_pool_init(void);

/* A token for an object that may vanish: one of a pool, by its address. */
lwkt_token_t lwkt_token_pool_get(const void *object);

/* For the switch: whether this cpu owns all tokens of td, a thread of this cpu that is about to run;
 * those that it does not are asked for. / Give away what others asked for and the leaving thread had.
 * In a critical section. */
bool lwkt_chktokens(thread_t td);
void lwkt_drain_token_requests(void);

#endif
