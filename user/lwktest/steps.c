/* SPDX-License-Identifier: BSD-3-Clause
 * The steps of scripts, in a program. Those of this list need processes, tsleep, or the machine itself;
 * a scene that has one of them ends with a message.
 */
#include "lwkt.h"

#define NOT_K_USEREXIT ~, 1
#define NOT_K_USCHED ~, 1
#define NOT_K_AST ~, 1
#define NOT_K_SPACE ~, 1
#define NOT_K_PROC ~, 1
#define NOT_K_KILL ~, 1
#define NOT_K_TSLEEP ~, 1
#define NOT_K_TSLEEP_CATCH ~, 1
#define NOT_K_TSLEEP_CATCH_LOCKED ~, 1
#define NOT_K_TSLEEP_QUIET ~, 1
#define NOT_K_TSLEEP_REMOVE ~, 1
#define NOT_K_TSLEEP_LOCKED ~, 1
#define NOT_K_INTERLOCK ~, 1
#define NOT_K_WAKEUP ~, 1
#define NOT_K_TURNS ~, 1
#define NOT_K_RAISE_AT ~, 1
#define NOT_K_INTR_COUNTS ~, 1
#define NOT_K_SPURIOUS ~, 1
#define NOT_K_TRACE ~, 1
#define NOT_K_TRACED ~, 1
#define NOT_K_HOG ~, 1
#define NOT_K_HART ~, 1
#define NOT_K_HARTS ~, 1
#define NOT_K_SPARE ~, 1
#define NOT_K_SOAK ~, 1
#define NOT_K_SOAK_END ~, 1

/* PLAYS(op, call) is the call, or, for a step of the list, whose NOT_ has a comma, the message. */
#define SECOND(first, second, ...) second
#define IS_NOT(...) SECOND(__VA_ARGS__, 0, 0)
#define JOIN(a, b) a##b
#define CHOOSE(not_played_, op, call) JOIN(PLAY_, not_played_)(op, call)
#define PLAY_0(op, call) call
#define PLAY_1(op, call) not_played(#op)
#define KT_PLAYS(op, call) CHOOSE(IS_NOT(NOT_##op), op, call)

#include "kernel/ktest/steps.c"

void not_played(const char *step)
{
    panic("%s needs the kernel", step);
}
