# SPDX-License-Identifier: BSD-3-Clause
"""Rules of CONTRIBUTING.md and docs/design.md that a program can check on the source."""

import pathlib
import re
import shutil
import statistics
import subprocess

import pytest

from conftest import ROOT

C_FILES = sorted(p for d in ("kernel", "user", "mkfs") for p in (ROOT / d).rglob("*.[ch]"))
COMMITTED = sorted(p for p in ROOT.rglob("*") if p.is_file() and p.name != "compile_commands.json" and not
                   {".git", "build", "build-bench", "__pycache__"} & set(p.relative_to(ROOT).parts))

DESIGN = (ROOT / "docs/design.md").read_text(encoding="utf-8")
# The layers of kernel/ in their order, the lowest first: the table in docs/design.md.
LAYERS = re.findall(r"^\| `(\w+)` \|", DESIGN.partition("\n## Layers\n")[2].partition("\n## ")[0], re.M)


def functions(path):
    """(name, first line, number of lines) of each function with a body in column 0."""
    lines = path.read_text().splitlines()
    found, start = [], None
    for number, line in enumerate(lines, 1):
        if line.partition(" /*")[0] == "{":
            start = number - 1
            while start > 1 and lines[start - 2].strip() and not lines[start - 2].startswith(
                    ("/", " *", "}", "#")):
                start -= 1
        elif line == "}" and start:
            name = re.search(r"(\w+)\(", "\n".join(lines[start - 1:number]))
            found.append((name.group(1) if name else "?", start, number - start + 1))
            start = None
    return found


def without_comments(text):
    """C text with comments and strings blanked."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"',
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def test_functions_are_short():
    """Median about 12 lines, nine of ten under 40, none over 100."""
    sizes = []
    for path in C_FILES:
        for name, line, size in functions(path):
            assert size <= 100, f"{path}:{line}: {name} has {size} lines"
            sizes.append(size)
    assert statistics.median(sizes) <= 16
    assert sum(size < 40 for size in sizes) >= 0.9 * len(sizes)


def test_files_fit_in_a_sitting():
    """No C file is over 500 lines; code is within 100 columns (clang-format), text within 104."""
    for path in C_FILES:
        lines = path.read_text().splitlines()
        assert len(lines) <= 500, f"{path} has {len(lines)} lines"
        for number, line in enumerate(lines, 1):
            assert len(line) <= 104 and "\t" not in line, f"{path}:{number}: too wide, or a tab"


def test_files_say_what_they_are_for():
    """Each C file opens with a comment: its terms in the first line, and then what it is for."""
    for path in C_FILES:
        first, second = path.read_text().splitlines()[:2]
        assert first == "/* SPDX-License-Identifier: BSD-3-Clause" and re.match(r" \* \S", second), path


def test_no_bare_volatile():
    """Ordering is by lib/atomic.h; volatile stays where devices are, and on asm."""
    for path in C_FILES:
        room = path.relative_to(ROOT).parts[1]
        if path.is_relative_to(ROOT / "kernel") and room not in ("riscv", "dev") and \
                path.name not in ("atomic.h", "riscv.h"):
            text = re.sub(r"\b(__asm__|asm)\s+volatile", "", without_comments(path.read_text()))
            assert "volatile" not in text, path


def layer_of(header):
    """The layer that a name in an #include is from; None: a header of the interface to user programs."""
    if header == "machine.h":
        return "riscv"
    first, slash, _ = header.partition("/")
    return None if slash and first == "kernel" else first


def upward_includes(root):
    """(file, header) of each #include in kernel/ that leads to a higher layer, or to no layer at all."""
    for path in sorted((root / "kernel").rglob("*.[chS]")):
        parts = path.relative_to(root / "kernel").parts
        lower = [None, *LAYERS[:LAYERS.index(parts[0]) + 1]] if len(parts) > 1 else [None]
        for header in re.findall(r'^\s*#\s*include\s*"([^"]+)"', path.read_text(encoding="utf-8"), re.M):
            if layer_of(header) not in lower:
                yield path, header


def test_layers():
    """Every file includes from its own layer and from those below, in the order of docs/design.md."""
    folders = {path.name for path in (ROOT / "kernel").iterdir() if path.is_dir()}
    assert folders == set(LAYERS) and len(LAYERS) == len(folders)
    assert not [f"{path} includes {header}" for path, header in upward_includes(ROOT)]


