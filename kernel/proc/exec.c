/* SPDX-License-Identifier: BSD-3-Clause
 * exec: replace the calling process's program.
 *
 *   0                                                     vm_heap = vm_size
 *   | segments of the ELF file ... | guard | stack | heap, empty
 *                                            args and pointers at its top end
 *
 * The new address space is built completely beside the old one, and then replaces it: if anything fails
 * before that, the process stays as it was. The file is not trusted: every field is checked before it
 * is used (ELF-64 Object File Format; RISC-V ELF psABI).
 *
 * All of this runs in the process's own thread.
 */
#include "fs/vfs.h"
#include "kernel/memlayout.h"
#include "kernel/riscv.h"
#include "lib/string.h"
#include "lib/sysent.h"
#include "lwkt/crit.h"
#include "mm/page.h"
#include "mm/reclaim.h"
#include "mm/turn.h"
#include "proc/elf.h"
#include "proc/proc.h"

/* Segments end below this, which leaves room for guard and stack. */
#define IMAGE_END (USERTOP - PGSIZE - USERSTACKMAX * PGSIZE)

/* The new image while it is being built. */
struct image {
    struct vmspace *vm;
    struct inode *ip; /* locked */
    uint64 entry;
    bool entry_ok; /* it lies in an executable segment */
    uint64 end;    /* end of the last segment, page aligned */
    uint64 stack;  /* bytes */
    uint64 sp;
    int argc;
    uint64 argv; /* user address of the vector */
};

/* Read exactly n bytes at off; -1: the file is shorter, or cannot be read. */
static int read_exactly(struct inode *ip, void *dst, uint64 off, uint64 n)
{
    return inode_read(ip, dst, off, n) == (int64)n ? 0 : -1;
}

/* Whether this is an executable for this machine, with its program headers inside the file. */
static bool header_ok(const struct elfhdr *h, uint64 file_size)
{
    static const uint8 ident[] = {0x7f, 'E', 'L', 'F', ELF_CLASS64, ELF_LITTLE_ENDIAN, ELF_VERSION};

    return memcmp(h->ident, ident, sizeof(ident)) == 0 && h->type == ELF_TYPE_EXEC &&
           h->machine == ELF_MACHINE_RISCV && h->version == ELF_VERSION &&
           h->ehsize >= sizeof(struct elfhdr) && h->phentsize == sizeof(struct proghdr) &&
           h->phnum > 0 && h->phnum <= ELF_MAXPH && h->phoff <= file_size &&
           h->phnum * sizeof(struct proghdr) <= file_size - h->phoff;
}

/*
 * Whether a segment can be loaded: it is inside the file, above the segment before it and below the
 * stack. Each difference is computed only after a comparison has shown that it cannot wrap.
 */
static bool segment_ok(const struct image *im, const struct proghdr *ph, uint64 file_size)
{
    return ph->memsz >= ph->filesz && ph->off <= file_size && ph->filesz <= file_size - ph->off &&
           ph->vaddr % PGSIZE == 0 && ph->vaddr >= im->end && ph->vaddr <= IMAGE_END &&
           ph->memsz <= IMAGE_END - ph->vaddr && (ph->flags & ELF_FLAGS) != 0 &&
           PGROUNDUP(ph->memsz) / PGSIZE <= page_count_free();
}

/* Translate ELF's access rights to VM_*. */
static uint32 segment_rights(uint32 flags)
{
    return (flags & ELF_FLAG_READ ? VM_READ : 0) | (flags & ELF_FLAG_WRITE ? VM_WRITE : 0) |
           (flags & ELF_FLAG_EXEC ? VM_EXEC : 0);
}

/* Load one page of a segment: n bytes of the file from off, then zeros. */
static int load_page(struct image *im, uint64 va, uint64 off, uint64 n, uint32 rights)
{
    char *page = page_alloc_user();

    if (page == NULL)
        return -1;
    if (n > 0 && read_exactly(im->ip, page, off, n) < 0) {
        page_unref(page);
        return -1;
    }
    memset(page + n, 0, PGSIZE - n);
    return vm_map_user(im->vm, va, page, rights);
}

