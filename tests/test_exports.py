# SPDX-License-Identifier: BSD-3-Clause
"""Exports as Moodle, Canvas, Gradescope and GitHub Classroom make them: which submissions are in them, who the
students are, what lateness costs, and the files with the grades."""

import csv
import io
import json
import subprocess
import zipfile

import pytest

from conftest import ROOT
from grading import machine
from grading.staff import exports, grade_class, grades, results_folder, roster, submission, unpack
from grading.staff import table as submissions_table
from handing_in import as_tar, as_zip, solved, write

SOME = {"kernel/boot/main.c": b"int main;", "kernel/lwkt/ipiq.c": b"int ipiq;"}


@pytest.fixture(name="place")
def fixture_place(tmp_path):
    """A folder for an export."""
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def archive(path, make=as_zip):
    """An archive with a small kernel/ at a path whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return make(SOME, path)


def moodle(place):
    """1: Moodle, with a folder for each student, one of whom typed into the page only."""
    archive(place / "Ann Smith_12345_assignsubmission_file_" / "lab4.zip")
    archive(place / "Bob O'Neil_777_assignsubmission_file_" / "me.tar.gz", as_tar)
    write({"onlinetext.html": b"see my mail"}, place / "Carol Ng_9_assignsubmission_onlinetext_")
    write({"__MACOSX/._x": b"", ".DS_Store": b""}, place)
    return "moodle", [("Ann Smith", "12345", True), ("Bob O'Neil", "777", True)]


def moodle_flat(place):
    """2: Moodle without folders; one student has handed in two archives."""
    archive(place / "Ann Smith_12345_assignsubmission_file_lab4.zip")
    archive(place / "Bob_777_assignsubmission_file_a.zip")
    archive(place / "Bob_777_assignsubmission_file_b.zip")
    (place / "Dan_8_assignsubmission_file_answers.pdf").write_bytes(b"%PDF-1.4")
    archive(place / "Dan_8_assignsubmission_file_me.7z.zip")
    return "moodle", [("Ann Smith", "12345", True), ("Bob", "777", False), ("Dan", "8", True)]


def moodle_blind(place):
    """3: Moodle with hidden names."""
    archive(place / "Participant_54321_assignsubmission_file_" / "x.zip")
    return "moodle", [("Participant", "54321", True)]


def canvas(place):
    """4: Canvas, with a late student, one who has handed in twice, and one with a text beside the archive."""
    archive(place / "smithann_LATE_1234_5678_name-1.zip")
    archive(place / "oneilbob_4321_11_lab4.tar.gz", as_tar)
    archive(place / "oneilbob_4321_12_lab4-1.tar.gz", as_tar)
    archive(place / "ngcarol_99_40_me.zip")
    (place / "ngcarol_99_41_answers.md").write_text("1. Because.")
    return "canvas", [("ngcarol", "99", True), ("oneilbob", "4321", True), ("smithann", "1234", True)]


def canvas_anonymous(place):
    """5: Canvas with hidden names."""
    archive(place / "anon_aB3dE_77_lab4.zip")
    archive(place / "anon_LATE_Zz9yX_78_lab4.zip")
    return "canvas", [("anon", "Zz9yX", True), ("anon", "aB3dE", True)]


YAML = """---
submission_111:
  :submitters:
  - :name: Ann Smith
    :sid: '12345'
    :email: ann@example.edu
  - :name: "Bob O'Neil"
    :sid: 777
    :email: bob@example.edu
  :created_at: 2026-11-21 03:59:00.000000000 Z
  :score: 5.0
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    score: 1
  :history:
  - :created_at: 2026-11-01 00:00:00 Z
    :score: 0
submission_222:
  :submitters:
  - :name: Carol Ng
    :sid:
    :email: carol@example.edu
  :created_at: 2026-11-20 10:00:00.000000000 Z
submission_333:
  :submitters: []
