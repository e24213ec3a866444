# SPDX-License-Identifier: BSD-3-Clause
"""Parts of the kernel that also compile for the host, with sanitizers: formatting, pause, lock
orders, device tree."""

import subprocess

import pytest

import devicetree
from conftest import ROOT
from devicetree import cells, text

SANITIZED = ["cc", "-std=gnu11", "-g", "-O1", "-w", "-fsanitize=address,undefined",
             "-fno-sanitize-recover=all", "-DNYMPH_KERNEL", f"-I{ROOT}", f"-I{ROOT}/kernel"]

# name: (options of the machine, what the kernel must find in its device tree).
MACHINES = {
    "one": (["-machine", "virt", "-m", "64M"],
            ["memory 80000000 84000000", "hart 0 intc 2 plic 0.1 sswi -1", "sstc 1",
             "uart 10000000 100 irq 10", "virtio 10001000 1000 irq 1", "test 100000 1000 irq 0"]),
    "sswi": (["-machine", "virt,aclint=on", "-smp", "8", "-m", "3G"],
             ["memory 80000000 140000000", "hart 7 intc 2 plic 0.15 sswi 7", "sswi 2f00000 4000 irq 0"]),
    "many": (["-machine", "virt", "-smp", "100"],
             ["hart 62 intc 76 plic 0.125 sswi -1", "hart 99 intc 2 plic 0.199 sswi -1"]),
    "sockets": (["-machine", "virt", "-smp", "2,sockets=2", "-m", "512M",
                 "-numa", "node,cpus=0,mem=256M", "-numa", "node,cpus=1,mem=256M"],
                ["memory 80000000 a0000000", "hart 0 intc 4 plic 0.1 sswi -1", "hart 1 intc 2 plic 1.1 sswi -1",
                 "uart 10000000 100 irq 10", "virtio 10001000 1000 irq 129"]),
    "no-sstc": (["-machine", "virt", "-cpu", "rv64,sstc=off"], ["sstc 0"]),
}


def build(tmp_path, *sources, flags=()):
    """Compile for the host with the sanitizers; return the path of the program."""
    program = tmp_path / "program"
    subprocess.run([*SANITIZED, *flags, "-o", program, *[ROOT / s for s in sources]], check=True)
    return program


def run(*words):
    """Run a program: (its exit status, its output)."""
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout + done.stderr


def test_formatting(tmp_path):
    """The kernel's printf gives the same results as the C library's."""
    status, output = run(build(tmp_path, "tests/lib/format_host.c"))
    assert status == 0, output


def test_user_formatting(tmp_path):
    """So does that of programs, with all flags and sizes of C; no conversion takes the next one's argument."""
    program = build(tmp_path, "tests/lib/user_format_host.c", "user/lib/format.c", "user/lib/snprintf.c",
                    flags=["-Dsnprintf=u_snprintf", "-Dvsnprintf=u_vsnprintf"])
    status, output = run(program)
    assert status == 0, output[-2000:]


def test_pause(tmp_path):
    """pause() sleeps for the time that is left, and no longer, when much time passes between two looks at the
    clock."""
    program = build(tmp_path, "tests/lib/pause_host.c", "kernel/proc/sysproc.c",
                    flags=[f"-iquote{ROOT}/tests/sim", "-includekernel/riscv.h", "-ffunction-sections", "-Wl,--gc-sections"])
    status, output = run(program)
    assert status == 0, output


def test_lock_orders(tmp_path):
    """A lock that is asked for against an order that was seen panics, and all places are named."""
    program = build(tmp_path, "tests/lib/lockorder_host.c", "kernel/sync/lockorder.c",
                    flags=[f"-iquote{ROOT}/tests/fs/host", "-fno-builtin", "-DINVARIANTS"])
    status, output = run(program)
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


def hart(number, **more):
    """A hart's node."""
    return {"device_type": text("cpu"), "reg": cells(number), "riscv,isa": text("rv64imac_sstc"), **more,
            "interrupt-controller": {"phandle": cells(number + 1)}}


