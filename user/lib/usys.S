/*
 * System call stubs: the number goes to a7, the arguments are in a0..a5 already, the result comes
 * back in a0. Nymph's own calls are weak, so that a program for xv6 that has a function of such a
 * name (yield, say) gets its own.
 */
#include "kernel/syscall.h"

.macro STUB binding, name, number
        \binding \name
        .type \name, @function
\name:
        li a7, \number
        ecall
        ret
        .size \name, . - \name
.endm

.macro CALL name, number
        STUB .globl, \name, \number
.endm

.macro OWN name, number
        STUB .weak, \name, \number
.endm

        .text
        CALL fork, SYS_fork
        CALL exit, SYS_exit
        CALL wait, SYS_wait
        CALL pipe, SYS_pipe
        CALL read, SYS_read
        CALL kill, SYS_kill
        CALL exec, SYS_exec
        CALL fstat, SYS_fstat
        CALL chdir, SYS_chdir
        CALL dup, SYS_dup
        CALL getpid, SYS_getpid
        CALL sys_sbrk, SYS_sbrk
        CALL sleep, SYS_sleep
        CALL pause, SYS_pause
        CALL uptime, SYS_uptime
        CALL open, SYS_open
        CALL write, SYS_write
        CALL mknod, SYS_mknod
        CALL unlink, SYS_unlink
        CALL link, SYS_link
        CALL mkdir, SYS_mkdir
        CALL close, SYS_close

        OWN getcpu, SYS_getcpu
        OWN yield, SYS_yield
        OWN setpri, SYS_setpri
        OWN setaffinity, SYS_setaffinity
        OWN sysctl, SYS_sysctl
        OWN sysctlname, SYS_sysctlname
        OWN halt, SYS_halt
        OWN getprocs, SYS_getprocs
        OWN ktest, SYS_ktest
        OWN sync, SYS_sync
        OWN bootarg, SYS_bootarg
        OWN caps_register, SYS_caps_register
        OWN caps_connect, SYS_caps_connect
        OWN caps_call, SYS_caps_call
        OWN caps_wait, SYS_caps_wait
        OWN caps_reply, SYS_caps_reply
        OWN caps_close, SYS_caps_close
        OWN ktrace, SYS_ktrace
