/* SPDX-License-Identifier: BSD-3-Clause
 * CAPS: services and their message ports. See caps.h; all in thread context.
 *
 *   client                                        server
 *   ------                                        ------
 *   lwkt_domsg(sv_port)
 *     service_putport: onto sv_port's queue
 *     reply_waitport: sleeps          ------->    lwkt_waitport: off the queue, onto sv_taken
 *                                                 (copies the request out, works)
 *                                                 caps_msg_answer: off sv_taken, swaps the data,
 *     DONE: copies the reply out      <-------      lwkt_replymsg
 *
 * Unlike a thread's ports (lwkt/msgport.c), these are for processes, which move between cpus and can
 * be killed while they wait. So a port has a spin lock (the service's), its sleepers use tsleep, and
 * a waiting caller that is killed takes its message back (service_abortport), even from sv_taken: the
 * server's answer then finds no request.
 *
 * Always true: a message is on one of the two lists, and is touched under the lock; or it is on
 * neither, and the thread that took it off, under the lock, replies to it, once. The caller stays until
 * DONE, since an abort that finds the message on neither list leaves it to the thread that took it off.
 * After DONE the replier touches only the service.
 *
 * The registry of names has a token. A name is looked up rarely, by threads that hold nothing else and
 * may wait, and each use is a few lines that neither block nor end a critical section. So nothing has
 * to be looked at again under the token.
 */
#include "proc/caps_service.h"

#include "lib/string.h"
#include "mm/zone.h"
#include "sync/sleep.h"

static struct lwkt_token registry_token;
static struct list services = {&services, &services}; /* those with a server: registry_token */
static int service_count;                             /* registry_token */

void caps_init(void)
{
    lwkt_token_init(&registry_token);
}

static struct caps_msg *to_caps(lwkt_msg_t msg)
{
    return list_entry(msg, struct caps_msg, cm_msg);
}

/* --- the port of a service --- */

static struct caps_service *service_of(lwkt_port_t port)
{
    return list_entry(port, struct caps_service, sv_port);
}

/* The next request's number: positive, and not the number of a request under way, as there are at most
 * NPROC of these. sv_lock held. */
static int next_id(struct caps_service *sv)
{
    sv->sv_last_id = sv->sv_last_id == 0x7fffffff ? 1 : sv->sv_last_id + 1;
    return sv->sv_last_id;
}

static int service_putport(lwkt_port_t port, lwkt_msg_t msg)
{
    struct caps_service *sv = service_of(port);
    int error = EASYNC;

    spin_lock(&sv->sv_lock);
    if (sv->sv_dead) {
        error = EPORTDEAD;
    } else {
        to_caps(msg)->cm_id = next_id(sv);
        msg->ms_flags |= MSGF_QUEUED;
        list_insert_tail(&port->mp_msgq, &msg->ms_node);
    }
    spin_unlock(&sv->sv_lock);
    if (error == EASYNC)
        wakeup(port);
    return error;
}

/* The first request, with a reference that the server drops later; or NULL. */
static lwkt_msg_t service_getport(lwkt_port_t port)
{
    struct caps_service *sv = service_of(port);
    lwkt_msg_t msg = NULL;

    spin_lock(&sv->sv_lock);
    if (!list_empty(&port->mp_msgq)) {
        msg = list_entry(list_first(&port->mp_msgq), struct lwkt_msg, ms_node);
        list_remove(&msg->ms_node);
        list_insert_tail(&sv->sv_taken, &msg->ms_node);
        msg->ms_flags = (msg->ms_flags & ~MSGF_QUEUED) | MSGF_RETRIEVED;
        amo_add(&to_caps(msg)->cm_refs, 1);
    }
    spin_unlock(&sv->sv_lock);
    return msg;
}

struct request_wait {
    lwkt_port_t port;
    lwkt_msg_t msg; /* the request, when there is one */
};

static bool try_getport(void *arg)
{
    struct request_wait *w = arg;

    w->msg = service_getport(w->port);
    return w->msg != NULL;
}