static int load_segment(struct image *im, const struct proghdr *ph)
{
    uint32 rights = segment_rights(ph->flags);

    for (uint64 done = 0; done < ph->memsz; done += PGSIZE) {
        uint64 in_file = done < ph->filesz ? ph->filesz - done : 0;
        uint64 n = in_file < PGSIZE ? in_file : PGSIZE;
        if (load_page(im, ph->vaddr + done, ph->off + done, n, rights) < 0)
            return -1;
        pass_turn_locked();
    }
    if (rights & VM_EXEC && im->entry >= ph->vaddr && im->entry - ph->vaddr < ph->memsz)
        im->entry_ok = true;
    im->end = PGROUNDUP(ph->vaddr + ph->memsz);
    return 0;
}

/* How large the stack is to be. False: larger than is allowed. */
static bool stack_ok(struct image *im, const struct proghdr *ph)
{
    if (ph->memsz > USERSTACKMAX * PGSIZE)
        return false;
    if (ph->memsz > 0)
        im->stack = PGROUNDUP(ph->memsz);
    return true;
}

/* Load the segments of the file, which is locked. */
static int load_file(struct image *im)
{
    struct elfhdr h;
    struct proghdr ph;
    uint64 file_size = inode_size(im->ip);

    if (inode_type(im->ip) != T_FILE || read_exactly(im->ip, &h, 0, sizeof(h)) < 0 ||
        !header_ok(&h, file_size))
        return -1;
    im->entry = h.entry;
    im->stack = USERSTACK * PGSIZE;
    for (int i = 0; i < h.phnum; i++) {
        if (read_exactly(im->ip, &ph, h.phoff + (uint64)i * sizeof(ph), sizeof(ph)) < 0)
            return -1;
        if (ph.type == ELF_PH_STACK && !stack_ok(im, &ph))
            return -1;
        if (ph.type != ELF_PH_LOAD || ph.memsz == 0)
            continue;
        if (!segment_ok(im, &ph, file_size) || load_segment(im, &ph) < 0)
            return -1;
    }
    return im->entry_ok ? 0 : -1;
}

/* Find the file and load it. No transaction is open while the disk is read. */
static int load_path(struct image *im, const char *path)
{
    int result;

    im->ip = namei(path);
    if (im->ip == NULL)
        return -1;
    inode_lock(im->ip);
    result = load_file(im);
    inode_unlock(im->ip);
    inode_close(im->ip);
    return result;
}

/* Make the stack, above a page that stays unmapped, and an empty heap. */
static int make_stack(struct image *im)
{
    uint64 base = im->end + PGSIZE;

    for (uint64 va = base; va < base + im->stack; va += PGSIZE) {
        void *page = page_zalloc_user();
        if (page == NULL || vm_map_user(im->vm, va, page, VM_READ | VM_WRITE) < 0)
            return -1;
    }
    im->sp = base + im->stack;
    im->vm->vm_guard = im->end;
    im->vm->vm_heap = im->vm->vm_size = im->sp;
    return 0;
}

/* Push n bytes on the stack; sp is then a multiple of align. -1: the stack is full. */
static int push(struct image *im, const void *src, uint64 n, uint64 align)
{
    uint64 room = im->sp - (im->end + PGSIZE);

    if (n + align > room)
        return -1;
    im->sp = (im->sp - n) & ~(align - 1);
    return vm_copyout(im->vm, im->sp, src, n);
}

/* Push the strings, each at a multiple of 16 as in xv6 (programs have been seen to write a few bytes
 * past the end of one), then the vector that points to them, with a null pointer at its end. */
