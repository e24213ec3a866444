/*
 * Tracing from the boot on.
 */
#ifndef PROC_KTRACE_H
#define PROC_KTRACE_H

/* Record what the boot argument ktr=MASK asks for. Thread context, all cpus being up. */
void ktrace_boot(void);

#endif
