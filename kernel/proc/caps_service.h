/*
 * CAPS: named ports of processes. A server registers a name; clients connect to it, call (a message
 * of up to CAPS_MSG_MAX bytes goes out, one comes back) and are answered. caps.c has the services and
 * their ports, capscall.c the system calls and what a process holds.
 */
#ifndef PROC_CAPS_SERVICE_H
#define PROC_CAPS_SERVICE_H

#include "kernel/caps.h"
#include "lwkt/msgport.h"
#include "lwkt/spin.h"

/* A name and the process behind it. Each id that names it holds a reference. */
struct caps_service {
    struct lwkt_port sv_port; /* requests that wait: sv_lock */
    struct spinlock sv_lock;
    struct list sv_taken;     /* requests that the server has and owes an answer: sv_lock */
    struct list sv_node;      /* all services that live: caps.c's lock */
    struct thread *sv_server; /* while it lives: the only one that receives */
    uint32 sv_refs;           /* AMO */
    bool sv_dead;             /* sv_lock: its server has closed it, or died */
    int sv_last_id;           /* sv_lock: of a request */
    char sv_name[CAPS_NAME_MAX];
};

/* A call under way: the request, then the reply. */
struct caps_msg {
    struct lwkt_msg cm_msg;    /* ms_node: sv_port's queue or sv_taken, or none: sv_lock */
    struct lwkt_port cm_reply; /* the caller's */
    struct caps_service *cm_service;
    uint32 cm_refs; /* AMO: the caller, and a server that looks at it */
    int cm_id;      /* what the server knows it by */
    int cm_len;     /* bytes of cm_data */
    void *cm_data;  /* request, or reply when it is DONE; kmalloc, NULL: empty */
};

/* --- caps.c --- */

/* A new service of the caller's; NULL: the name is taken, too many, or no memory. / A further reference
 * to the one of that name, or NULL. / Drop a reference. */
struct caps_service *caps_service_create(const char *name);
struct caps_service *caps_service_find(const char *name);
void caps_service_unref(struct caps_service *sv);

/* The server leaves: the name is free, and who waits for an answer gets EPORTDEAD. */
void caps_service_shutdown(struct caps_service *sv);

/* The caller's end of a call that sends len bytes of data (kmalloc; taken over): a message to send with
 * lwkt_domsg(&sv->sv_port, ..), or NULL: no memory, and data is freed. */
struct caps_msg *caps_msg_create(struct caps_service *sv, void *data, int len);
void caps_msg_unref(struct caps_msg *cm);

/* The server could not take delivery of a request that it received: the request is the next again. */
void caps_msg_return(struct caps_service *sv, struct caps_msg *cm);

/* Answer request id with len bytes of data (kmalloc; taken over). -1: no such request, or its caller
 * is gone. */
int caps_msg_answer(struct caps_service *sv, int id, void *data, int len);

/* --- capscall.c --- */

/* Close all that the thread holds. In that thread, before its process is a zombie. */
void caps_exit(struct thread *td);

#endif