static int push_args(struct image *im, char *const argv[])
{
    uint64 vector[MAXARG + 1];

    for (im->argc = 0; argv[im->argc] != NULL; im->argc++) {
        const char *arg = argv[im->argc];
        if (im->argc == MAXARG || push(im, arg, strlen(arg) + 1, 16) < 0)
            return -1;
        vector[im->argc] = im->sp;
    }
    vector[im->argc] = 0;
    if (push(im, vector, (uint64)(im->argc + 1) * sizeof(vector[0]), 16) < 0)
        return -1;
    im->argv = im->sp;
    return 0;
}

/* Set the name that ps shows: the part after the last slash. */
static void set_name(struct proc *p, const char *path)
{
    const char *name = path;

    for (const char *s = path; *s != '\0'; s++)
        if (*s == '/' && s[1] != '\0')
            name = s + 1;
    strlcpy(p->p_name, name, sizeof(p->p_name));
    strlcpy(curthread->td_comm, name, sizeof(curthread->td_comm));
}

/*
 * Replace the process's program. All registers of the new one are 0 except sp, a0 and a1. The critical
 * section keeps the thread on this hart, whose gd_satp pmap_load writes.
 */
static void enter_image(struct proc *p, const struct image *im)
{
    struct vmspace *old = curthread->td_vmspace;
    struct trapframe *tf = proc_trapframe(p);
    uint64 sstatus = tf->sstatus;

    upcall_forget(p);
    memset(tf, 0, sizeof(*tf));
    tf->sstatus = sstatus;
    tf->sepc = im->entry;
    tf->sp = im->sp;
    tf->a0 = (uint64)im->argc;
    tf->a1 = im->argv;

    crit_enter();
    curthread->td_vmspace = im->vm;
    poke(&p->p_size, im->vm->vm_size);
    curthread->td_mach.md_satp = vmspace_satp(im->vm);
    pmap_load(curthread->td_mach.md_satp);
    fence_i();
    crit_exit();
    if (old != NULL)
        vmspace_release(old);
}

/*
 * Returns argc, which is a0 of the new program; -1: there is no such file, it is not an executable, the
 * arguments are too long, or memory is out. A process without a program (init) gets its first like
 * this.
 */
int proc_exec(const char *path, char *const argv[])
{
    struct proc *p = curproc();
    struct image im = {.vm = vmspace_create()};

    if (im.vm == NULL)
        return -1;
    if (load_path(&im, path) < 0 || make_stack(&im) < 0 || push_args(&im, argv) < 0) {
        vmspace_destroy(im.vm);
        return -1;
    }
    set_name(p, path);
    enter_image(p, &im);
    return im.argc;
}

/*
 * Copy the argument strings of exec to `page`, one after the other, and their addresses to argv,
 * with a NULL at the end. 0; -1: MAXARG or more arguments, more than a page of strings, or a bad
 * address.
 */
static int fetch_argv(uint64 uargv, char **argv, char *page)
{
    uint64 used = 0;

    for (int i = 0; i < MAXARG; ++i) {
        uint64 ustring;
        if (copyin(&ustring, uargv + (uint64)i * sizeof(ustring), sizeof(ustring)) < 0)
            return -1;
        argv[i] = NULL;
        if (ustring == 0)
            return 0;
        int64 len = copyinstr(page + used, ustring, PGSIZE - used);
        if (len < 0)
            return -1;
        argv[i] = page + used;
        used += (uint64)len + 1;
    }
    return -1;
}

/* int exec(const char *path, char **argv) */
int64 sys_exec(const uint64 *arg)
{
    char path[MAXPATH];
    char *argv[MAXARG];

    if (copyinstr(path, arg[0], MAXPATH) < 0)
        return -1;
    char *strings = page_alloc_user();
    if (strings == NULL)
        return -1;
    int64 result = fetch_argv(arg[1], argv, strings) < 0 ? -1 : proc_exec(path, argv);
    page_unref(strings);
    return result;
}