/* Wait for a request. NULL: the server was killed. msg is NULL: replies go to other ports. */
static lwkt_msg_t service_waitport(lwkt_port_t port, lwkt_msg_t msg)
{
    struct request_wait w = {.port = port, .msg = msg};

    tsleep_until(port, PCATCH, "caps_wait", try_getport, &w);
    return w.msg;
}

/* The caller was killed: take its message back. If it is on no list, another thread is about to
 * reply. */
static void service_abortport(lwkt_port_t port, lwkt_msg_t msg)
{
    struct caps_service *sv = service_of(port);

    spin_lock(&sv->sv_lock);
    bool ours = list_linked(&msg->ms_node);
    if (ours) {
        list_remove(&msg->ms_node);
        msg->ms_flags = (msg->ms_flags & ~MSGF_QUEUED) | MSGF_ABORTED;
    }
    spin_unlock(&sv->sv_lock);
    if (ours)
        lwkt_replymsg(msg, EABORTED);
}

static const struct lwkt_portops service_portops = {
    .putport = service_putport,
    .waitport = service_waitport,
    .abortport = service_abortport,
};

/* --- the port of a caller: for the reply to its one message --- */

/* The caller may free the message as soon as it sees DONE. */
static void reply_replyport(lwkt_port_t port, lwkt_msg_t msg)
{
    (void)port;
    publish(&msg->ms_flags, msg->ms_flags | MSGF_DONE); /* consume: is_done */
    wakeup(msg);                                        /* only the address is used */
}

static bool is_done(void *arg)
{
    lwkt_msg_t msg = arg;

    return (consume(&msg->ms_flags) & MSGF_DONE) != 0; /* publish: reply_replyport */
}

static lwkt_msg_t reply_waitport(lwkt_port_t port, lwkt_msg_t msg)
{
    (void)port;
    if (tsleep_until(msg, PCATCH, "caps_call", is_done, msg) == EINTR) {
        lwkt_abortmsg(msg);
        tsleep_until(msg, 0, "caps_call", is_done, msg);
    }
    return msg;
}

static const struct lwkt_portops reply_portops = {
    .waitport = reply_waitport,
    .replyport = reply_replyport,
};

/* --- messages --- */

struct caps_msg *caps_msg_create(struct caps_service *sv, void *data, int len)
{
    struct caps_msg *cm = kmalloc(sizeof(*cm));

    if (cm == NULL) {
        if (data != NULL)
            kfree(data);
        return NULL;
    }
    lwkt_initport(&cm->cm_reply, curthread);
    cm->cm_reply.mp_ops = &reply_portops;
    lwkt_initmsg(&cm->cm_msg, &cm->cm_reply, 0, MSGF_ABORTABLE);
    cm->cm_service = sv;
    cm->cm_refs = 1;
    cm->cm_data = data;
    cm->cm_len = len;
    return cm;
}

void caps_msg_unref(struct caps_msg *cm)
{
    if (amo_add_acqrel(&cm->cm_refs, -1u) != 1)
        return;
    if (cm->cm_data != NULL)
        kfree(cm->cm_data);
    kfree(cm);
}

void caps_msg_return(struct caps_service *sv, struct caps_msg *cm)
{
    spin_lock(&sv->sv_lock);
    if (list_linked(&cm->cm_msg.ms_node)) { /* else its caller has taken it back */
        list_remove(&cm->cm_msg.ms_node);
        list_insert_head(&sv->sv_port.mp_msgq, &cm->cm_msg.ms_node);
        cm->cm_msg.ms_flags = (cm->cm_msg.ms_flags & ~MSGF_RETRIEVED) | MSGF_QUEUED;
    }
    spin_unlock(&sv->sv_lock);
}

/* Take request `id` off the server's list; NULL: it is not there. */
static struct caps_msg *take_taken(struct caps_service *sv, int id)
{
    struct caps_msg *found = NULL;

