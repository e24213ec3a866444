/* SPDX-License-Identifier: BSD-3-Clause
 * The check of lock orders on the host: a request that would close a circle panics, whether or not
 * another thread is in the way, and the panic names all places. tests/test_host.py builds this with
 * kernel/sync/lockorder.c. A backtrace is here the number that `place` has at that time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/backtrace.h"
#include "sync/lockorder.h"

_Thread_local struct thread host_thread;

static int place;
static char message[1000]; /* of the panic */
static jmp_buf after_panic;

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(message, sizeof(message), fmt, ap);
    va_end(ap);
    longjmp(after_panic, 1);
}

void backtrace_save(uint64 fp, uint64 *calls, int n)
{
    (void)fp, (void)n;
    calls[0] = (uint64)place;
}

void backtrace_names(char *text, size_t size, const uint64 *calls, int n)
{
    (void)n;
    snprintf(text, size, " place%lu", calls[0]);
}

/* Take locks of these kinds, one after the other, and give them up. The panic's message, or "". */
static const char *take(int where, bool nested, const char *first, const char *second)
{
    uint32 a = lockorder_kind(first), b = lockorder_kind(second);

    place = where;
    host_thread.td_locks = 0;
    message[0] = '\0';
    if (setjmp(after_panic) != 0)
        return message;
    lockorder_check(a, false);
    lockorder_taken(a);
    lockorder_check(b, nested);
    lockorder_taken(b);
    lockorder_given_up(a);
    lockorder_given_up(b);
    return message;
}

static void expect(const char *seen, const char *text)
{
    const char *said = strstr(seen, "failed: "); /* what an assertion says comes after its place */

    if (strcmp(said != NULL ? said + 8 : seen, text) != 0) {
        printf("\"%s\" instead of \"%s\"\n", seen, text);
        exit(1);
    }
}

int main(void)
{
    expect(take(1, false, "inode", "buf"), "");
    expect(take(2, false, "buf", "pool"), "");
    expect(take(3, false, "inode", "pool"), "");
    expect(take(4, false, "inode", "buf"), "");
    expect(take(5, true, "inode", "inode"), "");
    expect(take(6, false, "inode", "inode"), "a second lock of the kind inode");
    expect(take(7, false, "buf", "inode"),
           "lock order: inode after buf here; buf after inode in place1");
    expect(take(8, false, "log", "inode"), "");
    expect(take(9, false, "pool", "log"),
           "lock order: log after pool here; inode after log in place8; "
           "buf after inode in place1; pool after buf in place2");
    return 0;
}
