# SPDX-License-Identifier: BSD-3-Clause
"""The Makefile: options, other compilers, programs that a student adds, and what is rebuilt."""

import json
import os
import re
import shlex
import stat
import subprocess

import pytest

from conftest import ROOT, Terminal, make
from grading import machine

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


@pytest.mark.parametrize("goal, option, allowed", [
    ("trace", "KTR=foo", "all, ctxsw, ipi,"), ("trace", "KTR=ipi,foo", "tick"), ("trace", "LOG=nosuch", "a file"),
    ("explore", "LAB=x", "1 (boot)"), ("grade", "SEED=x", "0 to 999999999, or random")])
def test_bad_value_of(goal, option, allowed):
    """So is that of an option that only some commands have."""
    done = make(goal, option, "RUN=ls", check=False, timeout=20)
    [line] = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 2 and f"{option}: give" in line and allowed in line


def test_random_seed():
    """The graders draw seeds themselves; a machine needs a number."""
    assert make("-n", "grade", "SEED=random", "LAB=2", timeout=20).stderr == ""
    done = make("-n", "qemu", "SEED=1random", check=False, timeout=20)
    assert done.returncode == 2 and done.stderr.strip().endswith("0 to 999999999.  Stop.")


@pytest.mark.parametrize("option, words", [
    ("CPUS=010", "'-smp' '10'"), ("CPUS=08", "'-smp' '8'"), ("MEM=0128M", "'-m' '128M'")])
def test_leading_zero(option, words):
    """Numbers are decimal: a zero in front does not make them octal."""
    name, value = option.split("=")
    done = subprocess.run(["tools/qemu", "--print"], env=machine.environment(**{name: value}), check=True,
                          capture_output=True, text=True)
    assert words in done.stdout


@pytest.mark.parametrize("goal", ["qmu", "tests", "kernel"])
def test_mistyped(goal):
    """For a name that is not a command, even if it is that of a folder, a line says where the commands are
    listed, and the status is 2."""
    done = make("-s", goal, check=False, timeout=20)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == f"make {goal}: there is no such command; type: make help"


def without(tools, tmp_path):
    """A PATH on which everything but these tools is found."""
    path = tmp_path / "bin"
    path.mkdir()
    for folder in ("/usr/local/bin", "/usr/bin", "/bin"):
        for entry in os.scandir(folder) if os.path.isdir(folder) else ():
            link = path / entry.name
            if entry.name not in tools and not link.exists():
                link.symlink_to(entry.path)
    return str(path)


@pytest.mark.parametrize("tool, goal", [
    ("qemu-system-riscv64", "qemu"), ("riscv64-unknown-elf-gcc", "all"), ("gdb-multiarch", "gdb")])
def test_missing_tool(tool, goal, tmp_path, monkeypatch):
    """If a tool is missing, one line names it and the command that installs it."""
    monkeypatch.setenv("PATH", without([tool], tmp_path))
    done = make("-s", goal, f"BUILD={tmp_path}/build", check=False)
    assert done.returncode == 2
    lines = [line for line in (done.stdout + done.stderr).splitlines() if tool in line]
    assert len(lines) == 1 and "make setup" in lines[0]


@pytest.mark.parametrize("goal", ["qemu", "test", "grade"])
def test_setup_comes_first(goal, tmp_path, monkeypatch):
    """`make setup qemu` asks for no compiler and no QEMU before setup has run. (PART=fresh of make
    reliability does it in earnest.)"""
    missing = {"cc", "gcc", "c99", "clang", "riscv64-unknown-elf-gcc", "riscv64-unknown-elf-ld",
               "qemu-system-riscv64"}
    monkeypatch.setenv("PATH", without(missing, tmp_path))
    done = make("-n", "setup", goal, f"BUILD={tmp_path}/build")
    assert done.stdout.startswith("tools/setup") and done.stderr == ""


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
    phony = set(re.findall(r"^\.PHONY: (.*)$", text, re.M)) - {"FORCE", "tools", "linters",
                                                                "grading kernel tests user"}
    listed = set(re.findall(r"^  make (\S+)", make("help").stdout, re.M))
    assert listed == phony


def test_parts_of_reliability():
    """The help and the pages name all parts of `make reliability`."""
    parts = re.findall(r"^@part\ndef (\w+)", (ROOT / "tests/reliability.py").read_text(), re.M)
    assert len(parts) > 10
    for text in (make("help").stdout, *((ROOT / page).read_text()
                                             for page in ("README.md", "CONTRIBUTING.md", "grading/README.md"))):
        assert [part for part in parts if not re.search(rf"\b{part}\b", text)] == []


def test_doctor():
    """On this host `make doctor` finds no problem."""
    assert "make qemu" in make("-s", "doctor").stdout.splitlines()[-1]


def test_doctor_without_a_temporary_folder(monkeypatch):
    """A bad TMPDIR is named, and the firmware is not blamed for it."""
    monkeypatch.setenv("TMPDIR", "/no/such/folder")
    done = make("-s", "doctor", check=False)
    problems = [line for line in done.stdout.splitlines() if "PROBLEM" in line]
    assert done.returncode == 2
    assert len(problems) == 1 and "TMPDIR=/no/such/folder" in problems[0]


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


ASSEMBLY = """
        .globl  {name}
{name}:
        li      a0, {value}
        ret
"""


