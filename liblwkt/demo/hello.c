/* SPDX-License-Identifier: BSD-3-Clause
 * The smallest program: two threads on two cpus, and a message between them.
 */
#include "lwkt.h"

static void greet(void *arg)
{
    lwkt_msg_t msg = lwkt_waitport(&curthread->td_msgport, NULL);

    (void)arg;
    printf("%s on cpu %d got message %d\n", curthread->td_comm, mycpuid, msg->ms_cmd);
    lwkt_replymsg(msg, 7);
}

static int first(void *arg)
{
    struct lwkt_msg msg;
    thread_t greeter = lwkt_start(1, greet, NULL, "greeter");

    (void)arg;
    lwkt_initmsg(&msg, &curthread->td_msgport, 42, 0);
    printf("the reply is %d\n", lwkt_domsg(&greeter->td_msgport, &msg));
    return 0;
}

int main(void)
{
    lwkt_run(2, first, NULL);
}
