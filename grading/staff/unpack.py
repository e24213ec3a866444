# SPDX-License-Identifier: BSD-3-Clause
"""Read the sources of kernel/ from a submission: a folder, a zip or a tar file.

Nothing is unpacked to the disk. Names are checked first; the files that are wanted are read into memory,
within limits, and all others are skipped. Only regular files are accepted: no links, and no names that
lead out of the archive.

An archive can ask its reader for any amount of time and memory: by a name of 400 MiB, a header that says
so, a compression that unpacks to a thousand times its size. So read_any() runs this file as a program, with
limits of its own (sandbox.UNPACKING), and the program prints what it has read.
"""

import bz2
import gzip
import json
import lzma
import os
import re
import stat
import sys
import tarfile
import zipfile
import zlib

FILE_LIMIT = 1 << 20        # bytes of a source file
TOTAL_LIMIT = 4 << 20       # bytes of all source files
ARCHIVE_LIMIT = 512 << 20   # bytes of an archive, and of what is decompressed in search of kernel/
COUNT_LIMIT = 50_000        # files of any kind in a submission


class Refused(Exception):
    """The submission cannot be graded; the text tells the student why, in one line."""


# --- finding kernel/ ---------------------------------------------------------------------------

def clean(name):
    """A name in an archive as a relative path with /; Refused if it leads out of the archive."""
    name = name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in parts:
        raise Refused(f"the archive names a file outside of itself: {printable(name)}")
    return "/".join(parts)


def printable(text):
    """A name such that it can be printed in a line."""
    return "".join(c if c.isprintable() else "?" for c in text[:100])


def kernel_places(names):
    """The folders that contain a kernel/ like the course's, the nearest to the top first."""
    places = set()
    for name in names:
        found = re.match(r"((?:.*/)?)kernel/(?:main\.c|(?:lwkt|riscv|proc)/[^/]+\.[chS])$", name)
        if found and not re.search(r"(^|/)(\.|__MACOSX/|build/)", name):
            places.add(found.group(1))
    return sorted(places, key=lambda place: (place.count("/"), place))


def wanted_names(names):
    """name in the submission -> path in the tree, for the sources of its only kernel/."""
    places = kernel_places(names)
    if not places:
        raise Refused("there is no kernel/ in it: hand in the whole folder kernel/, with its subfolders")
    top = [place for place in places if place.count("/") == places[0].count("/")]
    if len(top) > 1:
        raise Refused(f"there are several kernel/ in it (in {', '.join(p or './' for p in top[:3])}): "
                      "hand in only one")
    start = top[0]
    return {name: name[len(start):] for name in names
            if name.startswith(start + "kernel/") and name.endswith((".c", ".h", ".S", ".ld"))}


# --- reading -----------------------------------------------------------------------------------

class Budget:
    """Counts what is read, and refuses a submission that exceeds the limits."""

    def __init__(self):
        self.files = self.bytes = 0

    def file(self):
        """Count a file."""
        self.files += 1
        if self.files > COUNT_LIMIT:
            raise Refused(f"it has more than {COUNT_LIMIT} files")

    def take(self, name, stream):
        """Read and count a source file; return its content."""
        data = stream.read(FILE_LIMIT + 1)
        self.bytes += len(data)
        if len(data) > FILE_LIMIT:
            raise Refused(f"{printable(name)} is larger than {FILE_LIMIT >> 20} MiB")
        if self.bytes > TOTAL_LIMIT:
            raise Refused(f"its sources are larger than {TOTAL_LIMIT >> 20} MiB")
        return data


def refuse_link(path):
    """Refuse a link in the place of a source file."""
    raise Refused(f"{printable(path)} is a link: hand in the file itself")


