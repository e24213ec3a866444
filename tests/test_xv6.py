# SPDX-License-Identifier: BSD-3-Clause
"""Programs written for xv6-riscv build and run as they are: what they include, and what they expect of a kernel.
(`make reliability PART=xv6 XV6=folder` runs a real tree's own.)"""

import textwrap

import pytest

from conftest import copy_tree, make
from grading import machine

# Each is a program; it ends with status 0 if all is as xv6 has it.
PROGRAMS = {
    "names": """
        #include "kernel/types.h"
        #include "kernel/param.h"
        #include "kernel/memlayout.h"
        #include "kernel/riscv.h"
        #include "kernel/spinlock.h"
        #include "kernel/sleeplock.h"
        #include "kernel/fs.h"
        #include "kernel/file.h"
        #include "kernel/vm.h"
        #include "user/user.h"
        int main(void)
        {
            printf("%d %d %d %lx\\n", NINODE, CONSOLE, NPROC, (uint64)PHYSTOP - KERNBASE);
            if (SUPERPGROUNDUP(SUPERPGSIZE + 1) != 4 << 20 || SUPERPGROUNDDOWN(SUPERPGSIZE + 1) != 2 << 20)
                exit(2);
            if (!PTE_LEAF(PTE_R) || PTE_FLAGS(PA2PTE(0x87654000L) | PTE_V | PTE_U) != 0x11)
                exit(3);
            exit(SBRK_EAGER != 1 || MAXVA != 1L << 38 || PTE2PA(PA2PTE(0x87654000L)) != 0x87654000L);
        }""",
    "ownsleep": """
        #include "kernel/types.h"
        #include "user/user.h"
        static unsigned int sleep(unsigned int n) { pause((int)n); return n; }
        int main(void) { exit(sleep(1) != 1); }""",
    "oldsleep": """
        #include "kernel/types.h"
        #include "user/user.h"
        int main(void) { exit(sleep(1) != 0); }""",
    "readme": """
        #include "kernel/types.h"
        #include "kernel/fcntl.h"
        #include "user/user.h"
        int main(void) { exit(open("README", O_RDONLY) < 0); }""",
    "shrink": """
        #include "kernel/types.h"
        #include "user/user.h"
        int main(void)
        {
            char *end = sbrk(0);
            exit(sbrk(-(int)(uint64)end - 1) != end || sbrk(0) != end);
        }""",
    "heaptop": """
        #include "kernel/types.h"
        #include "user/user.h"
        int main(void)
        {
            char *end = sbrk(0), *top = (char *)0x3fffffd000; /* a page below xv6's TRAPFRAME */
            while (top - end > 1 << 30)
                end = sbrklazy(1 << 30) + (1 << 30);
            if (sbrklazy((int)(top - end)) != end || sbrk(4096) != top)
                exit(1);
            *top = 1;
            exit(sbrk(1) != (char *)-1 || sbrklazy(1) != (char *)-1);
        }""",
    "stackpage": """
        #include "kernel/types.h"
        #include "kernel/riscv.h"
        #include "user/user.h"
        int main(void)
        {
            int status;
            if (fork() == 0) {
                volatile char *sp = (char *)r_sp();
                exit(sp[-4096]);
            }
            wait(&status);
            exit(status != -1);
        }""",
    "largest": """
        #include "kernel/types.h"
        #include "kernel/fcntl.h"
        #include "kernel/fs.h"
        #include "user/user.h"
        int main(void)
        {
            char block[BSIZE];
            int fd = open("largest", O_CREATE | O_RDWR), i;
            for (i = 0; i < (int)MAXFILE && write(fd, block, BSIZE) == BSIZE; i++)
                ;
            close(fd);
            unlink("largest");
            exit(i != MAXFILE);
        }""",
    "forks": """
        #include "kernel/types.h"
        #include "user/user.h"
        int main(void)
        {
            int n, pid = 1;
            for (n = 0; n < 1000 && (pid = fork()) > 0; n++)
                ;
            if (pid == 0)
                exit(0);
            while (wait(0) > 0)
                ;
            exit(n == 1000 || n < 500);
        }""",
    "pages": """
        #include "kernel/types.h"
        #include "kernel/fcntl.h"
        #include "user/user.h"
        char buf[4096];
        /* In a child, as xv6's usertests do it. */
        static int count(void)
        {
            int fds[2], n = 0;
            char c;
            pipe(fds);
            if (fork() == 0) {
                close(fds[0]);
                while (sbrk(4096) != (char *)-1)
                    write(fds[1], "x", 1);
                exit(0);
            }
            close(fds[1]);
            while (read(fds[0], &c, 1) == 1)
                n++;
            close(fds[0]);
            wait(0);
            return n;
        }
        int main(void)
        {
            int before = count(), fd, after, i;
            for (i = 0; i < 300 && fork() > 0; i++)
                ;
            if (i < 300)
                exit(0);
            while (wait(0) > 0)
                ;
            fd = open("pages", O_CREATE | O_RDWR);
            for (i = 0; i < 1024; i++)
                write(fd, buf, sizeof(buf));
            close(fd);
            unlink("pages");
            after = count();
            printf("%d pages before, %d after\\n", before, after);
            exit(after < before);
        }""",
    "numbers": """
        #include "kernel/types.h"
        #include "kernel/fcntl.h"
        #include "kernel/stat.h"
        #include "user/user.h"
        int main(void)
        {
            struct stat st;
            uint highest = 0;
            for (int i = 0; i < 200; i++) {
                int fd = open("number", O_CREATE | O_RDWR);
                fstat(fd, &st);
                if (st.ino > highest)
                    highest = st.ino;
                close(fd);
                unlink("number");
            }
            exit(highest > 100);
        }""",
}


@pytest.fixture(scope="module", name="built")
def fixture_built(tmp_path_factory):
    """The tree with these programs in user/."""
    tree = copy_tree(tmp_path_factory.mktemp("xv6") / "tree")
    for name, text in PROGRAMS.items():
        (tree / f"user/x{name}.c").write_text(textwrap.dedent(text) + "\n", encoding="ascii")
    make("-s", "-j2", "all", cwd=tree)
    return tree


@pytest.mark.parametrize("cpus", (1, 3))
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(built, name, cpus):
    """The program finds what it expects."""
    result = machine.run(f"x{name}", timeout=120, CPUS=cpus, BUILD=built / "build", IMAGE=built / "build/fresh.img",
                         SNAPSHOT=1)
    assert result.status == 0, result.tail()


def test_largest_file_fits_in_memory_disk(built):
    """The largest file fits on the smaller disk of the deterministic mode, too."""
    result = machine.run("xlargest", timeout=120, CPUS=1, BUILD=built / "build", DETERMINISTIC=1)
    assert result.status == 0, result.tail()


def test_more_processes_if_asked(built):
    """sysctl kern.maxproc raises the limit, and refuses what there is no table for."""
    result = machine.run("sysctl kern.maxproc=1024; sysctl kern.maxproc=1025; xforks", timeout=120, CPUS=2,
                         BUILD=built / "build", IMAGE=built / "build/fresh.img", SNAPSHOT=1)
    assert "kern.maxproc" in result.console and result.status == 1, result.tail()
