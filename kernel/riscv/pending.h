/*
 * External interrupts that were claimed in a critical section and wait for its end.
 */
#ifndef RISCV_PENDING_H
#define RISCV_PENDING_H

/* Claim all that the PLIC has for this hart and note them; interrupts off. cpu_intpend_run
 * (machine.h) runs them. */
void pending_claim_all(void);

#endif
