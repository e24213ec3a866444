/*
 * void sim_switch(uint64 *save, uint64 load)
 *
 * Leave this stack, its pointer in *save, for the one at `load`, which was left here or laid by
 * sim_frame: six registers that a C function must keep, and where to go on. x86-64.
 */
        .text
        .globl  sim_switch
sim_switch:
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

        .section .note.GNU-stack, "", @progbits
