"""The Makefile: options, other compilers, programs that a student adds, and what is rebuilt."""

import os
import re
import stat
import subprocess

import pytest

from conftest import ROOT, make

BAD = ["CPUS=0", "CPUS=65", "CPUS=four", "MEM=63M", "MEM=lots", "MEM=256", "LAB=nine", "SEED=x",
       "DETERMINISTIC=2", "DETERMINISTIC=1", "IPI=clint", "BIOS=/no/such/file", "TIMEOUT=0",
       "GDBPORT=1", "TOOLCHAIN=tcc", "INVARIANTS=yes", "RUN=" + "x" * 900]


@pytest.mark.parametrize("option", BAD)
def test_bad_value(option):
    """A wrong value is reported in one line that names the option and says what to give. The status is 2,
    and nothing is built or run."""
    done = make("qemu", option, check=False, timeout=20)
    assert done.returncode == 2
    lines = (done.stdout + done.stderr).strip().splitlines()
    assert len(lines) == 1
    assert option.split("=")[0] in lines[0] and "give" in lines[0]


@pytest.mark.parametrize("goal", ["qmu", "tests", "kernel"])
def test_mistyped(goal):
    """For a name that is not a command, even if it is that of a folder, a line says where the commands are
    listed, and the status is 2."""
    done = make("-s", goal, check=False, timeout=20)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"make {goal}: there is no such command; type: make help"


def without(tool, tmp_path):
    """A PATH on which every program but `tool` is found."""
    path = tmp_path / "bin"
    path.mkdir()
    for folder in ("/usr/local/bin", "/usr/bin", "/bin"):
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            link = path / entry.name
            if entry.name != tool and not link.exists():
                link.symlink_to(entry.path)
    return str(path)


@pytest.mark.parametrize("tool, goal", [
    ("qemu-system-riscv64", "qemu"), ("riscv64-unknown-elf-gcc", "all"), ("gdb-multiarch", "gdb")])
def test_missing_tool(tool, goal, tmp_path, monkeypatch):
    """If a tool is missing, one line names it and the command that installs it."""
    monkeypatch.setenv("PATH", without(tool, tmp_path))
    done = make("-s", goal, f"BUILD={tmp_path}/build", check=False)
    assert done.returncode == 2
    lines = [line for line in (done.stdout + done.stderr).splitlines() if tool in line]
    assert len(lines) == 1 and "make setup" in lines[0]


def test_old_qemu(tmp_path, monkeypatch):
    """A QEMU before 7.2 is refused in one line."""
    fake = tmp_path / "qemu-system-riscv64"
    fake.write_text("#!/bin/sh\necho QEMU emulator version 6.2.0\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    done = make("qemu", check=False)
    assert done.returncode == 2 and "6.2 is too old" in done.stderr
    assert "PROBLEM" in make("-s", "doctor", check=False).stdout


def test_help_lists_all_commands():
    """Every command has a line, and every line is for a command that exists."""
    text = "".join(path.read_text() for path in (ROOT / "Makefile", ROOT / "grading" / "instructor.mk")
                   if path.exists())
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.M)) - {"FORCE", "tools", "machine",
                                                                "grading kernel tests user"}
    listed = set(re.findall(r"^  make (\S+)", make("help").stdout, re.M))
    assert listed == phony


def test_doctor():
    """On this host `make doctor` finds no problem."""
    assert "make qemu" in make("-s", "doctor").stdout.splitlines()[-1]


def test_setup_is_quiet_when_all_is_there():
    """If all packages are installed, `make setup` prints nothing and uses no network."""
    done = make("-s", "setup")
    assert done.stdout == done.stderr == ""


def test_nothing_to_do():
    """A second make does nothing."""
    make()
    done = make()
    assert "  cc" not in done.stdout and "  ld" not in done.stdout and "mkfs" not in done.stdout


def test_image_is_kept_between_runs():
    """A file that one `make qemu` writes is there in the next one."""
    make("-s", "qemu", "RUN=echo kept > kept-file")
    assert "kept" in make("-s", "qemu", "RUN=cat kept-file; rm kept-file").stdout


FOREIGN = r"""
// A program as written for xv6-riscv.
#include "kernel/types.h"
#include "kernel/stat.h"
#include "kernel/fcntl.h"
#include "user/user.h"

int
main(int argc, char *argv[])
{
  int p[2], n;
  char buf[64], *heap;
  struct stat st;

  if(pipe(p) < 0){
    fprintf(2, "%s: pipe failed\n", argv[0]);
    exit(1);
  }
  if(fork() == 0){
    close(p[0]);
    write(p[1], "from the child", 15);
    exit(0);
  }
  close(p[1]);
  n = read(p[0], buf, sizeof(buf));
  wait(0);
  heap = malloc(100);
  strcpy(heap, buf);
  if(stat("README.md", &st) < 0)
    exit(1);
  printf("foreign: %s, %d bytes, type %d, args %d %p\n", heap, n, st.type, argc, (void *)main);
  free(heap);
  exit(0);
}
"""


def test_foreign_program(tree):
    """A program for xv6 that is put into user/ is found, built and run, and so is one in a folder."""
    (tree / "user" / "foreign.c").write_text(FOREIGN)
    (tree / "user" / "twofiles").mkdir()
    (tree / "user" / "twofiles" / "one.c").write_text(
        '#include "user/user.h"\nint two(void);\nint main(void) { printf("two: %d\\n", two()); exit(0); }\n')
    (tree / "user" / "twofiles" / "two.c").write_text("int two(void) { return 2; }\n")
    done = make("-s", "-j2", "qemu", "RUN=foreign a b; twofiles", cwd=tree)
    assert "foreign: from the child, 15 bytes, type 2, args 3" in done.stdout
    assert "two: 2" in done.stdout


def test_program_removed(tree):
    """If the source of a program is removed, the program is removed from the image."""
    make("-s", "-j2", cwd=tree)
    (tree / "user" / "wc.c").unlink()
    make("-s", cwd=tree)
    listed = subprocess.run(["build/mkfs", "-l", "build/fs.img"], cwd=tree, capture_output=True,
                            text=True, check=True).stdout
    assert re.search(r"\bls\b", listed) and not re.search(r"\bwc\b", listed)


@pytest.mark.parametrize("toolchain", ["gcc", "clang"])
@pytest.mark.parametrize("invariants", [0, 1])
def test_toolchains(toolchain, invariants, tmp_path):
    """Both compilers build the kernel without a warning, with and without assertions, and it runs. The same
    is true for the programs of this tree, although make does not stop for their warnings."""
    done = make("-s", "-j2", f"BUILD={tmp_path}", f"TOOLCHAIN={toolchain}",
                f"INVARIANTS={invariants}", "UNUSED=", "UERROR=-Werror -Wshadow", "qemu",
                "RUN=echo alive; ls")
    assert "alive" in done.stdout
    assert done.stderr == ""


def test_clean_and_build_in_one_line(tree):
    """`make clean all` works in this order with -j, too."""
    make("-s", "-j2", "setup", "clean", "all", cwd=tree)
    assert (tree / "build" / "kernel").exists()
