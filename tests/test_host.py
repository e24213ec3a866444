# SPDX-License-Identifier: BSD-3-Clause
"""Parts of the kernel that also compile for the host, with sanitizers: formatting, device tree."""

import subprocess

import pytest

from conftest import ROOT

SANITIZED = ["cc", "-std=gnu11", "-g", "-O1", "-w", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all", "-DNYMPH_KERNEL", f"-I{ROOT}", f"-I{ROOT}/kernel"]

# name: (options of the machine, what the kernel must find in its device tree).
MACHINES = {
    "one": (["-machine", "virt", "-m", "64M"],
            ["memory 80000000 84000000", "hart 0 intc 2 plic 1 sswi -1", "sstc 1",
             "uart 10000000 100 irq 10", "virtio 10001000 1000 irq 1", "test 100000 1000 irq 0"]),
    "sswi": (["-machine", "virt,aclint=on", "-smp", "8", "-m", "3G"],
             ["memory 80000000 140000000", "hart 7 intc 2 plic 15 sswi 7", "sswi 2f00000 4000 irq 0"]),
    "many": (["-machine", "virt", "-smp", "100"],
             ["hart 62 intc 76 plic 125 sswi -1", "hart 99 intc 2 plic 199 sswi -1"]),
    "sockets": (["-machine", "virt", "-smp", "2,sockets=2", "-m", "512M",
                 "-numa", "node,cpus=0,mem=256M", "-numa", "node,cpus=1,mem=256M"],
                ["memory 80000000 a0000000", "hart 1 intc 2 plic -1 sswi -1"]),
    "no-sstc": (["-machine", "virt", "-cpu", "rv64,sstc=off"], ["sstc 0"]),
}


def build(tmp_path, *sources):
    """Compile for the host with the sanitizers; return the path of the program."""
    program = tmp_path / "program"
    subprocess.run([*SANITIZED, "-o", program, *[ROOT / s for s in sources]], check=True)
    return program


def run(*words):
    """Run a program: (its exit status, its output)."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def test_formatting(tmp_path):
    """The kernel's printf gives the same results as the C library's."""
    status, output = run(build(tmp_path, "tests/lib/format_host.c"))
    assert status == 0, output


@pytest.fixture(scope="module")
def fdt_host(tmp_path_factory):
    """The device tree parser on the host."""
    return build(tmp_path_factory.mktemp("fdt"), "tests/fdt/fdt_host.c", "kernel/riscv/fdt.c",
                 "kernel/riscv/bootarg.c")


def dump(path, options):
    """Write QEMU's device tree for a machine to a file."""
    machine, rest = options[1], options[2:]
    subprocess.run(["qemu-system-riscv64", "-machine", f"{machine},dumpdtb={path}", *rest,
                    "-nographic"], check=True, capture_output=True, timeout=60)


@pytest.mark.parametrize("name", MACHINES)
def test_device_tree(fdt_host, tmp_path, name):
    """The kernel finds the right things in the device trees of several machines."""
    options, expected = MACHINES[name]
    dump(tmp_path / "tree", options)
    status, output = run(fdt_host, tmp_path / "tree")
    assert status == 0, output
    for line in expected:
        assert line in output.splitlines(), output


def test_damaged_device_trees(fdt_host, tmp_path):
    """With random damage, the parser returns a board or panics, and never reads outside the tree."""
    dump(tmp_path / "tree", MACHINES["sswi"][0])
    status, output = run(fdt_host, tmp_path / "tree", "1", "30000")
    assert status == 0, output


def test_no_device_tree(fdt_host, tmp_path):
    """If something else is in its place, the kernel panics with a message that says so."""
    (tmp_path / "tree").write_bytes(bytes(range(256)) * 20)
    status, output = run(fdt_host, tmp_path / "tree")
    assert status == 1 and "device tree: none" in output