def test_layers_sees_an_arrow_upwards(tmp_path):
    """One include of a higher layer is found, whichever layer it is in."""
    for low, high in zip(LAYERS, LAYERS[1:]):
        file = tmp_path / low / "kernel" / low / "x.c"
        file.parent.mkdir(parents=True)
        file.write_text(f'#include "{low}/x.h"\n#include "{high}/x.h"\n', encoding="utf-8")
        assert [header for _, header in upward_includes(tmp_path / low)] == [f"{high}/x.h"]


def test_no_hooks_by_hand():
    """A C file of the kernel declares no function of another file: that is what headers are for."""
    own = re.compile(r"^(?!static|typedef|return|extern const char|extern char)\w[\w *]*\b(\w+)\([^;{]*\)"
                     r"(?: __attribute__\(\(\w+\)\))?;$", re.M)
    for path in sorted((ROOT / "kernel").rglob("*.c")):
        text = without_comments(path.read_text(encoding="utf-8"))
        for name in own.findall(text):
            here = re.search(rf"\b{name}\([^;]*\)\n\{{", text)
            assembly = any(re.search(rf"^\s*{name}:", s.read_text(encoding="utf-8"), re.M)
                           for s in path.parent.glob("*.S"))
            assert here or assembly, f"{path} declares {name}"


NOTES = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
ABSOLUTE = re.compile(r"(?<![\w.$)}\]*~/-])(?:/[\w.+~-]+)+")
HOMES = {"home", "Users", "root"}
USUAL = {"/", "/tmp", "/srv", "/opt", "/usr", "/usr/src", "/usr/local", "/usr/local/src", "/mnt", "/media"}


def leftovers(line, checkout, paths):
    """The notes in a line to finish something later, and its absolute paths of somebody's own: what is in a
    home, what is beside the checkout on this machine, and what ends as one of the tree's own paths."""
    found = NOTES.findall(line)
    for path in ABSOLUTE.findall(line):
        parts = path.split("/")
        theirs = (parts[1] in HOMES and len(parts) > 2) or any("/".join(parts[at:]) in paths
                                                               for at in range(2, len(parts) - 1))
        beside = str(checkout.parent) not in USUAL and (path + "/").startswith(f"{checkout.parent}/")
        if theirs or beside or (path + "/").startswith(f"{checkout}/"):
            found.append(path)
    return found


def test_no_leftovers():
    """No note to finish something later, no path of the machine that it was written on."""
    paths = {str(path.relative_to(ROOT)) for path in COMMITTED}
    for path in COMMITTED:
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            assert not leftovers(line, ROOT, paths), f"{path}:{number}: {line}"


@pytest.mark.parametrize("line, found", [
    ("see /ho" "me/ann/x", ["/ho" "me/ann/x"]), ("P=/Us" "ers/bob", ["/Us" "ers/bob"]),
    ("'/ro" "ot/.cache'", ["/ro" "ot/.cache"]), ("cd /data/nymph && make", ["/data/nymph"]),
    ("cp /data/shared/x .", ["/data/shared/x"]), ("/elsewhere/ker" "nel/main.c", ["/elsewhere/ker" "nel/main.c"]),
    ("kernel/root/x $(X)/home/x ~/home/x /homely/x /usr/bin/python3 ../data/x", []), ("a TO" "DO", ["TO" "DO"])])
def test_leftovers_are_found(line, found):
    """What the test above looks for, it finds."""
    assert leftovers(line, pathlib.Path("/data/nymph"), {"Makefile", "kernel/main.c"}) == found


def test_version():
    """The kernel's version is that of the changelog's newest entry."""
    text = (ROOT / "kernel" / "version.h").read_text()
    newest = re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text(), re.M).group(1)
    assert f'#define NYMPH_VERSION "{newest}"' in text and re.fullmatch(r"\d+\.\d+\.\d+", newest)


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_line_ends(tmp_path, autocrlf):
    """Lines end in LF in a checkout, whatever the settings of its owner are, and git sees no change in it."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository")
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", "-c", f"core.autocrlf={autocrlf}", "-c", "core.eol=crlf", ROOT, copy],
                   check=True)
    for path in copy.rglob("*"):
        if path.is_file() and ".git" not in path.relative_to(copy).parts and path.suffix != ".png":
            assert b"\r\n" not in path.read_bytes(), path
    assert subprocess.run(["git", "status", "--porcelain"], cwd=copy, check=True, capture_output=True,
                          text=True).stdout == ""


def test_layout():
    """clang-format has nothing to change. Versions differ, so only Debian 12's is asked."""
    if not shutil.which("clang-format"):
        pytest.skip("no clang-format")
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True,
                             check=True).stdout
    if "version 14." not in version:
        pytest.skip(f"laid out with version 14, this is {version}")
    done = subprocess.run(["clang-format", "--dry-run", "-Werror", *C_FILES], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
