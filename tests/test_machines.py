# SPDX-License-Identifier: BSD-3-Clause
"""Other machines than QEMU's virt with a PLIC and a 16550A: consoles, interrupt controllers, memory."""

import pathlib
import shlex
import subprocess
import time

import pytest

import devicetree
from conftest import ROOT
from devicetree import cells, text
from grading import machine

FIRMWARE_CONSOLE = "console: no serial port of a known kind"


def need_machine(name):
    """Skip the test if this QEMU has no machine of that name."""
    names = subprocess.run(["qemu-system-riscv64", "-machine", "help"], capture_output=True, text=True,
                           check=True).stdout
    if not any(line.startswith(name + " ") for line in names.splitlines()):
        pytest.skip(f"QEMU has no machine {name}")


def use(term, slowly=False):
    """Type commands at the prompt and end the machine; return what it has printed until then."""
    def line(words):
        for c in words + "\n" if slowly else [words + "\n"]:
            term.type(c)
            time.sleep(0.05)
    line("echo hello | wc")
    assert "1 1 6" in term.prompt()
    line("sleep 1000")
    time.sleep(0.5)
    term.type("\x03")
    term.prompt()
    line("halt")
    term.expect("halt")
    return "".join(term.log)


@pytest.mark.parametrize("name, cpus, line", [
    ("virt,aia=aplic", 4, "virtio disk: no interrupt that this kernel can take: polled"),
    ("virt,aia=aplic-imsic", 4, "virtio disk: no interrupt that this kernel can take: polled"),
    ("sifive_u", 4, "4 harts up"),
    ("sifive_u", 1, "1 hart up"),
    ("spike", 2, FIRMWARE_CONSOLE),
])
def test_shell(terminal, name, cpus, line):
    """The shell works on other machines, and ^C does. (QEMU 7.2's spike drops what is typed fast, and does
    not end when the firmware asks it to.)"""
    need_machine(name.partition(",")[0])
    disk = {} if name.startswith("virt") else {"IMAGE": None}
    term = terminal(MACHINE=name, CPUS=cpus, **disk)
    assert line in use(term, slowly=name == "spike")
    assert name == "spike" or term.end() == 0


def test_status(run):
    """The firmware ends a machine that has no device for that. The status is lost; the output is not."""
    need_machine("sifive_u")
    assert "hello" in run("echo hello; halt 3", MACHINE="sifive_u", IMAGE=None, CPUS=2).console.splitlines()


def print_command(**options):
    """The words of the command for a machine."""
    env = machine.environment(TIMEOUT=60, **options, **machine.FRESH_DISK)
    return shlex.split(subprocess.run(["tools/qemu", "--print"], env=env, capture_output=True, text=True,
                                      check=True).stdout)


def with_tree(words, path, change):
    """The same command with its device tree changed by a function of its bytes."""
    dump = words[words.index("qemu-system-riscv64"):]
    dump[dump.index("-machine") + 1] += f",dumpdtb={path}"
    subprocess.run(dump, check=True, capture_output=True, timeout=60)
    path.write_bytes(change(path.read_bytes()))
    return [*words, "-dtb", str(path)]


def test_unknown_port(terminal, tmp_path):
    """A machine whose serial port is of a kind that the kernel does not know uses the firmware's console."""
    words = with_tree(print_command(CPUS=2), tmp_path / "tree",
                      lambda data: data.replace(b"ns16550a\0", b"ns16550\0\0"))
    term = terminal(words=words)
    assert FIRMWARE_CONSOLE in use(term)
    assert term.end() == 0


