# SPDX-License-Identifier: BSD-3-Clause
"""The site and the book: pages of Markdown become HTML by pandoc, and all of them one PDF by weasyprint.

A page's links to other pages lead to their HTML, and in the book to their chapters. A link to another file of the
tree is reduced to its words. An image is copied; a figure (docs/figures) stands in the page itself, so that the
script can step through it.
"""

import html
import json
import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

from docsite import figures

HERE = pathlib.Path(__file__).resolve().parent
FIRST = {"README.md": "index", "LAB.md": "course"}
GROUPS = (("Start", ("README.md", "LAB.md")),
          ("Labs", tuple(f"docs/labs/lab{n}.md" for n in range(1, 10))),
          ("Stories", ("docs/wakeup.md", "docs/preemption.md", "docs/pagefault.md", "docs/durability.md")),
          ("References", ("docs/syscalls.md", "docs/sysctl.md", "docs/machines.md", "docs/elsewhere.md")),
          ("The project", ("CONTRIBUTING.md", "CHANGELOG.md")))
BUTTONS = "".join(f'<button type="button" data-move="{move}">{word}</button>' for move, word in
                  (("first", "First"), ("back", "Back"), ("next", "Next"), ("all", "All steps")))


@dataclass
class Page:
    """A page: its path in the tree, its name in the site, its title, and its HTML."""
    path: str
    name: str
    title: str
    body: str = ""


def groups(root):
    """[(name of a group, its paths)]: those of GROUPS that exist; all other documents explain the design."""
    named = {path for _, paths in GROUPS for path in paths}
    rest = tuple(sorted(f"docs/{path.name}" for path in (root / "docs").glob("*.md") if f"docs/{path.name}" not in named))
    found = [*GROUPS[:2], ("How it works", rest), *GROUPS[2:]]
    return [(name, [path for path in paths if (root / path).is_file()]) for name, paths in found]


def page_of(root, path):
    """The Page of a path, still without its HTML."""
    text = (root / path).read_text(encoding="utf-8")
    title = re.search(r"^# (.*)$", text, re.M).group(1).replace("`", "")
    return Page(path, FIRST.get(path) or pathlib.Path(path).stem.lower(), title)


def pandoc(text):
    """HTML of a text in GitHub's Markdown."""
    done = subprocess.run(["pandoc", "--from=gfm", "--to=html5", "--no-highlight"], input=text, capture_output=True,
                          text=True, check=True)
    return done.stdout


def inline(root, path, words):
    """A figure, as it stands in a page."""
    source = root / path
    text = source.read_text(encoding="utf-8")
    drawing = text[text.index("<svg"):]
    steps = source.with_suffix(".steps").exists()
    caption = f"<figcaption>{words}</figcaption>"
    if not steps:
        return f'<figure><div class="drawing">{drawing}</div>{caption}</figure>'
    return (f'<figure class="steps" tabindex="0" role="group" aria-label="{words}"><div class="controls">{BUTTONS}'
            f'<span>or the keys Left and Right</span></div><div class="says" aria-live="polite"></div>'
            f'<div class="drawing">{drawing}</div>{caption}</figure>')


def with_links(root, page, names, link, copied):
    """The page's HTML with links and images as the site or the book has them. link(name, anchor) is the address of
    a page; `copied` collects the images."""
    def place(address):
        return os.path.normpath(os.path.join(os.path.dirname(page.path), address))

    def anchor(match):
        address, _, part = match.group(1).partition("#")
        if re.match(r"[a-z]+:", address):
            return match.group(0)
        if not address:
            return f'<a href="{link(page.name, part)}">{match.group(2)}</a>'
        name = names.get(place(address))
        return f'<a href="{link(name, part)}">{match.group(2)}</a>' if name else match.group(2)

    def image(match):
        path, words = place(match.group(1)), " ".join(match.group(2).split())
        if path.startswith("docs/figures/"):
            return inline(root, path, words)
        copied.add(path)
        return f'<img src="{pathlib.Path(path).name}" alt="{words}" />'

    text = re.sub(r'<a\s+href="([^"]*)"[^>]*>(.*?)</a>', anchor, page.body, flags=re.S)
    text = re.sub(r'<figure>\s*(<img[^>]*>)\s*<figcaption.*?</figcaption>\s*</figure>', r"\1", text, flags=re.S)
    text = re.sub(r'<img\s+src="([^"]*)"\s+alt="([^"]*)"\s*/?>', image, text)
    return re.sub(r"<p>\s*(<figure.*?</figure>)\s*</p>", r"\1", text, flags=re.S)


