/* SPDX-License-Identifier: BSD-3-Clause
 * Limits of CAPS, the service of named ports (system calls caps_*). User programs may include this
 * file.
 */
#ifndef KERNEL_CAPS_H
#define KERNEL_CAPS_H

#define CAPS_NAME_MAX 32  /* bytes of a name, with its NUL */
#define CAPS_MSG_MAX 1024 /* bytes of a request or a reply */
#define CAPS_IDS 16       /* services registered and connections of one process */
#define CAPS_SERVICES 64  /* names of the system */

#endif