def icicle():
    """The tree of a Microchip PolarFire SoC, of which QEMU has none of its own: harts in another order than
    their numbers, one of them without S-mode, two ranges of memory far apart (and a third, which QEMU does not
    have), a second port that is the console."""
    def hart(number):
        smode = {"mmu-type": text("riscv,sv39")} if number else {"status": text("disabled")}
        return {"device_type": text("cpu"), "reg": cells(number), "compatible": text("riscv"),
                "riscv,isa": text("rv64imafdc" if number else "rv64imac"), **smode,
                "interrupt-controller": {"#interrupt-cells": cells(1), "compatible": text("riscv,cpu-intc"),
                                         "interrupt-controller": b"", "phandle": cells(number + 1)}}

    def port(address, irq):
        return {"compatible": text("ns16550a"), "reg": cells(0, address, 0, 0x400), "reg-io-width": cells(4),
                "reg-shift": cells(2), "interrupts": cells(irq), "interrupt-parent": cells(20),
                "clock-frequency": cells(150000000), "current-speed": cells(115200)}

    plic = [1, 11] + [x for n in range(1, 5) for x in (n + 1, 11, n + 1, 9)]
    clint = [x for n in range(5) for x in (n + 1, 3, n + 1, 7)]
    return {
        "#address-cells": cells(2), "#size-cells": cells(2), "compatible": text("microchip,mpfs-icicle-kit"),
        "chosen": {"stdout-path": text("serial1:115200n8")},
        "aliases": {"serial0": text("/soc/serial@20000000"), "serial1": text("/soc/serial@20100000")},
        "cpus": {"#address-cells": cells(1), "#size-cells": cells(0), "timebase-frequency": cells(0, 1000000),
                 **{f"cpu@{number}": hart(number) for number in (3, 0, 4, 1, 2)}},
        "memory@1800000000": {"device_type": text("memory"), "reg": cells(0x18, 0, 0, 0x100000)},
        "memory@1000000000": {"device_type": text("memory"), "reg": cells(0x10, 0, 0, 0x40000000)},
        "memory@80000000": {"device_type": text("memory"), "reg": cells(0, 0x80000000, 0, 0x40000000)},
        "soc": {"#address-cells": cells(2), "#size-cells": cells(2), "compatible": text("simple-bus"), "ranges": b"",
                "serial@20000000": port(0x20000000, 90), "serial@20100000": port(0x20100000, 91),
                "interrupt-controller@c000000": {
                    "compatible": text("sifive,plic-1.0.0"), "reg": cells(0, 0xc000000, 0, 0x4000000),
                    "riscv,ndev": cells(186), "interrupt-controller": b"", "#interrupt-cells": cells(1),
                    "phandle": cells(20), "interrupts-extended": cells(*plic)},
                "clint@2000000": {"compatible": text("sifive,clint0", "riscv,clint0"),
                                  "reg": cells(0, 0x2000000, 0, 0x10000), "interrupts-extended": cells(*clint)}},
    }


def test_icicle(terminal, tmp_path):
    """A 16550A with registers of 32 bits, four bytes apart. The firmware cannot end this machine."""
    need_machine("microchip-icicle-kit")
    tree = tmp_path / "tree"
    tree.write_bytes(devicetree.tree(icicle()))
    words = ["timeout", "60", "qemu-system-riscv64", "-machine", "microchip-icicle-kit", "-smp", "5", "-m", "2G",
             "-display", "none", "-no-reboot", "-serial", "null", "-serial", "mon:stdio", "-kernel",
             str(ROOT / "build/kernel"), "-initrd", str(ROOT / "build/ram.img"), "-dtb", str(tree)]
    log = use(terminal(words=words))
    assert "memory: 1 MiB are too far away to be used" in log and ": 2048 MiB of memory" in log
    assert "4 harts up" in log and FIRMWARE_CONSOLE not in log


FW_JUMP = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.bin"
UBOOT = "/usr/lib/u-boot/qemu-riscv64_smode/uboot.elf"
QEMU = ["timeout", "-k", "2", "60", "qemu-system-riscv64", "-machine", "virt", "-m", "256M", "-smp", "2", "-nographic",
        "-no-reboot"]


def load(path, address):
    """Options that put a file into memory as it is."""
    return ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]


def test_image(terminal):
    """The image without ELF's headers starts like the other."""
    term = terminal(words=[*QEMU, "-kernel", "build/Image", "-initrd", "build/ram.img"])
    term.type("halt\n")
    assert term.end() == 0


def test_misplaced():
    """At another address than its own, the kernel says so and ends. The firmware jumps to 0x80200000, where
    two instructions jump 4 MiB further."""
    jump = ["-device", "loader,addr=0x80200000,data=0x0002806700400297,data-len=8"]
    done = subprocess.run([*QEMU, "-bios", FW_JUMP, *load("build/Image", 0x80600000), *jump],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Nymph: loaded at a wrong address" in done.stdout


def test_uboot(terminal):
    """U-Boot's booti moves the image to where it belongs, and starts it."""
    if not pathlib.Path(UBOOT).exists():
        pytest.skip(f"no {UBOOT}; it is in Debian's package u-boot-qemu")
    term = terminal(ready="Hit any key", words=[*QEMU, "-kernel", UBOOT, *load("build/Image", 0x84000000),
                                                *load("build/ram.img", 0x86000000)])
    size = pathlib.Path("build/ram.img").stat().st_size
    for line in ["", 'setenv bootargs "panic=exit run=echo hello; halt 3"',
                 f"booti 0x84000000 0x86000000:{size:x} ${{fdtcontroladdr}}"]:
        term.type(line + "\n")
        term.expect("=> " if "booti" not in line else "Starting kernel")
    assert term.end(60) == 3
    assert "hello" in "".join(term.log)