def navigation(listed, names, titles, current):
    """The list of all pages."""
    lines = []
    for group, paths in listed:
        lines.append(f"<h2>{group}</h2><ul>")
        for path in paths:
            here = ' aria-current="page"' if path == current else ""
            lines.append(f'<li><a href="{names[path]}.html"{here}>{html.escape(titles[path])}</a></li>')
        lines.append("</ul>")
    return "\n".join(lines + ['<ul><li><a href="nymph.pdf">All pages as one PDF</a></li></ul>'])


def write_site(root, out, pages, listed):
    """Write an HTML file for each page."""
    names, titles = {p.path: p.name for p in pages}, {p.path: p.title for p in pages}
    template, copied = (HERE / "page.html").read_text(encoding="utf-8"), set()
    for page in pages:
        body = with_links(root, page, names,
                          lambda name, part: f"{name}.html" + (f"#{part}" if part else ""), copied)
        filled = {"pagetitle": html.escape(page.title), "nav": navigation(listed, names, titles, page.path), "body": body}
        text = re.sub(r"\$(\w+)\$", lambda m, filled=filled: filled[m.group(1)], template)
        (out / f"{page.name}.html").write_text(text, encoding="utf-8")
    for path in copied:
        shutil.copy(root / path, out / pathlib.Path(path).name)
    for name in ("style.css", "steps.js"):
        shutil.copy(HERE / name, out / name)


def write_book(root, out, pages):
    """Write all pages as one PDF, with a table of contents."""
    names, copied, chapters = {p.path: p.name for p in pages}, set(), []
    for page in pages:
        body = with_links(root, page, names, lambda name, part: f"#{name}" + (f"--{part}" if part else ""), copied)
        body = re.sub(r'(<h\d[^>]*) id="([^"]*)"', rf'\1 id="{page.name}--\2"', body)
        chapters.append(f'<article id="{page.name}">{body}</article>')
    contents = "".join(f'<li><a href="#{p.name}">{html.escape(p.title)}</a></li>' for p in pages)
    text = ('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Nymph</title>'
            f"<style>{(HERE / 'print.css').read_text(encoding='utf-8')}</style></head><body>"
            '<section class="cover"><h1>Nymph</h1><p>A kernel to learn from: the course, and how it works.</p></section>'
            f'<article class="contents"><h1>Contents</h1><ul>{contents}</ul></article>{"".join(chapters)}</body></html>')
    book = out / "book.html"
    book.write_text(text, encoding="utf-8")
    subprocess.run(["weasyprint", "-q", book, out / "nymph.pdf"], check=True)
    book.unlink()


def draw(root):
    """Draw the figures again whose text has changed; return their names. Those by graphviz are drawn by it."""
    drawn = []
    for source in sorted((root / "docs" / "figures").glob("*.*")):
        target = source.with_suffix(".svg")
        if source.suffix == ".steps":
            text = figures.svg(source.read_text(encoding="utf-8"))
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                target.write_text(text, encoding="utf-8")
                drawn.append(target.name)
        elif source.suffix == ".dot" and (not target.exists() or mark(source) not in target.read_text(encoding="utf-8")):
            text = subprocess.run(["dot", "-Tsvg", source], capture_output=True, text=True, check=True).stdout
            target.write_text(text[text.index("<svg"):] + mark(source) + "\n", encoding="utf-8")
            drawn.append(target.name)
    return drawn


def mark(source):
    """What is written into a drawing by graphviz, so that one sees which text it was drawn from."""
    words = re.findall(r'"[^"]*"|\w+', source.read_text(encoding="utf-8"))
    return "<!-- drawn from " + json.dumps(" ".join(words)).replace("--", "- -") + " -->"


def build(root, out, book=True):
    """Make everything; return the pages."""
    draw(root)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    listed = groups(root)
    pages = [page_of(root, path) for _, paths in listed for path in paths]
    for page in pages:
        page.body = pandoc((root / page.path).read_text(encoding="utf-8"))
    write_site(root, out, pages, listed)
    if book:
        write_book(root, out, pages)
    return pages