def machine():
    """The body of a small machine's tree, for a test to change."""
    return {
        "#address-cells": cells(2), "#size-cells": cells(2), "interrupt-parent": cells(10),
        "cpus": {"#address-cells": cells(1), "#size-cells": cells(0), "timebase-frequency": cells(1000000),
                 "cpu@0": hart(0), "cpu@1": hart(1)},
        "memory@80000000": {"device_type": text("memory"), "reg": cells(0, 0x80000000, 0, 0x8000000)},
        "soc": {"#address-cells": cells(2), "#size-cells": cells(2),
                "serial@10000000": {"compatible": text("ns16550a"), "reg": cells(0, 0x10000000, 0, 256),
                                    "interrupts": cells(5)},
                "plic@c000000": {"compatible": text("riscv,plic0"), "reg": cells(0, 0xc000000, 0, 0x600000),
                                 "phandle": cells(10), "interrupts-extended": cells(1, 11, 1, 9, 2, 11, 2, 9)}},
    }


def board(fdt_host, path, root, reserved=()):
    """The lines of what the kernel finds in a tree."""
    path.write_bytes(devicetree.tree(root, reserved))
    status, output = run(fdt_host, path)
    assert status == 0, output
    return output.splitlines()


def test_reserved_memory(fdt_host, tmp_path):
    """All memory that the tree sets aside is known: both lists, and no entry that is not in force."""
    root = machine()
    root["reserved-memory"] = {
        "#address-cells": cells(2), "#size-cells": cells(2), "ranges": b"",
        "secret@82000000": {"reg": cells(0, 0x82000000, 0, 0x1000, 0, 0x82004000, 0, 0x2000), "no-map": b""},
        "frame@83000000": {"reg": cells(0, 0x83000000, 0, 0x800)},
        "unused@84000000": {"reg": cells(0, 0x84000000, 0, 0x1000), "status": text("disabled")},
        "pool": {"size": cells(0, 0x100000), "alignment": cells(0, 0x1000)},
    }
    lines = board(fdt_host, tmp_path / "tree", root, [(0x81000000, 0x3000), (0x87fff000, 0x1000)])
    assert {line for line in lines if line.startswith("reserved")} == {
        "reserved 81000000 81003000", "reserved 87fff000 88000000", "reserved 82000000 82001000 no-map",
        "reserved 82004000 82006000 no-map", "reserved 83000000 83000800"}


@pytest.mark.parametrize("status", ["disabled", "reserved", "fail", "fail-memory"])
def test_status(fdt_host, tmp_path, status):
    """What has another status than "okay", or is a part of something that has, is not used."""
    root = machine()
    usual = board(fdt_host, tmp_path / "tree", root)
    assert "memory 80000000 88000000" in usual and "uart 10000000 100 irq 5" in usual
    root["memory@88000000"] = {**root["memory@80000000"], "reg": cells(0, 0x88000000, 0, 0x8000000)}
    root["cpus"]["cpu@2"] = hart(2)
    more = board(fdt_host, tmp_path / "tree", root)
    assert "memory 80000000 90000000" in more and len([x for x in more if x.startswith("hart")]) == 3
    root["memory@88000000"]["status"] = root["cpus"]["cpu@2"]["status"] = text(status)
    assert board(fdt_host, tmp_path / "tree", root) == usual
    root["soc"]["serial@10000000"]["status"] = text(status)
    assert not any(x.startswith("uart") for x in board(fdt_host, tmp_path / "tree", root))
    del root["soc"]["serial@10000000"]["status"]
    root["soc"]["status"] = text(status)
    assert not any(x.startswith(("uart", "plic")) for x in board(fdt_host, tmp_path / "tree", root))


def test_timebase(fdt_host, tmp_path):
    """timebase-frequency has 32 or 64 bits, and stands in /cpus or in a hart's node."""
    root = machine()
    assert "timebase 1000000" in board(fdt_host, tmp_path / "tree", root)
    root["cpus"]["timebase-frequency"] = cells(0, 24000000)
    assert "timebase 24000000" in board(fdt_host, tmp_path / "tree", root)
    del root["cpus"]["timebase-frequency"]
    root["cpus"]["cpu@1"] = hart(1, **{"timebase-frequency": cells(32768)})
    assert "timebase 32768" in board(fdt_host, tmp_path / "tree", root)


