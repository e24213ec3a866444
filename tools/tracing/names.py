# SPDX-License-Identifier: BSD-3-Clause
"""Names for a trace's numbers: functions, variables, source lines, system calls, wait messages."""

import bisect
import functools
import re
import subprocess

class Names:
    """What the kernel at `kernel` (an ELF file with symbols; None: no names) calls its addresses.
    `root` is the source tree."""

    def __init__(self, kernel, root):
        self.kernel, self.root = kernel, root
        self.symbols = self._symbols() if kernel else []
        self.starts = [address for address, *_ in self.symbols]
        # A trace keeps the low half of the kernel's addresses.
        self.high = self.starts[0] & ~0xffffffff if self.starts else 0
        calls = (root / "kernel/syscall.h").read_text(encoding="ascii")
        self.calls = {int(n): name for n, name in re.findall(r"X\((\d+), (\w+)\)", calls)}
        self._lines = {}

    def _symbols(self):
        """[(address, size, name)] by address."""
        out = subprocess.run(["nm", "-S", "--defined-only", self.kernel], capture_output=True, text=True,
                             check=True).stdout
        found = re.findall(r"^(\w+) (\w+) [TtDdBbRr] (\w[\w.]*)$", out, re.M)
        return sorted((int(address, 16), int(size, 16), name) for address, size, name in found)

    def of(self, address):
        """A symbol, with an offset if it is not at its start; else the address in hexadecimal."""
        i = bisect.bisect_right(self.starts, address) - 1
        if i >= 0:
            start, size, name = self.symbols[i]
            if address < start + max(size, 1):
                return name if address == start else f"{name}+{address - start:#x}"
        return f"{address:#x}"

    def places(self, events):
        """Look up the source lines of all events at once: addr2line is slow to start."""
        pcs = sorted({e.pc for e in events if e.pc})
        if not self.kernel or not pcs:
            return
        # The address is where the recording returns to; the byte before belongs to the call.
        text = "\n".join(hex(self.high | pc - 1) for pc in pcs)
        out = subprocess.run(["addr2line", "-e", self.kernel, "-f", "-i", "-a"], input=text,
                             capture_output=True, text=True, check=True).stdout
        for block in re.split(r"^0x", out, flags=re.M)[1:]:
            address, *rest = block.splitlines()
            frames = [(rest[i], rest[i + 1]) for i in range(0, len(rest) - 1, 2)]
            # Inlined frames come first: the innermost that is not the tracing itself.
            frames = [f for f in frames if "/ktr.h" not in f[1]] or frames
            where = re.sub(r" \(discriminator \d+\)$", "", frames[0][1])
            where = re.sub(r"^.*?/(?=(?:kernel|user)/)", "", where)
            self._lines[int(address, 16) + 1 & 0xffffffff] = f"{where} in {frames[0][0]}"

    def place(self, event):
        """"kernel/lwkt/sched.c:82 in lwkt_schedule", or ""."""
        return self._lines.get(event.pc, "")

    @functools.lru_cache
    def string(self, low):
        """The C string of the kernel at the address whose low 24 bits are given, or ""."""
        if not self.starts or not low:
            return ""
        address = self.starts[0] & ~0xffffff | low
        address += 0x1000000 if address < self.starts[0] else 0
        out = subprocess.run(["objdump", "-s", f"--start-address={address}",
                              f"--stop-address={address + 24}", self.kernel],
                             capture_output=True, text=True, check=False).stdout
        data = b"".join(bytes.fromhex(words.replace(" ", ""))
                        for words in re.findall(r"^ [0-9a-f]{8,} ((?:[0-9a-f]+ ){1,4}) ?", out, re.M))
        return data.split(b"\0")[0].decode("ascii", "replace")
