/* SPDX-License-Identifier: BSD-3-Clause
 * Of xv6's kernel/file.h, what programs use: the console's major device number, for mknod.
 */
#ifndef XV6_FILE_H
#define XV6_FILE_H

#define CONSOLE 1

#endif
