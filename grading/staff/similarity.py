# SPDX-License-Identifier: BSD-3-Clause
"""Find submissions that are nearly the same text, by token shingles (as MOSS does).

Comments, layout and the names of variables are ignored, and so are runs of tokens that the handout has.
The rest of two submissions is compared by the Jaccard index: the size of what they share, divided by the
size of both together. The result tells a person which submissions to look at. It proves nothing, because
short functions look alike.
"""

import math
import re
from collections import Counter, defaultdict

from grading.sources import STRING, without_comments

LENGTH = 12         # tokens of a shingle
LEAST = 60          # shingles; a submission with fewer is too short to compare
NEAR = 0.80         # two submissions that share so much are nearly identical
SOLUTION = "the course's solution"
TOKEN = re.compile(STRING + r"|[A-Za-z_]\w*|\d\w*|->|\+\+|--|<<=?|>>=?|&&|\|\||[-+*/%&|^=!<>]=|\S", re.S)
WORDS = set("""auto bool break case char const continue default do else enum extern for goto if inline int
long return short signed sizeof static struct switch typedef uint union unsigned void volatile while int8
int16 int32 int64 uint8 uint16 uint32 uint64 size_t NULL true false""".split())


def tokens(text):
    """The tokens of a C file."""
    return TOKEN.findall(without_comments(text))


def shingles(words):
    """All runs of LENGTH tokens, as numbers: a few bytes for each, whatever a submission contains."""
    return {hash(tuple(words[i:i + LENGTH])) for i in range(len(words) - LENGTH + 1)}


class Handout:
    """The tree that every student was given."""

    def __init__(self, files):
        self.files = files
        self.known = {word for text in files.values() for word in tokens(text)}
        self.shingles = set().union(*(self.of(text) for text in files.values()))

    def named(self, before, word, after):
        """A token as it is compared. Names of variables, and of functions that the handout does not have,
        all become the same token, so that renaming changes nothing."""
        if not re.match(r"[A-Za-z_]", word) or word in WORDS:
            return word
        kept = after == "(" or before in (".", "->") or word.isupper()
        return word if kept and word in self.known else "name"

    def of(self, text):
        """The shingles of a file."""
        words = ["", *tokens(text), ""]
        return shingles([self.named(*three) for three in zip(words, words[1:], words[2:])])

    def own(self, files):
        """The shingles of a submission: those of the files that differ from the handout, without the
        handout's shingles."""
        found = set()
        for path, text in files.items():
            if text != self.files.get(path):
                found |= self.of(text)
        return found - self.shingles


def share(one, other):
    """The Jaccard index of two sets, 0 to 1."""
    return len(one & other) / len(one | other)


def candidates(own):
    """Pairs of names, among which are all whose sets share NEAR. The elements of a set are put in order, the rarest
    first; two sets of n elements that share so much have one of their first n * (1 - NEAR) in common."""
    count = Counter(element for found in own.values() for element in found)
    seen, pairs = defaultdict(list), set()
    for name, found in own.items():
        first = sorted(found, key=lambda element: (count[element], element))[:len(found) - math.ceil(NEAR * len(found)) + 1]
        for element in first:
            pairs.update((other, name) for other in seen[element])
            seen[element].append(name)
    return pairs


def groups(own):
    """Groups of nearly identical submissions, as lists of names, the largest group first. own: name -> what the
    submission adds to the handout (Handout.own)."""
    own = {name: found for name, found in own.items() if len(found) >= LEAST}
    group = {name: {name} for name in own}
    for one, other in sorted(candidates(own)):
        if group[one] is not group[other] and share(own[one], own[other]) >= NEAR:
            group[one] |= group[other]
            for name in group[other]:
                group[name] = group[one]
    found = {id(names): sorted(names) for names in group.values() if len(names) > 1}
    return sorted(found.values(), key=lambda names: (-len(names), names))
