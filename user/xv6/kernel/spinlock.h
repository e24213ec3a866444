/* SPDX-License-Identifier: BSD-3-Clause
 * Included by programs of xv6, which use nothing of it.
 */
