"""A grading's record in the formats of others. Each is a function of the record (record.py) that
returns text; FORMATS names them, with the file that each goes to when several are wanted."""

import json

from grading import report


def as_json(record):
    """The record itself."""
    return json.dumps(record, indent=1) + "\n"


FORMATS = {
    "json": ("grade.json", as_json),
    "text": ("grade.txt", report.text),
}