def test_assembly_of_a_program(tree):
    """.S files are built: those in a program's folder, and NAME.S and NAME_*.S beside NAME.c."""
    both = ('#include "user/user.h"\nint a(void), b(void);\n'
            'int main(void) {{ printf("{}: %d\\n", a() + b()); exit(0); }}\n')
    folder = tree / "user" / "infolder"
    folder.mkdir()
    (folder / "main.c").write_text(both.format("infolder"))
    (folder / "a.S").write_text(ASSEMBLY.format(name="a", value=40))
    (folder / "b.S").write_text(ASSEMBLY.format(name="b", value=2))
    (tree / "user" / "beside.c").write_text(both.format("beside"))
    (tree / "user" / "beside.S").write_text(ASSEMBLY.format(name="a", value=50))
    (tree / "user" / "beside_b.S").write_text(ASSEMBLY.format(name="b", value=3))
    (tree / "user" / "nobodys.S").write_text("not assembly")
    done = make("-s", "-j2", "qemu", "RUN=infolder; beside", cwd=tree)
    assert "infolder: 42" in done.stdout and "beside: 53" in done.stdout
    (folder / "b.S").unlink()
    assert "undefined reference to `b'" in make("-s", cwd=tree, check=False).stderr


@pytest.mark.parametrize("name", ["user/true (1).c", "user/c#d.c", "kernel/lwkt/a b.h", "user/sh/a$b.c",
                                  "user/two words/main.c", "mkfs/a:b.c"])
def test_odd_name(tree, name):
    """A source file whose name cannot be a word for make: one line names it and says what to do."""
    (tree / name).parent.mkdir(exist_ok=True)
    (tree / name).write_text("int x;\n")
    done = make("-s", cwd=tree, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert name in done.stderr and "rename it" in done.stderr


def test_two_programs_of_one_name(tree):
    """One line names both."""
    (tree / "user" / "ls").mkdir()
    (tree / "user" / "ls" / "main.c").write_text("int main(void) { return 0; }\n")
    done = make("-s", cwd=tree, check=False)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "user/ls.c and user/ls/" in done.stderr


def files_of(image, cwd):
    """What mkfs lists of an image."""
    return subprocess.run(["build/mkfs", "-l", image], cwd=cwd, capture_output=True, text=True,
                          check=True).stdout


def test_program_removed(tree):
    """If the source of a program is removed, the program is removed from the image."""
    make("-s", "-j2", cwd=tree)
    (tree / "user" / "wc.c").unlink()
    make("-s", cwd=tree)
    listed = files_of("build/fs.img", tree)
    assert re.search(r"\bls\b", listed) and not re.search(r"\bwc\b", listed)


def test_content_changes(tree):
    """The images follow the Makefile's list of what they hold, and each file of it."""
    make("-s", "-j2", cwd=tree)
    text = (tree / "Makefile").read_text()
    (tree / "Makefile").write_text(text.replace("CONTENT = README.md=README.md",
                                                "CONTENT = README.md=README.md notes=notes.txt"))
    (tree / "notes.txt").write_text("short")
    make("-s", cwd=tree)
    before = files_of("build/fs.img", tree)
    assert re.search(r"\bnotes\b", before)
    (tree / "notes.txt").write_text("no longer short")
    make("-s", cwd=tree)
    assert files_of("build/fs.img", tree) != before
    (tree / "Makefile").write_text(text)
    make("-s", cwd=tree)
    assert not re.search(r"\bnotes\b", files_of("build/fs.img", tree))


def test_disk_of_a_running_machine(tree):
    """make does not replace or remove the disk of a running machine, and says so in a line; what that
    machine synced is there in the end. The next make renews the disk. No second machine runs on it."""
    make("-s", "-j2", cwd=tree)
    term = Terminal(cwd=tree, IMAGE="build/fs.img", SNAPSHOT=0)
    try:
        term.prompt()
        term.command("echo precious > kept; sync")
        (tree / "user" / "ls.c").write_text(
            '#include "user/user.h"\nint main(void) { printf("new\\n"); exit(0); }\n')
        done = make("-s", cwd=tree)
        assert len(re.findall("build/fs.img is the disk of a running machine", done.stdout)) == 1
        second = make("-s", "qemu", "RUN=echo no", cwd=tree, check=False)
        assert second.returncode == 2
        assert len(re.findall("build/fs.img is the disk of another running", second.stderr)) == 1
        assert make("-s", "clean", cwd=tree, check=False).returncode == 2
        assert term.command("cat kept") == "precious\n"
        term.type("halt\n")
        assert term.end() == 0
    finally:
        term.close()
    subprocess.run(["build/mkfs", "-c", "build/fs.img"], cwd=tree, check=True, stdout=subprocess.DEVNULL)
    assert re.search(r"\bkept\b", files_of("build/fs.img", tree))
    assert make("-s", "qemu", "RUN=ls", cwd=tree).stdout.split()[-1] == "new"
    make("-s", "clean", cwd=tree)


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


def test_files_for_editors(tree):
    """compile_commands.json names each C file with a command that compiles it; the editor's files are valid."""
    make("-s", "compile_commands.json", cwd=tree)
    entries = {entry["file"]: entry for entry in json.loads((tree / "compile_commands.json").read_text())}
    sources = {str(path.relative_to(tree)) for room in ("kernel", "user", "mkfs")
               for path in (tree / room).rglob("*.c")}
    assert sources <= set(entries)
    for name in ("kernel/lwkt/switch.c", "user/sh/main.c", "mkfs/main.c"):
        subprocess.run(shlex.split(entries[name]["command"]) + ["-fsyntax-only"], cwd=tree, check=True)
    for path in (".vscode/tasks.json", ".vscode/launch.json", ".devcontainer/devcontainer.json"):
        json.loads((ROOT / path).read_text(encoding="ascii"))
