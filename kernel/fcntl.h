/* SPDX-License-Identifier: BSD-3-Clause
 * Flags of open(), by xv6's names and values; O_APPEND is Nymph's own.
 */
#ifndef KERNEL_FCNTL_H
#define KERNEL_FCNTL_H

#define O_RDONLY 0x000
#define O_WRONLY 0x001
#define O_RDWR 0x002
#define O_CREATE 0x200
#define O_TRUNC 0x400
#define O_APPEND 0x800 /* each write goes to the end, in one piece among others of its kind */

#endif