"""


def gradescope(place):
    """6: Gradescope, as its zip unpacks: a group, a folder that is a kernel, and one that is missing."""
    place = place / "assignment_42_export"
    write({"submission_metadata.yml": YAML.encode(), **{f"submission_222/{p}": d for p, d in SOME.items()}}, place)
    archive(place / "submission_111" / "lab4.zip")
    return "gradescope", [("Ann Smith and Bob O'Neil", "12345", True), ("Carol Ng", "", True),
                          ("submission_333", "", False)]


def github(place):
    """7: clones of GitHub Classroom."""
    for name in ("lab4-ann-s", "lab4-ann-t", "lab4-ann-u"):
        write({".git/config": b"[core]\n", **SOME}, place / name)
    return "github", [("ann-s", "ann-s", True), ("ann-t", "ann-t", True), ("ann-u", "ann-u", True)]


def mac(place):
    """8: folders and archives that a Mac has packed."""
    write({**SOME, "kernel/lwkt/._ipiq.c": b"", "kernel/lwkt/ipiq copy.c": b"", ".DS_Store": b""}, place / "ann")
    as_zip({**SOME, "__MACOSX/kernel/lwkt/._ipiq.c": b""}, place / "bob.zip")
    (place / ".DS_Store").write_bytes(b"x")
    return "plain", [("ann", "", True), ("bob", "", True)]


def windows(place):
    """9: an archive of Windows: backslashes, CR LF and a byte order mark."""
    as_zip({name.replace("/", "\\"): b"\xef\xbb\xbf" + data + b"\r\n" for name, data in SOME.items()}, place / "ann.zip")
    (place / "Thumbs.db").write_bytes(b"x")
    return "plain", [("ann", "", True)]


def packed_otherwise(place):
    """10: tar.zst and 7z."""
    write({f"lab4/{p}": d for p, d in SOME.items()}, place.with_name("from"))
    for name, kind in (("ann.tar.zst", "--format=pax"), ("bob.7z", "--format=7zip")):
        subprocess.run(["bsdtar", "-caf", place / name, kind, "lab4"], cwd=place.with_name("from"), check=True)
    return "plain", [("ann", "", True), ("bob", "", True)]


def not_accepted(place):
    """11: RAR, PDF and a program are refused."""
    (place / "ann.rar").write_bytes(b"Rar!\x1a\x07\x01\x00")
    write({"me.rar": b"Rar!\x1a\x07\x01\x00"}, place / "bob")
    (place / "carol.pdf").write_bytes(b"%PDF-1.7")
    (place / "dan").write_bytes(b"\x7fELF")
    return "plain", [(name, "", False) for name in ("ann", "bob", "carol.pdf", "dan")]


def mixed(place):
    """12: what a tutor collected by mail: a folder, archives, an empty folder, a link to somebody's files."""
    write({f"nymph/lab4/{p}": d for p, d in SOME.items()}, place / "ann smith")
    archive(place / "bob.tar.xz", as_tar)
    (place / "carol").mkdir()
    (place / "dan").mkdir()
    (place / "dan" / "kernel").symlink_to(ROOT / "kernel")
    return "plain", [("ann smith", "", True), ("bob", "", True), ("carol", "", False), ("dan", "", False)]


EXPORTS = [moodle, moodle_flat, moodle_blind, canvas, canvas_anonymous, gradescope, github, mac, windows,
           packed_otherwise, not_accepted, mixed]
STUDENTS = "github_username,name\nann-s,Ann Smith\nann-t,Ann Tan\nann-u,Ann Ude\n"


def sources(entry):
    """The sources in an entry as text; None if it is refused, by a line that says what is accepted or wrong."""
    try:
        if entry.refused:
            raise unpack.Refused(entry.refused)
        files, _ = submission.sandbox.read_submission(entry.source)
        return {path: data.decode().rstrip("\n") for path, data in files.items()}
    except unpack.Refused as error:
        line = str(error)
        assert "\n" not in line and any(words in line for words in (
            "accepted are", "hand in only one", "there is no kernel/", "has no folder"))
        return None


@pytest.mark.parametrize("make", EXPORTS)
def test_twelve_exports(make, place, tmp_path):
    """Each submission of each export is read, whole, or refused; the students' names and ids are those of the
    system."""
    kind, wanted = make(place)
    (tmp_path / "students.csv").write_text(STUDENTS)
    found = exports.read(place, roster=roster.Roster(tmp_path / "students.csv"))
    assert found[0] == kind
    assert sorted((entry.name, entry.id, sources(entry) is not None) for entry in found[1]) == sorted(wanted)
    for entry in found[1]:
        assert sources(entry) in (None, {path: data.decode() for path, data in SOME.items()})
    assert exports.read(place, kind, None)[0] == kind


