/*
 * The parts of the library that xv6 does not have. They are not in user/user.h, so that a program
 * written for xv6 may use these names for functions of its own. For the same reason what xv6's part
 * of the library is made of must not use them, lib_format() excepted: an object of the library that
 * the program needs would bring along a second function of that name.
 */
#ifndef USER_LIB_LIB_H
#define USER_LIB_LIB_H

#include <stdarg.h>

#include "kernel/types.h"

/* Write at most size bytes with the NUL; the length that the whole text would have. */
int snprintf(char *buf, uint size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, uint size, const char *fmt, va_list ap);

/* The engine of all of these: format, handing pieces of text to put(arg, text, n). Returns the
 * length of the whole. */
int lib_format(void (*put)(void *arg, const char *text, int n), void *arg, const char *fmt,
               va_list ap);

/* A decimal number with an optional sign into *value. 0, or -1: s is no number, or out of range. */
int parse_int(const char *s, int *value);

/* Write all n bytes, in as many calls as it takes. 0, or -1. */
int write_all(int fd, const void *buf, int n);

/* The part of path after its last '/'. */
const char *base_name(const char *path);

#endif
