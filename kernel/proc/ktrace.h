/* SPDX-License-Identifier: BSD-3-Clause
 * Tracing that begins at boot.
 */
#ifndef PROC_KTRACE_H
#define PROC_KTRACE_H

/* Record what the boot argument ktr=MASK asks for. Thread context, after all cpus have started. */
void ktrace_boot(void);

#endif