def test_which_archive(place):
    """Of two archives in Canvas the last counts, and the table says so; a student's text is not graded."""
    canvas(place)
    found = {entry.name: entry for entry in exports.read(place)[1]}
    assert found["oneilbob"].source.name.endswith("12_lab4-1.tar.gz") and "2 archives" in found["oneilbob"].notes[0]
    assert found["ngcarol"].source.name.endswith("40_me.zip") and not found["ngcarol"].notes
    assert found["smithann"].late and not found["oneilbob"].late


def test_names_that_take_another_ones_grade(place, tmp_path):
    """A file whose own name goes on like that of another student's is nobody's, and takes no grade from that student;
    two submissions for one line of the roster have a note each."""
    archive(place / "Zoe Roe_12345_assignsubmission_file_Bob O'Neil_777_assignsubmission_file_x.zip")
    archive(place / "Bob O'Neil_777_assignsubmission_file_me.zip")
    archive(place / "Robert_31_assignsubmission_file_me.zip")
    archive(place / "Eve Late_4_assignsubmission_file_me.zip")
    whole, found = graded(place, [], WORKSHEET, tmp_path)
    assert [(job["who"][:7], len(job["people"]), job["refused"]) for job in whole.jobs if job["refused"]] == [
        ("Zoe Roe", 0, "its name has the names of two students")]
    assert [grade.job["source"][-11:] for grade in found if grade.person["id"] == "777"] == ["file_me.zip"]
    results = {job["name"]: {"student": job["name"], "status": "refused", "cause": "", "notes": [],
                             "record": {"points": 0, "most": 1, "tests": []}} for job in whole.jobs}
    rows = submissions_table.rows(whole.jobs, results, [], found)
    assert {row["student"]: row["notes"] for row in rows if row["notes"]} == {
        "Robert": "the same line of the roster, Eve Late, as Eve_Late",
        "Eve_Late": "the same line of the roster, Eve Late, as Robert"}


def test_no_export(place):
    """An empty folder, one that is no export of the system that was named, and broken metadata are said in a
    line."""
    for kind in ("", "moodle"):
        with pytest.raises(results_folder.Unusable, match="no submissions in it"):
            exports.read(place, kind)
    write(SOME, place / "ann")
    with pytest.raises(results_folder.Unusable, match="no export of canvas"):
        exports.read(place, "canvas")
    (place / "submission_metadata.yml").write_text("a: [")
    with pytest.raises(results_folder.Unusable, match="metadata.yml: "):
        exports.read(place)


@pytest.mark.parametrize("hours, points, left", [
    (0, 80, 80), (0.2, 80, 80), (0.3, 80, 70), (24, 80, 70), (24.1, 80, 60), (48, 15, 0), (72, 80, 50), (72.1, 80, 0)])
def test_late_rule(hours, points, left):
    """Each day that has begun costs a tenth of the possible points; a quarter of an hour is free, and after three
    days nothing is left."""
    rule = roster.late_rule("10% per 24h until 72h after 0.25h")
    assert points - rule.deducted(points, 100, hours) == left


@pytest.mark.parametrize("text", ["ten percent", "10% per 0h", "10", "10% per day", "1.2.3% per 24h"])
def test_bad_rules(text):
    """A rule that cannot be read is refused in a line."""
    with pytest.raises(results_folder.Unusable, match="give a rule such as"):
        roster.late_rule(text)
    with pytest.raises(results_folder.Unusable, match="give a time such as"):
        roster.due_time("tomorrow")


def test_times_of_systems():
    """Times are read as the systems write them."""
    assert roster.time_of("2026-11-21 03:59:00 +0000") == roster.time_of("2026-11-20T22:59:00-05:00")
    assert roster.time_of("Friday, 20 November 2026, 11:59 PM") == roster.time_of("2026-11-20 23:59")
    assert roster.time_of("-") is None and roster.time_of("") is None