    spin_lock(&sv->sv_lock);
    list_foreach(node, &sv->sv_taken)
    {
        struct caps_msg *cm = to_caps(list_entry(node, struct lwkt_msg, ms_node));
        if (cm->cm_id == id) {
            list_remove(&cm->cm_msg.ms_node);
            found = cm;
            break;
        }
    }
    spin_unlock(&sv->sv_lock);
    return found;
}

int caps_msg_answer(struct caps_service *sv, int id, void *data, int len)
{
    struct caps_msg *cm = take_taken(sv, id);

    if (cm == NULL) {
        if (data != NULL)
            kfree(data);
        return -1;
    }
    if (cm->cm_data != NULL)
        kfree(cm->cm_data);
    cm->cm_data = data;
    cm->cm_len = len;
    lwkt_replymsg(&cm->cm_msg, 0);
    return 0;
}

/* --- services --- */

/* The service of that name that has a server, or NULL. registry_token held. */
static struct caps_service *find_service(const char *name)
{
    list_foreach(node, &services)
    {
        struct caps_service *sv = list_entry(node, struct caps_service, sv_node);
        if (strncmp(sv->sv_name, name, sizeof(sv->sv_name)) == 0)
            return sv;
    }
    return NULL;
}

struct caps_service *caps_service_create(const char *name)
{
    struct caps_service *sv = kmalloc(sizeof(*sv));
    struct lwkt_tokref ref;
    bool ok;

    if (sv == NULL)
        return NULL;
    lwkt_initport(&sv->sv_port, curthread);
    sv->sv_port.mp_ops = &service_portops;
    spin_init(&sv->sv_lock, "caps service");
    list_init(&sv->sv_taken);
    list_init(&sv->sv_node);
    sv->sv_server = curthread;
    sv->sv_refs = 1;
    strlcpy(sv->sv_name, name, sizeof(sv->sv_name));

    lwkt_gettoken(&ref, &registry_token);
    ok = service_count < CAPS_SERVICES && find_service(name) == NULL;
    if (ok) {
        service_count++;
        list_insert_tail(&services, &sv->sv_node);
    }
    lwkt_reltoken(&ref);
    if (!ok) {
        kfree(sv);
        return NULL;
    }
    return sv;
}

struct caps_service *caps_service_find(const char *name)
{
    struct lwkt_tokref ref;

    lwkt_gettoken(&ref, &registry_token);
    struct caps_service *sv = find_service(name);
    if (sv != NULL)
        amo_add(&sv->sv_refs, 1);
    lwkt_reltoken(&ref);
    return sv;
}

void caps_service_unref(struct caps_service *sv)
{
    if (amo_add_acqrel(&sv->sv_refs, -1u) == 1)
        kfree(sv);
}

/* Take any request off either list; NULL: there is none. */
static lwkt_msg_t take_any(struct caps_service *sv)
{
    struct list *node;

    spin_lock(&sv->sv_lock);
    node = list_first(&sv->sv_port.mp_msgq);
    if (node == NULL)
        node = list_first(&sv->sv_taken);
    lwkt_msg_t msg = node != NULL ? list_entry(node, struct lwkt_msg, ms_node) : NULL;
    if (msg != NULL) {
        list_remove(&msg->ms_node);
        msg->ms_flags &= ~MSGF_QUEUED;
    }
    spin_unlock(&sv->sv_lock);
    return msg;
}

void caps_service_shutdown(struct caps_service *sv)
{
    struct lwkt_tokref ref;
    lwkt_msg_t msg;

    lwkt_gettoken(&ref, &registry_token);
    list_remove(&sv->sv_node);
    service_count--;
    lwkt_reltoken(&ref);
    spin_lock(&sv->sv_lock);
    sv->sv_dead = true;
    spin_unlock(&sv->sv_lock);
    while ((msg = take_any(sv)) != NULL)
        lwkt_replymsg(msg, EPORTDEAD);
}
