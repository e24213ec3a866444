/* SPDX-License-Identifier: BSD-3-Clause
 * ps: print a line for each process, as many as getprocs() tells of.
 */
#include "kernel/types.h"
#include "kernel/param.h"
#include "kernel/procinfo.h"
#include "user/user.h"

static const char *state_name(int state)
{
    static const char *const names[] = {
        [PI_EMBRYO] = "new",      [PI_SLEEP] = "sleep",   [PI_RUNNABLE] = "ready",
        [PI_RUNNING] = "running", [PI_ZOMBIE] = "zombie",
    };

    if (state < 0 || state >= (int)(sizeof(names) / sizeof(names[0])))
        return "?";
    return names[state];
}

int main(void)
{
    struct procinfo *all = malloc(NPROC * sizeof(*all));
    int n;

    if (all == 0) {
        fprintf(2, "ps: out of memory\n");
        exit(1);
    }
    n = getprocs(all, NPROC);
    if (n < 0) {
        fprintf(2, "ps: getprocs failed\n");
        exit(1);
    }
    printf("  PID  PPID CPU STATE   PRI    SIZE WAITS-FOR        NAME\n");
    for (int i = 0; i < n; i++) {
        const struct procinfo *p = &all[i];
        printf("%5d %5d %3d %-7s %3d %6luK %-16s %s\n", p->pid, p->ppid, p->cpu,
               state_name(p->state), p->pri, p->size / 1024, p->wmesg, p->name);
    }
    exit(0);
}
