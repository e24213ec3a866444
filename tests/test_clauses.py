# SPDX-License-Identifier: BSD-3-Clause
"""The clauses of the labs' contracts (grading/contracts.py has the format): the lab's page (docs/labs/labN.md)
names each, a test of the lab looks at it, and a mutant breaks it."""

import functools
import re

import patches
import pytest
from conftest import ROOT
from grading import contracts, engine
from test_labs import LABS, parts, rows, tasks

MUTANTS = ROOT / "tests" / "mutants"
IDS = r"\d\.\d\d"


def task_rows(number):
    """(functions, text, ids) of each row of the lab's task table. The ids are in brackets at its end."""
    for row in rows(parts(number)["The task"]):
        text = "|".join(row)
        end = re.search(r"\*\(([^()]*)\)\*$", text)
        yield (re.findall(r"`(\w+)[^`]*`", row[0]), text, re.findall(IDS, end.group(1)) if end else [])


@functools.cache
def all_mutants():
    """name -> Patch."""
    return {patch.name: patch for patch in patches.read_all(MUTANTS, "mutant")}


every_lab = pytest.mark.parametrize("number", [n for n in LABS if (contracts.FOLDER / f"lab{n}.txt").exists()])


@every_lab
def test_ids(number):
    """Ids are unique and those of the lab, and their functions are in the lab's task table."""
    clauses = contracts.read(number)
    names = [clause.id for clause in clauses]
    assert names and len(set(names)) == len(names), "an id is there twice"
    assert [name for name in names if not re.fullmatch(rf"{number}\.\d\d", name)] == []
    assert sorted({clause.function for clause in clauses} - tasks(number)) == []


@every_lab
def test_page(number):
    """The rows of the task table name all clauses, each in the row of its function, and no others; one that
    nothing tests is marked."""
    clauses, seen = {clause.id: clause for clause in contracts.read(number)}, []
    for functions, text, ids in task_rows(number):
        assert ids, f"no clause: {text[:60]}"
        seen += ids
        for name in ids:
            assert name in clauses, f"{name} is not in lab{number}.txt"
            assert clauses[name].function in functions, f"{name} is in the row of {functions}"
        marked = "a reader will" in text
        assert marked == any(clauses[name].reader for name in ids), text[-80:]
    assert sorted(seen) == sorted(clauses)


@every_lab
def test_tests(number):
    """Each clause names tests of its own lab, or says that nothing tests it."""
    there = {f"{lab.name}/{case.name}" for lab in engine.load_labs() if lab.number == number
             for case in lab.tests}
    assert sorted({name for clause in contracts.read(number) for name in clause.tests} - there) == []


@every_lab
def test_mutants(number):
    """Each clause but those for a reader has a mutant that names it, and says which of its tests see it."""
    for clause in contracts.read(number):
        if clause.reader:
            assert clause.mutant == "", clause.id
            continue
        assert clause.mutant in all_mutants(), f"{clause.id}: no tests/mutants/{clause.mutant}.patch"
        patch = all_mutants()[clause.mutant]
        assert clause.id in patch.clauses, f"{patch.name}: no line '# clause: {clause.id}'"
        sees = {name for name in clause.tests for wanted in patch.tests
                if name in (wanted, wanted.partition("/")[0]) or name.startswith(wanted + "_")}
        assert sees or not clause.tests, f"{patch.name} and {clause.id} name different tests"


def test_names_of_mutants():
    """The ids that the mutants name exist."""
    known = {clause.id for number in LABS for clause in contracts.read(number)}
    labs = {str(number) for number in LABS if contracts.read(number)}
    assert [(name, patch.clauses) for name, patch in all_mutants().items()
            if [c for c in patch.clauses if c[0] in labs and c not in known]] == []
