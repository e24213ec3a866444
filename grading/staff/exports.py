# SPDX-License-Identifier: BSD-3-Clause
"""What learning systems give out when all submissions are downloaded: from such a folder to its submissions.

    moodle       a folder for each student, "Ann Smith_12345_assignsubmission_file_", with what was handed in; or,
                 without folders, files whose names begin like that
    canvas       files only: "smithann_LATE_1234_5678_lab4-1.zip", with the ids of the student and of the file
    gradescope   submission_metadata.yml, and the folders submission_123 that it names
    github       clones of the repositories of an assignment in GitHub Classroom: "lab4-annsmith"
    plain        an entry for each student, which is a folder or an archive

KINDS tries them in this order. Whatever the entries are, unpack.py reads them.
"""

import os
import re
from dataclasses import dataclass, field

from grading.staff import submission
from grading.staff.results_folder import Unusable
from grading.staff.unpack import ARCHIVE

METADATA = "submission_metadata.yml"
JUNK = re.compile(r"\.|__MACOSX$|Thumbs\.db$|desktop\.ini$", re.I)
MOODLE = re.compile(r"(?P<who>.+?)_(?P<id>\d+)_assignsubmission_(?P<plugin>[a-z]+)_?(?P<rest>.*)", re.S)
# Where names are hidden, a student is "anon" with five letters and digits.
CANVAS = re.compile(r"(?P<who>[^_]+)(?P<late>_LATE)?_(?P<id>\d+|(?:(?<=^anon_)|(?<=^anon_LATE_))[A-Za-z0-9]{5})"
                    r"_(?P<file>\d+)_(?P<rest>.+)", re.S)


@dataclass
class Entry:
    """A submission. name: the student's, as the system writes it. people: {"name", "id", "email"} of each
    student, if the system says who they are. late: the system says that it came late. submitted: when, as a
    datetime. handle: the beginning of the name under which the system takes a file for this student back.
    refused: why it cannot be graded."""
    name: str
    source: os.PathLike | None
    people: list = field(default_factory=list)
    late: bool = False
    submitted: object = None
    handle: str = ""
    refused: str = ""
    notes: list = field(default_factory=list)

    @property
    def id(self):
        """The id of the (first) student."""
        return self.people[0]["id"] if self.people else ""


def person(name="", number="", email=""):
    """A student, as far as the system says who that is."""
    return {"name": str(name or ""), "id": str(number or ""), "email": str(email or "")}


# --- the systems -------------------------------------------------------------------------------

def moodle(entries, _roster):
    """Entries of Moodle, or None. What was typed into the page (onlinetext) is no submission."""
    found, made = {}, []
    matched = [(path, match) for path in entries if (match := MOODLE.fullmatch(path.name))]
    if 2 * len(matched) <= len(entries):
        return None
    for path, match in matched:
        if MOODLE.match(match["rest"]):
            made.append(Entry(path.name, None, refused="its name has the names of two students"))
        elif match["plugin"] == "file":
            found.setdefault((match["who"], match["id"]), []).append(path)
    for (who, number), paths in sorted(found.items()):
        source, refused = only_one(paths)
        made.append(Entry(who, source, [person(who, number)], handle=f"{who}_{number}_assignsubmission_file_",
                          refused=refused))
    return made


def only_one(paths):
    """(the one of a student's files that is a submission, why there is none)."""
    able = [path for path in paths if path.is_dir() or ARCHIVE.search(path.name)] or paths[:1]
    if len(able) == 1:
        return able[0], ""
    return None, f"there are several archives ({', '.join(path.name for path in able)[:100]}): hand in only one"


def canvas(entries, _roster):
    """Entries of Canvas, or None. Of a student's archives the last that was uploaded counts: it has the highest
    id."""
    found = {}
    matched = [(path, match) for path in entries if (match := CANVAS.fullmatch(path.name))]
    if 2 * len(matched) <= len(entries):
        return None
    for path, match in matched:
        found.setdefault((match["who"], match["id"]), []).append((int(match["file"]), path, match))
    made = []
    for (who, number), files in sorted(found.items()):
        files.sort(key=lambda one: (bool(ARCHIVE.search(one[1].name)), one[0]))
        archives = sum(bool(ARCHIVE.search(path.name)) for _, path, _ in files)
        last, path, match = files[-1]
        note = [f"{archives} archives were handed in; the last one was graded: {path.name}"] if archives > 1 else []
        made.append(Entry(who, path, [person(number=number)], any(one["late"] for _, _, one in files),
                          handle=f"{who}{match['late'] or ''}_{number}_{last}_", notes=note))
    return made


def read_metadata(path):
    """What Gradescope's file says, as Python's values. It is written by Ruby, so it may have types that only
    Ruby knows; nothing that is needed here is of these."""
    try:
        import yaml  # type: ignore  # only this system needs it
    except ImportError:
        raise Unusable("missing: python3-yaml; type: make setup test") from None

    class Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
        """The safe loader, for which other types are nothing."""

    Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
    try:
        with open(path, "rb") as stream:
            found = yaml.load(stream, Loader)
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unusable(f"{path}: {str(error).splitlines()[0]}") from None
    return found if isinstance(found, dict) else {}


def gradescope(entries, _roster):
    """Entries of Gradescope, or None."""
    [*metadata] = [path for path in entries if path.name == METADATA]
    if not metadata:
        return None
    made, places = [], {path.name: path for path in entries}
    for key, said in read_metadata(metadata[0]).items():
        said = said or {}
        people = [person(one.get(":name"), one.get(":sid"), one.get(":email"))
                  for one in said.get(":submitters") or []]
        name = " and ".join(one["name"] or one["email"] for one in people) or key
        made.append(Entry(name, places.get(key), people, submitted=said.get(":created_at"),
                          refused="" if key in places else f"the export has no folder {key}"))
    return made


def github(entries, roster):
    """Entries of GitHub Classroom, or None. The names of the repositories begin with that of the assignment;
    where that ends, a roster says."""
    if len(entries) < 2 or not all((path / ".git").exists() for path in entries):
        return None
    common = os.path.commonprefix([path.name for path in entries])
    starts = [common[:at + 1] for at in range(len(common) - 1, -1, -1) if common[at] == "-"] + [""]
    start = max(starts, key=lambda start: sum(
        roster.find(path.name[len(start):]) is not None for path in entries) if roster else 0)
    return [Entry(path.name[len(start):], path, [person(number=path.name[len(start):])]) for path in entries]


def plain(entries, _roster):
    """An entry for each student."""
    return [Entry(submission.name_of(path), path) for path in entries]


KINDS = {"gradescope": gradescope, "moodle": moodle, "canvas": canvas, "github": github, "plain": plain}


# --- a folder of one of them -------------------------------------------------------------------

def listed(folder):
    """What is in a folder, without what systems leave there."""
    try:
        return sorted(path for path in folder.resolve().iterdir() if not JUNK.match(path.name))
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None


def read(folder, kind="", roster=None):
    """(the kind, its Entries) of a folder; `kind` is tried if given, or else all are."""
    entries = listed(folder)
    if len(entries) == 1 and (entries[0] / METADATA).is_file():     # as Gradescope's zip unpacks
        entries = listed(entries[0])
    for name in [kind] if kind else KINDS:
        found = KINDS[name](entries, roster)
        if found is not None:
            if not found:
                break
            return name, found
    if kind and entries:
        raise Unusable(f"{folder}: this is no export of {kind}")
    raise Unusable(f"{folder}: there are no submissions in it")
