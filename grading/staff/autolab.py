# SPDX-License-Identifier: BSD-3-Clause
"""`make autolab LAB=4 [OUT=folder]`: Autolab's autograde.tar and autograde-Makefile for a lab.

The tar has what Gradescope's zip has, and the programs that were built from it, so that a grading builds no more
than the kernel. The disk images are not in it: they are hundreds of megabytes of nothing, which tar does not know
to be holes, and mkfs makes them in a second.
"""

import io
import os
import pathlib
import sys
import tarfile

from grading import engine
from grading.machine import ROOT
from grading.staff import gradescope, submission

MAKEFILE = """autograde:
\ttar xf autograde.tar
\tcd nymph && make -s build/fs.img build/ram.img build/boothart >images.txt 2>&1 || {{ cat images.txt; exit 1; }}
\tcd nymph && python3 -m grading.staff.worker ../handin.tar.gz {lab} autolab
"""


def built():
    """The paths of what was built and the tar has: no image."""
    found = []
    for name in submission.BUILT:
        place = ROOT / "build" / name
        found += [path for path in [place, *place.rglob("*")] if path.is_file() and not path.name.endswith(".img")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def add(tar, name, data, source):
    """Add a file; it keeps its time, by which make sees that the programs need not be built again."""
    info = tarfile.TarInfo(f"nymph/{name}")
    info.size, info.mtime = len(data), int(source.stat().st_mtime)
    info.mode = 0o755 if os.access(source, os.X_OK) else 0o644
    tar.addfile(info, io.BytesIO(data))


def pack(lab, out):
    """Write both files into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with tarfile.open(out / "autograde.tar", "w") as tar:
        for path, data in gradescope.files(lab).items():
            add(tar, path, data, ROOT / path)
        for path in built():
            add(tar, path, (ROOT / path).read_bytes(), ROOT / path)
    (out / "autograde-Makefile").write_text(MAKEFILE.format(lab=lab), encoding="ascii")
    size = (out / "autograde.tar").stat().st_size >> 20
    print(f"{out}/autograde.tar ({size} MiB), {out}/autograde-Makefile: lab {lab}; upload both to Autolab")


def main(words):
    """Pack; return the exit status."""
    [lab] = words
    if not engine.load_labs(lab):
        print(f"LAB={lab}: give the number of a lab", file=sys.stderr)
        return 2
    pack(lab, pathlib.Path(os.environ.get("OUT") or ROOT / "build" / "autolab"))
    return 0


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.exit(main(sys.argv[1:]))
