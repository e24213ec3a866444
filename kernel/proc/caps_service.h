/* SPDX-License-Identifier: BSD-3-Clause
 * CAPS: named message ports of processes. A server registers a name. Clients connect to it and call it:
 * a message of up to CAPS_MSG_MAX bytes goes out, and one comes back. caps.c has the services and their
 * ports, capscall.c the system calls and what a process holds.
 */
#ifndef PROC_CAPS_SERVICE_H
#define PROC_CAPS_SERVICE_H

#include "kernel/caps.h"
#include "lwkt/msgport.h"
#include "lwkt/spin.h"
#include "lwkt/token.h"

/* A name and the process that serves it. Each id of it holds a reference. */
struct caps_service {
    struct lwkt_port sv_port; /* requests that wait: sv_lock */
    struct spinlock sv_lock;
    struct list sv_taken;     /* requests that the server has and owes an answer: sv_lock */
    struct list sv_node;      /* all services that have a server: caps.c's token */
    struct thread *sv_server; /* the only thread that receives, until it exits */
    uint32 sv_refs;           /* AMO */
    bool sv_dead;             /* sv_lock: its server has closed it, or exited */
    int sv_last_id;           /* sv_lock: the last request's number */
    char sv_name[CAPS_NAME_MAX];
};

/* A call under way: the request, then the reply. */
struct caps_msg {
    struct lwkt_msg cm_msg;    /* ms_node: sv_port's queue or sv_taken, or none: sv_lock */
    struct lwkt_port cm_reply; /* the caller's */
    struct caps_service *cm_service;
    uint32 cm_refs; /* AMO: the caller, and a server that looks at it */
    int cm_id;      /* its number, by which the server names it */
    int cm_len;     /* bytes of cm_data */
    void *cm_data;  /* request, or reply when it is DONE; kmalloc, NULL: empty */
};

/* --- caps.c --- */

/* Boot. */
void caps_init(void);

/* Create a service with the caller as its server; NULL: the name is taken, there are too many, or
 * memory is out. / Add a reference to the service of that name; or NULL. / Drop a reference. */
struct caps_service *caps_service_create(const char *name);
struct caps_service *caps_service_find(const char *name);
void caps_service_unref(struct caps_service *sv);

/* The server leaves: the name becomes free, and callers that wait for an answer get EPORTDEAD. */
void caps_service_shutdown(struct caps_service *sv);

/* Make a message that the caller sends with lwkt_domsg(&sv->sv_port, ..), with len bytes of data, which
 * were allocated by kmalloc and now belong to it. NULL: memory is out, and data was freed. */
struct caps_msg *caps_msg_create(struct caps_service *sv, void *data, int len);
void caps_msg_unref(struct caps_msg *cm);

/* The server could not copy out a request that it received: make it the next request again. */
void caps_msg_return(struct caps_service *sv, struct caps_msg *cm);

/* Answer request `id` with len bytes of data (kmalloc), which now belong to the message. -1: there is
 * no such request, or its caller is gone. */
int caps_msg_answer(struct caps_service *sv, int id, void *data, int len);

/* --- capscall.c --- */

/* Close all ids of the thread. Runs in that thread, before its process is a zombie. */
void caps_exit(struct thread *td);

#endif