WORKSHEET = """\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Grade can be changed",\
"Last modified (submission)","Last modified (grade)","Feedback comments"
Participant 12345,"Ann Smith",ann@example.edu,"Submitted",,100.00,Yes,"Saturday, 21 November 2026, 4:59 AM",-,
Participant 777,"Bob O'Neil",bob@example.edu,"Submitted",,100.00,Yes,"Friday, 20 November 2026, 5:00 PM",-,
Participant 31,"Eve Late",eve@example.edu,"No submission",,100.00,Yes,-,-,
"""
GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (77)
    Points Possible,,,,,100
"Smith, Ann",1234,s1,ann,A,90
"O'Neil, Bob",4321,s2,bob,A,80
"Ng, Carol",99,s3,carol,B,
"""


def graded(place, given, students, tmp_path, **options):
    """(the class, its Grades) of an export in which each submission has 80 of 100 points."""
    if students:
        (tmp_path / "roster.csv").write_text(students, encoding="utf-8")
        given += ["--roster", str(tmp_path / "roster.csv")]
    whole = grade_class.Class.of(grade_class.options([str(place), "--lab", "4", "--out", "x", *given]))
    failed = {"status": "fail", "points": 0, "most": 20, "name": "t21_wake", "seen": "A:1 [B:1]"}
    result = {"lab": "4", "status": "graded", "cause": "", "record": {"points": 80, "most": 100, "tests": [failed]},
              **options}
    return whole, grades.of(whole.jobs, {job["name"]: {**result, "student": job["name"]} for job in whole.jobs},
                            whole.students, whole.due, whole.rule)


def table(text):
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text)))


def test_grades_for_moodle(place, tmp_path):
    """Moodle's own worksheet is filled in: grades after the deduction for lateness, and comments. Lines of students
    who have handed in nothing stay as they are."""
    moodle(place)
    whole, found = graded(place, ["--due", "2026-11-20T23:59", "--late", "10% per 24h"], WORKSHEET, tmp_path)
    assert whole.wanted(grade_class.options([str(place), "--lab", "4", "--out", "x"])) == ["moodle"]
    rows = table(grades.moodle(found, whole.students, "4", ""))
    assert [row["Grade"] for row in rows] == ["70", "80", ""]
    assert {"Identifier", "Grade", "Last modified (grade)", "Feedback comments"} <= set(rows[0])
    assert rows[0]["Identifier"] == "Participant 12345"
    assert "less 10 because it was 5 hours late" in rows[0]["Feedback comments"]
    assert "t21_wake (0/20): A:1 [B:1]" in rows[1]["Feedback comments"]
    assert [person["name"] for person in grades.missing(found, whole.students)] == ["Eve Late"]


def test_grades_for_canvas(place, tmp_path):
    """The import for Canvas has its five columns, the possible points, and the assignment by its name there. If
    hours are not known, the comment says only that it was late."""
    canvas(place)
    whole, found = graded(place, [], GRADEBOOK, tmp_path)
    rows = table(grades.canvas(found, whole.students, "4", "Lab 4 (88)"))
    assert list(rows[0]) == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 4 (88)"]
    assert rows[0]["Lab 4 (88)"] == "100" and rows[0]["Student"].strip() == "Points Possible"
    assert {(row["ID"], row["SIS Login ID"], row["Lab 4 (88)"]) for row in rows[1:]} == {
        ("1234", "ann", "80"), ("4321", "bob", "80"), ("99", "carol", "80")}
    late = next(grade for grade in found if grade.person["id"] == "1234")
    assert late.late is None and "It was late." in late.comment
    whole, found = graded(place, [], None, tmp_path)
    rows = table(grades.canvas(found, None, "4", ""))
    assert [(row["Student"], row["ID"], row["Lab 4"]) for row in rows[1:]] == [
        ("ngcarol", "99", "80"), ("oneilbob", "4321", "80"), ("smithann", "1234", "80")]


def test_grades_of_a_group(place, tmp_path):
    """Each student of a group in Gradescope gets the points, and what lateness costs by Gradescope's time."""
    gradescope(place)
    whole, found = graded(place, ["--due", "2026-11-20T23:59+00:00", "--late", "10% per 24h"], None, tmp_path)
    rows = table(grades.nbgrader(found, None, "4", ""))
    assert [(row["student_id"], row["score"], row["late_submission_penalty"], row["email"]) for row in rows[:3]] == [
        ("12345", "70", "10", "ann@example.edu"), ("777", "70", "10", "bob@example.edu"),
        ("Carol_Ng", "80", "0", "carol@example.edu")]
    assert (rows[0]["first_name"], rows[0]["last_name"], rows[0]["raw_score"]) == ("Ann", "Smith", "80")