def read_folder(folder):
    """path -> bytes, for the kernel/ in a folder."""
    budget, names = Budget(), {}
    for place, folders, files in os.walk(folder, followlinks=False):
        folders[:] = [name for name in folders if name not in (".git", "build")]
        for name in [*files, *(n for n in folders if os.path.islink(os.path.join(place, n)))]:
            budget.file()
            path = os.path.join(place, name)
            names[os.path.relpath(path, folder)] = path
    found = {}
    for name, path in wanted_names(names).items():
        # Open the file without following a link and check it only then, so that nobody can replace it
        # between the check and the reading.
        try:
            handle = os.open(names[name], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            refuse_link(path)
        with open(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise Refused(f"{printable(path)} is not a regular file")
            found[path] = budget.take(path, stream)
    return found


def read_zip(source):
    """path -> bytes, for the kernel/ in a zip file."""
    budget, members = Budget(), {}
    with zipfile.ZipFile(source) as archive:
        for info in archive.infolist():
            budget.file()
            if not info.is_dir():
                members[clean(info.filename)] = info
        found = {}
        for name, path in wanted_names(members).items():
            if stat.S_ISLNK(members[name].external_attr >> 16):
                refuse_link(path)
            with archive.open(members[name]) as stream:
                found[path] = budget.take(path, stream)
    return found


class Bounded:
    """A stream with a limit, against archives that decompress to far more than their own size."""

    def __init__(self, stream, limit):
        self.stream, self.left = stream, limit

    def read(self, size=-1):
        """Read, as from a file."""
        data = self.stream.read(min(size, self.left + 1) if size >= 0 else self.left + 1)
        self.left -= len(data)
        if self.left < 0:
            raise Refused(f"it unpacks to more than {ARCHIVE_LIMIT >> 20} MiB")
        return data


def decompressed(source):
    """The decompressed stream of a tar file."""
    with open(source, "rb") as stream:
        start = stream.read(6)
    for magic, module in ((b"\x1f\x8b", gzip), (b"BZh", bz2), (b"\xfd7zXZ\0", lzma)):
        if start.startswith(magic):
            return module.open(source, "rb")
    return open(source, "rb")


def read_tar(source):
    """path -> bytes, for the kernel/ in a tar file. It is read as a stream, so that no more than
    ARCHIVE_LIMIT is decompressed, whatever the headers say."""
    budget, data, links = Budget(), {}, set()
    with decompressed(source) as plain, \
            tarfile.open(fileobj=Bounded(plain, ARCHIVE_LIMIT), mode="r|") as archive:
        for member in archive:
            budget.file()
            name = clean(member.name)
            if not re.search(r"(^|/)kernel/.*\.(c|h|S|ld)$", name) or re.search(r"(^|/)build/", name):
                if member.islnk() or member.issym():
                    links.add(name)
            elif member.isreg() and not member.issparse():
                data[name] = budget.take(name, archive.extractfile(member))
            else:
                refuse_link(name)
    if any(name.rpartition("/")[2] == "kernel" for name in links):
        refuse_link("kernel")
    return {path: data[name] for name, path in wanted_names(data).items()}


def read_here(source):
    """path -> bytes, for a submission of any kind."""
    if os.path.isdir(source):
        return read_folder(source)
    if not os.path.isfile(source):
        raise Refused("there is no such file or folder")
    if os.stat(source).st_size > ARCHIVE_LIMIT:
        raise Refused(f"it is larger than {ARCHIVE_LIMIT >> 20} MiB")
    is_zip = zipfile.is_zipfile(source)
    try:
        return read_zip(source) if is_zip else read_tar(source)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
            NotImplementedError, OSError, ValueError, UnicodeError) as error:
        kind = "zip" if is_zip else "folder, zip or tar"
        raise Refused(f"it is not a {kind} that can be read: {printable(str(error)) or 'damaged'}") from None


def main(source):
    """Print what is in a submission: {"files": {path: text, a character for each byte}}, or {"refused": why}
    if it cannot be graded."""
    try:
        found = {"files": {path: data.decode("latin-1") for path, data in read_here(source).items()}}
    except Refused as error:
        found = {"refused": str(error)}
    except MemoryError:
        found = {"refused": "reading it takes too much memory"}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
