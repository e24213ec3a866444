# SPDX-License-Identifier: BSD-3-Clause
"""How a source in C or assembly is read: its comments, and what could mean one thing to the compiler and another to
a reader.

The graders compare the sources of a submission without their comments, by regular expressions. A source that is made
such that gcc ends a comment or a string elsewhere could hide code in one. So those few ways are refused
(ambiguous()); no kernel needs them. Each of them is found before it can confuse what comes after it.
"""

import re

# A string or a comment without an end goes on to the end of its line, or of the file: no text takes longer
# than in proportion to its length.
STRING = r'''"(?:\\[^\n]|[^"\\\n])*"?|'(?:\\[^\n]|[^'\\\n])*'?'''
COMMENT = r"/\*.*?(?:\*/|\Z)|//[^\n]*"
CODE = re.compile(STRING + f"|({COMMENT})", re.S)
SPLICE = re.compile(r"\\[ \t\f\v]*\r?\n")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0d-\x1f\x7f]")
# A string R"(...)" ends at its own word, and has neither escapes nor comments.
RAW = r'\b(?:u8|[uUL])?R"'
# In these directives gcc may take what is between < and > for the name of a header, whatever is in it. (Any condition
# may ask for one, as a macro can hide __has_include.)
GAP = r"(?>[ \t\f\v]|/\*.*?\*/)*+"
NAMING = (rf"\#{GAP}(?:if|elif|include|include_next|import|embed|pragma)\b"
          rf"(?>{COMMENT}|{STRING}|[^\n\"'])*+")
DIGRAPH = "<[:%]|[:%]>|%:"
LOOK = re.compile(f"(?P<naming>{NAMING})|(?P<raw>{RAW})|{STRING}|{COMMENT}|(?P<digraph>{DIGRAPH})", re.S)


def without_comments(text):
    """A source with its lines joined that end in a backslash, and without comments."""
    return CODE.sub(lambda found: " " if found.group(1) else found.group(0), SPLICE.sub("", text))


def names_oddly(directive):
    """Whether a directive has the beginning of a comment or of a string between < and >."""
    return any(re.search(r"/[*/]|[\"']", piece.partition("<")[2]) for piece in directive.split(">")[:-1])


def ambiguous(text):
    """What makes a source ambiguous, in a few words, or ""."""
    if found := CONTROL.search(text):
        return f"the control character 0x{ord(found.group()):02x} in line {text.count(chr(10), 0, found.start()) + 1}"
    for found in LOOK.finditer(SPLICE.sub("", text)):
        if found["raw"]:
            return 'a raw string (R"...)'
        if found["digraph"]:
            return f"the digraph {found['digraph']}"
        if found["naming"] and names_oddly(found["naming"]):
            return f"a directive with a comment or a quote between < and >: {found['naming'].splitlines()[0][:60]}"
    return ""