@pytest.mark.parametrize("make, name", [
    (moodle, "Ann Smith_12345_assignsubmission_file_/report.txt"), (canvas, "smithann_LATE_1234_5678_report.txt")])
def test_feedback(make, name, place, tmp_path):
    """The reports are in a zip, under the names by which the system finds the student again."""
    make(place)
    whole, found = graded(place, [], None, tmp_path)
    packed = grades.feedback(whole.kind, whole.jobs, {grade.job["name"]: "the report" for grade in found})
    with zipfile.ZipFile(io.BytesIO(packed)) as made:
        assert made.read(name) == b"the report" and len(made.namelist()) == len(whole.jobs)
    assert grades.feedback("plain", [{**job, "handle": ""} for job in whole.jobs], {}) is None


def test_own_roster(place, tmp_path):
    """A list of one's own gives names to ids, and hours to latecomers; of two students with one name neither is
    meant by it."""
    archive(place / "s1.zip")
    archive(place / "s2.zip")
    students = "id,name,late_hours\ns1,Ann Smith,30\ns2,Ann Smith,\ns3,Carol,\n"
    whole, found = graded(place, ["--late", "10% per 24h"], students, tmp_path)
    assert [(grade.person["name"], grade.late, grade.final) for grade in found] == [
        ("Ann Smith", 30, 60), ("Ann Smith", 0, 80)]
    assert whole.students.find("Ann Smith") is None and whole.students.find("CAROL")["id"] == "s3"
    (tmp_path / "semicolons.csv").write_text("id;name\ns1;Smith, Ann\n")
    assert roster.Roster(tmp_path / "semicolons.csv").find("s1")["name"] == "Smith, Ann"
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    with pytest.raises(results_folder.Unusable, match="names no column"):
        roster.Roster(tmp_path / "odd.csv")


def test_a_whole_export(place, tmp_path):
    """grading/class grades an export of Moodle, of which most submissions are refused, and writes everything."""
    files = {f"lab1/{path}": data for path, data in solved().items()}
    files["lab1/kernel/boot/main.c"] += b"int x = ;"
    (place / "Ann Smith_12345_assignsubmission_file_").mkdir()
    as_zip(files, place / "Ann Smith_12345_assignsubmission_file_" / "x.zip")
    (place / "Bob O'Neil_777_assignsubmission_file_").mkdir()
    (place / "Bob O'Neil_777_assignsubmission_file_" / "me.rar").write_bytes(b"Rar!\x1a\x07\x00")
    (tmp_path / "roster.csv").write_text(WORKSHEET, encoding="utf-8")
    words = ["grading/class", place, "--lab", "1", "--out", tmp_path / "out", "--seed", "1", "--roster",
             tmp_path / "roster.csv", "--test", "b1_up", "--due", "2026-11-20 23:59", "--late", "10% per 24h"]
    done = subprocess.run(list(map(str, words)), cwd=ROOT, env=machine.environment(), capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0 and "2 submissions of Moodle" in done.stdout, done.stdout + done.stderr
    rows = table((tmp_path / "out/table.csv").read_text(encoding="utf-8"))
    assert [(row["student"], row["name"], row["id"], row["status"], row["late"]) for row in rows] == [
        ("Ann_Smith", "Ann Smith", "12345", "build", "5"), ("Bob_O_Neil", "Bob O'Neil", "777", "refused", ""),
        ("Eve Late", "Eve Late", "31", "missing", "")], rows
    assert "accepted are" in rows[1]["cause"]
    sheet = table((tmp_path / "out/grades-moodle.csv").read_text(encoding="utf-8"))
    assert "does not build" in sheet[0]["Feedback comments"] and "RAR" in sheet[1]["Feedback comments"]
    assert len(zipfile.ZipFile(tmp_path / "out/feedback.zip").namelist()) == 2
    jobs = json.loads((tmp_path / "out/.work/jobs.json").read_text())
    assert [job["who"] for job in jobs] == ["Ann Smith", "Bob O'Neil"]
