/* SPDX-License-Identifier: BSD-3-Clause
 * The parts of the library that xv6 does not have. They are not in user/user.h, so that a program
 * written for xv6 may use these names for its own functions. For the same reason xv6's part of the
 * library must not use them, except lib_format(): the linker would then add a second function of that
 * name to a program that has its own.
 */
#ifndef USER_LIB_LIB_H
#define USER_LIB_LIB_H

#include <stdarg.h>

#include "kernel/types.h"

/* Write at most size bytes, the NUL included. Return the length that the whole text would have. */
int snprintf(char *buf, uint size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, uint size, const char *fmt, va_list ap);

/* The engine of all of these: formats, and passes the text in pieces to put(arg, text, n). Returns
 * the length of the whole text. */
int lib_format(void (*put)(void *arg, const char *text, int n), void *arg, const char *fmt,
               va_list ap);

/* Store a decimal number with an optional sign in *value. 0; -1: s is no number, or out of range. */
int parse_int(const char *s, int *value);

/* Write all n bytes, in as many calls as it takes. 0, or -1. */
int write_all(int fd, const void *buf, int n);

/* Remove a directory and all that is in it, or as much as can be removed. */
void remove_tree(const char *dir);

/* What a test must leave as it was, without what caches could give back: pages, threads, processes,
 * open files, inodes. */
#define NCOUNTS 5
struct counts {
    uint64 value[NCOUNTS];
};
void take_counts(struct counts *c);

/* Take counts until nothing is missing, for some seconds at most. 1: something is. / Print both. */
int is_amiss(const struct counts *before, struct counts *after);
void print_counts(const char *program, const struct counts *before, const struct counts *after);

/* A value of the kernel that must exist. */
uint64 sysctl_value(const char *name);

/* The part of path after its last '/'. */
const char *base_name(const char *path);

#endif
