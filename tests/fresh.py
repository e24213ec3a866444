# SPDX-License-Identifier: BSD-3-Clause
"""A bare Debian, made by mmdebstrap: does the first command of the README work where nothing but git and
make is installed?

mmdebstrap mounts /proc, /sys and parts of /dev in the system that it makes. It runs in a mount namespace
and a process namespace of its own, so that when it ends, in whatever way, its processes and its mounts
are gone before anybody removes the folder.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import command
from grading import handout

SUITES = {"Debian 12": "bookworm", "Debian 13": "trixie"}
LIMIT = 3600    # seconds for each system; it takes some twenty minutes

# What runs inside, in the tree's folder. A line with "===" opens each command's part of the output.
COMMANDS = r"""
cd /srv/nymph
for tool in cc gcc python3 qemu-system-riscv64; do
    ! command -v $tool || { echo "this system is not bare: it has $tool"; exit 1; }
done
run() { echo "=== $*"; "$@" </dev/null || { echo "=== status $?"; failed=1; }; }
run make setup qemu RUN='ls; usertests' TIMEOUT=1800
run make grade LAB=2
run make doctor
run apt-get -q install --yes --no-install-recommends clang u-boot-qemu
run /usr/bin/python3 -m pytest -q tests/test_machines.py
run make qemu TOOLCHAIN=clang RUN=usertests TIMEOUT=1800
run clang --version
exit ${failed:-0}
"""

# What `make doctor` says of the versions that matter.
VERSIONS = {"QEMU": r"QEMU emulator version (\S+)", "gcc": r"riscv64-unknown-elf-gcc .* (\d+\.\d+\.\d+)",
            "OpenSBI": r"OpenSBI v(\S+)", "clang": r"clang version (\S+)"}


def mirror():
    """Where the apt of this machine gets Debian's packages from."""
    wanted = "$(CREATED_BY) $(ORIGIN) $(COMPONENT) $(REPO_URI)"
    listed = subprocess.run(["apt-get", "indextargets", "--format", wanted], capture_output=True, text=True,
                            check=False).stdout
    found = re.search(r"^Packages Debian main (\S+)", listed, re.M)
    if not found:
        raise command.Unusable("fresh: the apt of this machine has no Debian mirror; it needs apt-get update")
    return found.group(1)


def check_host():
    """What is needed to make such a system."""
    if os.geteuid() != 0:
        raise command.Unusable("fresh: only root can make another system; run this part as root")
    if not shutil.which("mmdebstrap"):
        raise command.Unusable("fresh: mmdebstrap is missing; type: apt-get install mmdebstrap")


def run_to_end(words, **options):
    """Run a program for at most LIMIT seconds; (status, all that was printed). When this returns or is
    interrupted, nothing of the process namespace that `words` makes is left: killing unshare kills it, and
    the output's end shows that its last process is gone."""
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", **options) as process:
        try:
            printed = process.communicate(timeout=LIMIT)[0]
        except BaseException as error:
            process.kill()
            printed = process.communicate()[0]
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
    return process.returncode, printed


def try_suite(suite, source):
    """Make the system, run COMMANDS in it, remove it; (status, all that was printed)."""
    with tempfile.TemporaryDirectory(prefix="nymph-fresh.") as folder:
        handout.write_tree(handout.full_tree(), pathlib.Path(folder, "nymph"))
        pathlib.Path(folder, "commands").write_text(COMMANDS, encoding="ascii")
        packages = "git,make" + (",ca-certificates" if source.startswith("https:") else "")
        return run_to_end(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child",
             "mmdebstrap", "--mode=root", "--variant=minbase", f"--include={packages}", "--format=null",
             f"--customize-hook=cp -a {folder}/nymph $1/srv/nymph && chroot $1 sh <{folder}/commands",
             suite, "/dev/null", f"deb {source} {suite} main"],
            env={**os.environ, "TMPDIR": folder, "LC_ALL": "C"}, start_new_session=True)


def wrong(status, printed):
    """What went wrong, or ""."""
    failed = re.findall(r"^=== (.*)\n(?:(?!=== ).*\n)*=== (status \d+)", printed, re.M)
    if failed:
        return "; ".join(": ".join(pair) for pair in failed)
    if status != 0 or "=== make doctor" not in printed:
        return f"ended with status {status}: {(printed.strip().splitlines() or [''])[-1]}"
    return ""


def try_all():
    """Yield (what was tried, what went wrong or "", all that was printed) for each system."""
    check_host()
    source = mirror()
    for name, suite in SUITES.items():
        status, printed = try_suite(suite, source)
        found = {tool: re.search(pattern, printed) for tool, pattern in VERSIONS.items()}
        versions = ", ".join(f"{tool} {match.group(1) if match else 'unknown'}"
                             for tool, match in found.items())
        print(f"fresh: {name}: {versions}", flush=True)
        yield name, wrong(status, printed), printed
