/* SPDX-License-Identifier: BSD-3-Clause
 * void host_switch(uint64 *save, uint64 load)
 *
 * Leave this stack, its pointer in *save, for the one at `load`, which was left here or laid by
 * cpu_thread_setup: the registers that a C function must keep, and where to go on (word SWITCH_PC
 * of the frame). The simulation of tests/sim switches its cpus' stacks by it, too.
 */
        .text
        .globl  host_switch
host_switch:
#if defined(__x86_64__)
        pushq   %rbp
        pushq   %rbx
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        popq    %r15
        popq    %r14
        popq    %r13
        popq    %r12
        popq    %rbx
        popq    %rbp
        ret
#elif defined(__aarch64__)
        sub     sp, sp, #160
        stp     x29, x30, [sp, #0]
        stp     x19, x20, [sp, #16]
        stp     x21, x22, [sp, #32]
        stp     x23, x24, [sp, #48]
        stp     x25, x26, [sp, #64]
        stp     x27, x28, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        mov     x2, sp
        str     x2, [x0]
        mov     sp, x1
        ldp     x29, x30, [sp, #0]
        ldp     x19, x20, [sp, #16]
        ldp     x21, x22, [sp, #32]
        ldp     x23, x24, [sp, #48]
        ldp     x25, x26, [sp, #64]
        ldp     x27, x28, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        ret
#else
#error "a host that nobody has taught to switch stacks"
#endif

        .section .note.GNU-stack, "", %progbits
