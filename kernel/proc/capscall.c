/* SPDX-License-Identifier: BSD-3-Clause
 * CAPS: the system calls, and the ids of a process. An id is an index into its table (td_caps), which
 * is made when the first id is needed. A child of fork starts without a table, and exec keeps it. Only
 * the process's own thread touches it.
 */
#include "lib/sysent.h"
#include "mm/zone.h"
#include "proc/caps_service.h"
#include "proc/proc.h"

struct caps_id {
    struct caps_service *service; /* NULL: free */
    bool server;                  /* the process has registered it; otherwise, connected to it */
};

struct caps_table {
    struct caps_id id[CAPS_IDS];
};

/* A free place in the caller's table; NULL: there is none, or memory is out. */
static struct caps_id *new_id(void)
{
    thread_t td = curthread;

    if (td->td_caps == NULL) {
        td->td_caps = kmalloc(sizeof(struct caps_table));
        td->td_caps_exit = caps_exit;
    }
    struct caps_table *table = td->td_caps;
    for (int i = 0; table != NULL && i < CAPS_IDS; i++)
        if (table->id[i].service == NULL)
            return &table->id[i];
    return NULL;
}

static int64 number_of(const struct caps_id *id)
{
    return id - ((struct caps_table *)curthread->td_caps)->id;
}

/* The caller's id of that number, or NULL. */
static struct caps_id *get_id(int number)
{
    struct caps_table *table = curthread->td_caps;

    if (table == NULL || number < 0 || number >= CAPS_IDS || table->id[number].service == NULL)
        return NULL;
    return &table->id[number];
}

/* The service that the caller serves, or is connected to, under that number; or NULL. */
static struct caps_service *get_service(uint64 number, bool server)
{
    struct caps_id *id = get_id((int)number);

    return id != NULL && id->server == server ? id->service : NULL;
}

static void close_id(struct caps_id *id)
{
    if (id->server)
        caps_service_shutdown(id->service);
    caps_service_unref(id->service);
    id->service = NULL;
}

void caps_exit(thread_t td)
{
    struct caps_table *table = td->td_caps;

    if (table == NULL)
        return;
    for (int i = 0; i < CAPS_IDS; i++)
        if (table->id[i].service != NULL)
            close_id(&table->id[i]);
    td->td_caps = NULL;
    kfree(table);
}

/* A new id for the service with the name at uname, which open() creates or finds. */
static int64 open_name(uint64 uname, struct caps_service *(*open)(const char *name), bool server)
{
    char name[CAPS_NAME_MAX];
    struct caps_id *id;

    if (copyinstr(name, uname, sizeof(name)) <= 0 || (id = new_id()) == NULL)
        return -1;
    id->service = open(name);
    id->server = server;
    return id->service != NULL ? number_of(id) : -1;
}

/* caps_register(name): serve that name. Returns the id; -1: the name is bad or taken, there are too
 * many, or memory is out. */
int64 sys_caps_register(const uint64 *arg)
{
    return open_name(arg[0], caps_service_create, true);
}

/* caps_connect(name): returns the id; -1: no process serves that name, too many ids, or memory is
 * out. */
int64 sys_caps_connect(const uint64 *arg)
{
    return open_name(arg[0], caps_service_find, false);
}

/* Copy len bytes from user memory to *data, which is allocated (NULL for 0 bytes). -1: too many bytes,
 * a bad address, or memory is out. */
static int copyin_data(void **data, uint64 uaddr, int len)
{
    *data = NULL;
    if (len < 0 || len > CAPS_MSG_MAX)
        return -1;
    if (len == 0)
        return 0;
    *data = kmalloc((size_t)len);
    if (*data != NULL && copyin(*data, uaddr, (uint64)len) == 0)
        return 0;
    if (*data != NULL)
        kfree(*data);
    return -1;
}

/* Copy a reply out, and return its length; -1: none has come, it is too long, or a bad address. */
static int64 copyout_reply(const struct caps_msg *cm, uint64 uaddr, int max)
{
    if (cm->cm_msg.ms_error != 0 || cm->cm_len > max)
        return -1;
    if (cm->cm_len > 0 && copyout(uaddr, cm->cm_data, (uint64)cm->cm_len) < 0)
        return -1;
    return cm->cm_len;
}

/*
 * caps_call(id, buf, len, reply, max): send a request and wait for the reply. Returns its length; -1: a
 * bad argument, the server has left or leaves before it answers, the reply is longer than max, or the
 * caller was killed.
 */
int64 sys_caps_call(const uint64 *arg)
{
    struct caps_service *sv = get_service(arg[0], false);
    struct caps_msg *cm;
    void *data;
    int64 result;

    if (sv == NULL || sv->sv_server == curthread || (int)arg[4] < 0 ||
        copyin_data(&data, arg[1], (int)arg[2]) < 0)
        return -1;
    if ((cm = caps_msg_create(sv, data, (int)arg[2])) == NULL)
        return -1;
    lwkt_domsg(&sv->sv_port, &cm->cm_msg);
    result = copyout_reply(cm, arg[3], (int)arg[4]);
    caps_msg_unref(cm);
    return result;
}

/*
 * caps_wait(id, buf, max, &len): wait for a request and store it, and its length unless &len is 0.
 * Returns the request's number, from 1 on; -1: a bad argument, the caller was killed, or the request is
 * longer than max and stays the next one.
 */
int64 sys_caps_wait(const uint64 *arg)
{
    struct caps_service *sv = get_service(arg[0], true);
    lwkt_msg_t msg;
    int max = (int)arg[2];

    if (sv == NULL || max < 0 || (msg = lwkt_waitport(&sv->sv_port, NULL)) == NULL)
        return -1;
    struct caps_msg *cm = list_entry(msg, struct caps_msg, cm_msg);
    int64 result = cm->cm_id;
    if (cm->cm_len > max ||
        (cm->cm_len > 0 && copyout(arg[1], cm->cm_data, (uint64)cm->cm_len) < 0) ||
        (arg[3] != 0 && copyout(arg[3], &cm->cm_len, sizeof(cm->cm_len)) < 0)) {
        caps_msg_return(sv, cm);
        result = -1;
    }
    caps_msg_unref(cm);
    return result;
}

/* caps_reply(id, request, buf, len): answer a request. 0; -1: a bad argument, no such request, or its
 * caller is gone. */
int64 sys_caps_reply(const uint64 *arg)
{
    struct caps_service *sv = get_service(arg[0], true);
    void *data;

    if (sv == NULL || copyin_data(&data, arg[2], (int)arg[3]) < 0)
        return -1;
    return caps_msg_answer(sv, (int)arg[1], data, (int)arg[3]);
}

/* caps_close(id): close an id. 0; -1: there is no such id. */
int64 sys_caps_close(const uint64 *arg)
{
    struct caps_id *id = get_id((int)arg[0]);

    if (id == NULL)
        return -1;
    close_id(id);
    return 0;
}
