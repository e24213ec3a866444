/* SPDX-License-Identifier: BSD-3-Clause
 * Executable files (ELF-64 Object File Format, version 1.5; RISC-V ELF psABI): the parts that exec
 * reads. Little-endian, like the machine.
 */
#ifndef PROC_ELF_H
#define PROC_ELF_H

#include "kernel/types.h"

#define ELF_CLASS64 2       /* ident[4] */
#define ELF_LITTLE_ENDIAN 1 /* ident[5] */
#define ELF_VERSION 1       /* ident[6], and the field */
#define ELF_TYPE_EXEC 2
#define ELF_MACHINE_RISCV 243
#define ELF_MAXPH 16 /* program headers that exec accepts; linkers make 1 to 5 */

/* At the start of the file. */
struct elfhdr {
    uint8 ident[16];
    uint16 type;
    uint16 machine;
    uint32 version;
    uint64 entry; /* address of the first instruction */
    uint64 phoff; /* where the program headers are in the file */
    uint64 shoff;
    uint32 flags;
    uint16 ehsize;
    uint16 phentsize; /* bytes of one program header */
    uint16 phnum;
    uint16 shentsize;
    uint16 shnum;
    uint16 shstrndx;
};

#define ELF_PH_LOAD 1 /* proghdr.type: a segment to load */
#define ELF_PH_STACK \
    0x6474e551 /* PT_GNU_STACK: memsz is how large a stack the program wants; 0: any */
/* Others are ignored. */
#define ELF_FLAG_EXEC 1u /* proghdr.flags */
#define ELF_FLAG_WRITE 2u
#define ELF_FLAG_READ 4u
#define ELF_FLAGS (ELF_FLAG_EXEC | ELF_FLAG_WRITE | ELF_FLAG_READ)

struct proghdr {
    uint32 type;
    uint32 flags;
    uint64 off; /* where its bytes are in the file */
    uint64 vaddr;
    uint64 paddr;
    uint64 filesz; /* bytes in the file, */
    uint64 memsz;  /* and in memory: the rest is 0 */
    uint64 align;
};

#endif
