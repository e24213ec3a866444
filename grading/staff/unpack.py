# SPDX-License-Identifier: BSD-3-Clause
"""Read the sources of kernel/ from a submission: a folder, an archive, or a folder with an archive in it.

Nothing is unpacked to the disk. Names are checked first; the files that are wanted are read into memory,
within limits, and all others are skipped. Only regular files are accepted: no links, and no names that
lead out of the archive. What macOS, Windows and editors leave beside the sources is skipped: ._ipiq.c,
.DS_Store, __MACOSX, "ipiq copy.c", and the line ends CR LF.

bsdtar turns a tar.zst or a .7z into a plain tar file, which is read like any other. It gets the archive as
its standard input, and runs in a sandbox if the caller names one (main()).

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
import shutil
import stat
import subprocess
import sys
import tarfile
import zipfile
import zlib

FILE_LIMIT = 1 << 20        # bytes of a source file
TOTAL_LIMIT = 4 << 20       # bytes of all source files
ARCHIVE_LIMIT = 512 << 20   # bytes of an archive, and of what is decompressed in search of kernel/
COUNT_LIMIT = 50_000        # files of any kind in a submission
ACCEPTED = "a folder, .zip, .tar, .tar.gz, .tar.bz2, .tar.xz, .tar.zst and .7z"
# How files begin that bsdtar reads, and others that students hand in.
CONVERTED = {b"7z\xbc\xaf\x27\x1c": "7z", b"\x28\xb5\x2f\xfd": "zst"}
OTHERS = {b"Rar!\x1a\x07": "a RAR archive", b"%PDF": "a PDF file", b"\x7fELF": "a program", b"MSCF": "a CAB file",
          b"#!": "a script", b"\xd0\xcf\x11\xe0": "an Office document"}
ARCHIVE = re.compile(r"\.(zip|tar|tgz|tbz2?|txz|tzst|7z|rar|tar\.\w+)$", re.I)
JUNK = re.compile(r"(^|/)(__MACOSX/|\.|build/|Thumbs\.db$|desktop\.ini$)")
# What Finder, Explorer, browsers and editors call the second file of a name.
COPY = re.compile(r"(?:^|/)Copy of [^/]*$|( copy( \d+)?| - Copy( \(\d+\))?| \(\d+\)|~)(\.[chS]|~)?$")
CONVERTER = ["bsdtar", "-cf", "-", "--format=pax", "@-"]


class Refused(Exception):
    """The submission cannot be graded; the text tells the student why, in one line."""


class NotInstalled(Exception):
    """A program is missing that reading needs; the text names its package."""


class NoKernel(Refused):
    """There is no kernel/."""


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
        if found and not JUNK.search(name):
            places.add(found.group(1))
    return sorted(places, key=lambda place: (place.count("/"), place))


def wanted_names(names):
    """name in the submission -> path in the tree, for the sources of its only kernel/."""
    places = kernel_places(names)
    if not places:
        raise NoKernel("there is no kernel/ in it: hand in the whole folder kernel/, with its subfolders")
    top = [place for place in places if place.count("/") == places[0].count("/")]
    if len(top) > 1:
        raise Refused(f"there are several kernel/ in it (in {', '.join(p or './' for p in top[:3])}): "
                      "hand in only one")
    start = top[0]
    return {name: name[len(start):] for name in names
            if name.startswith(start + "kernel/") and name.endswith((".c", ".h", ".S", ".ld"))
            and not JUNK.search(name)}


def plain(files):
    """(the sources without copies, with line ends LF and no byte order mark; lines about what was done)."""
    copies = sorted(path for path in files if COPY.search(path))
    found = {path: data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n") for path, data in files.items()
             if path not in copies}
    windows = sum(data != files[path] for path, data in found.items())
    notes = [f"not used, because they are copies: {', '.join(map(printable, copies[:8]))}"] if copies else []
    return found, notes + ([f"the line ends of Windows in {windows} of its files were replaced"] if windows else [])


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
    archives = [path for name, path in names.items() if ARCHIVE.search(name) and not JUNK.search(name)]
    try:
        wanted = wanted_names(names)
    except NoKernel:
        if len(archives) > 1:
            archives = [os.path.basename(path) for path in archives]
            raise Refused(f"there are several archives in it ({printable(', '.join(sorted(archives)))}): "
                          "hand in only one") from None
        if not archives:
            raise
        return read_archive(archives[0])
    found = {}
    for name, path in wanted.items():
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


def read_tar(stream):
    """path -> bytes, for the kernel/ in a tar file. It is read as a stream, so that no more than
    ARCHIVE_LIMIT is decompressed, whatever the headers say."""
    budget, data, links = Budget(), {}, set()
    with tarfile.open(fileobj=Bounded(stream, ARCHIVE_LIMIT), mode="r|") as archive:
        for member in archive:
            budget.file()
            name = clean(member.name)
            if not re.search(r"(^|/)kernel/.*\.(c|h|S|ld)$", name) or JUNK.search(name):
                if member.islnk() or member.issym():
                    links.add(name)
            elif member.isreg() and not member.issparse():
                data[name] = budget.take(name, archive.extractfile(member))
            else:
                refuse_link(name)
    if any(name.rpartition("/")[2] == "kernel" for name in links):
        refuse_link("kernel")
    return {path: data[name] for name, path in wanted_names(data).items()}


def read_converted(source):
    """path -> bytes, for the kernel/ in an archive that bsdtar reads."""
    if not shutil.which("bsdtar"):
        raise NotInstalled("missing: bsdtar (Debian package libarchive-tools); type: make setup test")
    with open(source, "rb") as packed, subprocess.Popen(CONVERTER, stdin=packed, stdout=subprocess.PIPE,
                                                        stderr=subprocess.DEVNULL) as converter:
        try:
            found, empty = read_tar(converter.stdout), None
        except NoKernel as error:
            found, empty = {}, error
        except BaseException:
            converter.kill()
            raise
        while converter.stdout.read(1 << 16):   # what tar files have after their end
            pass
    if converter.returncode != 0:
        raise tarfile.TarError("damaged, or with a password")
    if empty:
        raise empty
    return found


def read_archive(source):
    """path -> bytes, for the kernel/ in an archive of any kind."""
    with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise Refused(f"{printable(os.path.basename(source))} is not a regular file")
        if os.fstat(stream.fileno()).st_size > ARCHIVE_LIMIT:
            raise Refused(f"it is larger than {ARCHIVE_LIMIT >> 20} MiB")
        start = stream.read(8)
    other = next((kind for magic, kind in OTHERS.items() if start.startswith(magic)), None)
    if other:
        raise Refused(f"it is {other}, which is not accepted; accepted are {ACCEPTED}")
    if any(start.startswith(magic) for magic in CONVERTED):
        return read_converted(source)
    if zipfile.is_zipfile(source):
        return read_zip(source)
    with decompressed(source) as stream:
        return read_tar(stream)


def read_here(source):
    """path -> bytes, for a submission of any kind."""
    source = os.path.realpath(source)
    try:
        if os.path.isdir(source):
            return read_folder(source)
        if not os.path.isfile(source):
            raise Refused("there is no such file or folder")
        return read_archive(source)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
            NotImplementedError, OSError, ValueError, UnicodeError) as error:
        raise Refused(f"it is no archive that can be read ({printable(str(error)) or 'damaged'}); accepted are "
                      f"{ACCEPTED}") from None


def main(source, *sandbox):
    """Print what is in a submission: {"files": {path: text, a character for each byte}, "notes": [lines]}, or
    {"refused": why} if it cannot be graded, or {"missing": what} if a program is not installed. sandbox: the
    words to put before bsdtar."""
    CONVERTER[:0] = sandbox
    try:
        files, notes = plain(read_here(source))
        found = {"files": {path: data.decode("latin-1") for path, data in files.items()}, "notes": notes}
    except Refused as error:
        found = {"refused": str(error)}
    except NotInstalled as error:
        found = {"missing": str(error)}
    except MemoryError:
        found = {"refused": "reading it takes too much memory"}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
