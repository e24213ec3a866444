# SPDX-License-Identifier: BSD-3-Clause
"""`make lint`: clang's analyzer, shellcheck, mypy and pylint find nothing, but each of them
finds a planted fault."""

import re

from conftest import copy_tree, make

FAULTS = {
    "kernel/lib/planted.c": ("/* A fault. */\nint planted(int *p);\n"
                             "int planted(int *p)\n{\n    return p == 0 ? *p : 0;\n}\n", "NullDereference"),
    "user/planted.c": ("/* A fault. */\nint main(void)\n{\n    int *p = 0;\n    return *p;\n}\n",
                       "NullDereference"),
    "mkfs/planted.c": ("/* A fault. */\nint planted(int *p);\n"
                       "int planted(int *p)\n{\n    return p == 0 ? *p : 0;\n}\n", "NullDereference"),
    "tools/planted": ("#!/bin/sh\nrm $1\n", "SC2086"),
    "grading/planted.py": ('"""A fault."""\nWORDS = []\n', "var-annotated"),
    "tools/planted2": ('#!/usr/bin/python3\n"""A fault."""\nprint(undefined)\n', "undefined-variable"),
}


def test_lint():
    """Nothing is found in this tree, and nothing is looked at a second time."""
    assert "warning" not in make("-j2", "lint").stdout
    assert "  lint" not in make("lint").stdout


def test_planted_faults(tmp_path):
    """Each kind of fault is found, and the line says where."""
    make("-s", "-j2", "lint")
    copy = copy_tree(tmp_path / "tree", ".ci", "tests", "build")
    for path, (text, _) in FAULTS.items():
        (copy / path).write_text(text)
    done = make("-s", "-k", "lint", cwd=copy, check=False)
    assert done.returncode == 2
    for path, (_, name) in FAULTS.items():
        assert re.search(rf"{path}\b.*\b{name}\b", done.stdout + done.stderr) or \
            re.search(rf"In {path} .*\n.*\n.*{name}", done.stdout + done.stderr), (path, name)
