# SPDX-License-Identifier: BSD-3-Clause
"""The documents under docs/ agree with the sources: system calls, sysctl values, names of functions."""

import re
import subprocess

import pytest

import docnames
from conftest import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md")) + [ROOT / "CONTRIBUTING.md", ROOT / "README.md"]
STORIES = ["wakeup.md", "preemption.md", "pagefault.md", "durability.md"]
CROSS = "riscv64-unknown-elf-"


def output(*command):
    """What a tool prints."""
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


# --- system calls ---


def stubs():
    """{name: number} of each system call stub in the users' library, from its instructions."""
    listing = output(CROSS + "objdump", "-d", "build/obj/user/lib/usys.S.o")
    return {name: int(number, 0) for name, number in
            re.findall(r"<(\w+)>:\n[^\n]*\bli\s+a7,(\w+)\n[^\n]*\becall\n", listing)}


def handlers():
    """Names of the kernel's handlers, without `sys_`."""
    return set(re.findall(r" [Tt] sys_(\w+)$", output(CROSS + "nm", "build/kernel"), re.M))


def prototypes(text):
    """{name: prototype} of each function declared in C text, in one form."""
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.S)
    text = re.sub(r"__attribute__\s*\(\(.*?\)\)\s*(?=[;)])", "", text)
    found = {}
    for line in re.findall(r"^[a-z][^;{}#]*\([^;{}]*\)\s*;", text, re.M):
        form = re.sub(r"\s+", " ", line).replace(" ;", ";")
        found[re.search(r"(\w+)\(", form).group(1)] = form
    return found


def documented_calls():
    """(number, names, {name: prototype}) of each section of syscalls.md."""
    text = (ROOT / "docs" / "syscalls.md").read_text()
    found = []
    for section in re.split(r"^### ", text, flags=re.M)[1:]:
        number, names = re.match(r"(\d+): ([\w, ]+)\n", section).groups()
        code = "\n".join(line[4:] for line in section.splitlines() if line.startswith("    "))
        found.append((int(number), names.split(", "), prototypes(code)))
    return found


def test_every_call_is_documented():
    """Each stub has its section, with its number; each section has a stub."""
    wanted = stubs()
    assert len(wanted) >= 39
    assert {name: number for number, names, _ in documented_calls() for name in names} == wanted


def test_every_handler_has_a_stub():
    """What the kernel handles, a program can call, and so the document has it."""
    assert handlers() == {name.removeprefix("sys_") for name in stubs()} - {"sleep"}  # two names of 13


def test_prototypes_are_those_of_user_h():
    """The document's prototypes and the header's are the same, and each section has its own."""
    header = prototypes((ROOT / "user" / "user.h").read_text())
    for number, names, shown in documented_calls():
        assert set(names) <= set(shown), f"section {number} shows {sorted(shown)}"
        for name, form in shown.items():
            assert form == header.get(name), f"section {number}"


def test_sections_are_in_order():
    """A reader finds a number by leafing."""
    numbers = [number for number, _, _ in documented_calls()]
    assert numbers == sorted(set(numbers))


# --- sysctl ---

READ_NODES = """
import gdb
first = gdb.parse_and_eval('(const struct sysctl_node *)&__start_sysctl')
end = gdb.parse_and_eval('(const struct sysctl_node *)&__stop_sysctl')
while first < end:
    writable = first['set'] != 0 or first['set_of'] != 0 or first['flag'] != 0
    print('NODE', first['name'].string(), 'rw' if writable else 'r')
    first += 1
"""


def test_every_sysctl_is_documented(tmp_path):
    """The nodes of the kernel that was built are the rows of the tables: names, and what can be set."""
    script = tmp_path / "nodes.py"
    script.write_text(READ_NODES)
    listing = output("gdb-multiarch", "-nx", "-batch", "-x", str(script), "build/kernel")
    nodes = dict(re.findall(r"^NODE (\S+) (\w+)$", listing, re.M))
    if nodes == {}:
        pytest.fail(f"gdb found no node:\n{listing}")
    text = (ROOT / "docs" / "sysctl.md").read_text()
    assert dict(re.findall(r"^\| `(\S+)` \| (\w+) \|", text, re.M)) == nodes


def test_sysctl_rows_are_whole():
    """A row has five cells; what can be set says to what, and only that."""
    for line in (ROOT / "docs" / "sysctl.md").read_text().splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert len(cells) == 5 and cells[3], line
            assert (cells[1] == "rw") == (cells[4] != ""), line


# --- names ---


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_names_exist(document):
    """Each file that a document names is there, and each function that it says is in a file is
    defined in that file."""
    assert docnames.missing(document) == []


@pytest.mark.parametrize("story", STORIES)
def test_stories_name_their_steps(story):
    """A story leads through the source: it names functions with their files, some dozen at least."""
    assert len(docnames.names((ROOT / "docs" / story).read_text())) >= 12


def test_missing_names_are_found(tmp_path):
    """The check itself: what is not there is found, in both forms; what is there is not."""
    page = tmp_path / "page.md"
    page.write_text("`tsleep` and `no_such` in `kernel/lib/list.h`, and\n"
                    "`kernel/lib/list.h`: `list_init`,\n`list_gone`; `kernel/no/file.c`\n",
                    encoding="ascii")
    assert [line.partition(": ")[2] for line in docnames.missing(page)] == [
        "there is no kernel/no/file.c", "kernel/lib/list.h does not define list_gone",
        "kernel/lib/list.h does not define no_such", "kernel/lib/list.h does not define tsleep"]
