"""Which submissions are nearly the same text: token shingles of what each has beyond the handed-out tree.

Comments, layout and the names of variables count for nothing; runs of tokens that the handout has count
for nothing either. What is left of two submissions is compared by its shared part (Jaccard). This points
at pairs to be looked at by a person. It proves nothing: short functions look alike.
"""

import itertools
import re

LENGTH = 12         # tokens of a shingle
LEAST = 60          # shingles below which there is too little to compare
NEAR = 0.80         # shared part from which two are nearly identical
SOLUTION = "the course's solution"
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
TOKEN = re.compile(r'''"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\d\w*|->|\+\+|--|<<=?|>>=?'''
                   r"|&&|\|\||[-+*/%&|^=!<>]=|\S")
WORDS = set("""auto bool break case char const continue default do else enum extern for goto if inline int
long return short signed sizeof static struct switch typedef uint union unsigned void volatile while int8
int16 int32 int64 uint8 uint16 uint32 uint64 size_t NULL true false""".split())


def tokens(text):
    """A C file's words."""
    return TOKEN.findall(COMMENT.sub(" ", text))


def shingles(words):
    """All runs of LENGTH words."""
    return {tuple(words[i:i + LENGTH]) for i in range(len(words) - LENGTH + 1)}


class Handout:
    """What everybody was given."""

    def __init__(self, files):
        self.files = files
        self.known = {word for text in files.values() for word in tokens(text)}
        self.shingles = set().union(*(self.of(text) for text in files.values()))

    def named(self, before, word, after):
        """A token as it is compared: a variable's name, or a function's that the handout does not have,
        is any name."""
        if not re.match(r"[A-Za-z_]", word) or word in WORDS:
            return word
        kept = after == "(" or before in (".", "->") or word.isupper()
        return word if kept and word in self.known else "name"

    def of(self, text):
        """A file's shingles."""
        words = ["", *tokens(text), ""]
        return shingles([self.named(*three) for three in zip(words, words[1:], words[2:])])

    def own(self, files):
        """A submission's shingles: of the files that differ, without the handout's own."""
        found = set()
        for path, text in files.items():
            if text != self.files.get(path):
                found |= self.of(text)
        return found - self.shingles


def share(one, other):
    """The shared part of two sets, 0 to 1."""
    return len(one & other) / len(one | other)


def groups(handout, submissions):
    """Groups of nearly identical submissions (name -> files as text): lists of names, the largest first."""
    own = {name: handout.own(files) for name, files in submissions.items()}
    own = {name: found for name, found in own.items() if len(found) >= LEAST}
    group = {name: {name} for name in own}
    for one, other in itertools.combinations(own, 2):
        if group[one] is not group[other] and share(own[one], own[other]) >= NEAR:
            group[one] |= group[other]
            for name in group[other]:
                group[name] = group[one]
    found = {id(names): sorted(names) for names in group.values() if len(names) > 1}
    return sorted(found.values(), key=lambda names: (-len(names), names))