def test_console_port(fdt_host, tmp_path):
    """stdout-path, or the alias that it names, chooses the port, wherever it stands in the tree; a path to
    something else leaves none. Without it, the first port is taken."""
    root = machine()
    soc = root["soc"]
    soc["serial@10001000"] = {"compatible": text("snps,dw-apb-uart"), "reg": cells(0, 0x10001000, 0, 256),
                              "reg-shift": cells(2), "reg-io-width": cells(4), "interrupts": cells(6)}
    soc["serial@10002000"] = {"compatible": text("sifive,fu540-c000-uart", "sifive,uart0"),
                              "reg": cells(0, 0x10002000, 0, 4096), "interrupts": cells(7)}
    first, second, third = "uart 10000000 100 irq 5", "uart 10001000 100 irq 6", "sifive-uart 10002000 1000 irq 7"

    def port():
        lines = board(fdt_host, tmp_path / "tree", root)
        return [line for line in lines if line.startswith(("uart", "sifive-uart", "shift"))]

    assert port() == [first]
    root["aliases"] = {"serial0": text("/soc/serial@10002000"), "serial2": text("/soc/serial@10001000")}
    for path, expected in [("/soc/serial@10002000", [third]), ("serial0", [third]), ("serial0:115200n8", [third]),
                           ("serial2:115200", [second, "shift 2 width 4"]), ("/soc/serial@10000000:9600", [first]),
                           ("/soc", []), ("/serial@10000000", []), ("serial1", []), ("serial9", []), ("/", []),
                           ("", [])]:
        root["chosen"] = {"stdout-path": text(path)}
        assert port() == expected, path
    root["chosen"] = {"stdout-path": text("serial2")}
    soc["serial@10001000"]["reg-io-width"] = cells(2)  # no driver can do that
    assert port() == []


def test_interrupt_controllers(fdt_host, tmp_path):
    """A device of another controller than a PLIC has no interrupt; one of the second PLIC has that one's."""
    root = machine()
    soc = root["soc"]
    soc["plic@c000000"]["interrupts-extended"] = cells(1, 11, 1, 9)
    soc["plic@d000000"] = {**soc["plic@c000000"], "reg": cells(0, 0xd000000, 0, 0x600000), "phandle": cells(11),
                           "interrupts-extended": cells(2, 11, 2, 9)}
    for parent, irq in [(10, 5), (11, 128 + 5), (12, 0)]:
        soc["serial@10000000"]["interrupt-parent"] = cells(parent)
        lines = board(fdt_host, tmp_path / "tree", root)
        assert f"uart 10000000 100 irq {irq}" in lines
        assert "hart 0 intc 1 plic 0.1 sswi -1" in lines and "hart 1 intc 2 plic 1.1 sswi -1" in lines
    del soc["plic@c000000"], soc["plic@d000000"]
    assert "uart 10000000 100 irq 0" in board(fdt_host, tmp_path / "tree", root)


def test_memory_ranges(fdt_host, tmp_path):
    """Ranges from the kernel's upwards are used, in any order, and the gaps between them are reserved; one that is
    below, or small and far away, is counted."""
    root = machine()
    for base in (0xc000_0000, 0x9000_0000, 0x8800_0000, 0x10_0000_0000, 0x7000_0000):
        root[f"memory@{base:x}"] = {"device_type": text("memory"),
                                    "reg": cells(base >> 32, base & 0xffffffff, 0, 0x800_0000)}
    lines = board(fdt_host, tmp_path / "tree", root)
    assert "memory 80000000 c8000000" in lines and "unused 10000000" in lines
    assert [line for line in lines if line.startswith("reserved")] == ["reserved 98000000 c0000000 no-map"]


def test_hart_ids(fdt_host, tmp_path):
    """Hart ids may be in any order, have gaps, and have 64 bits."""
    root = machine()
    cpus = root["cpus"] = {"#address-cells": cells(2), "#size-cells": cells(0), "timebase-frequency": cells(1000000)}
    for number, hartid in enumerate([7, 0x1_0000_0003, 2]):
        cpus[f"cpu@{hartid:x}"] = {**hart(number), "reg": cells(hartid >> 32, hartid & 0xffffffff)}
    harts = [line.split()[1] for line in board(fdt_host, tmp_path / "tree", root) if line.startswith("hart")]
    assert harts == ["7", str(0x1_0000_0003), "2"]


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
