# SPDX-License-Identifier: BSD-3-Clause
"""`make docs`: the site's pages load, their links lead somewhere, the figures can be stepped through; the book has
all chapters."""

import os
import re
import subprocess
import sys

import pytest
from selenium.webdriver.common.keys import Keys

import browser
from conftest import ROOT, make

sys.path.insert(0, str(ROOT / "tools"))

from docsite import figures, site  # noqa: E402  (needs the path above)

pytestmark = pytest.mark.xdist_group("pages")
STEPPED = ["lab2", "lab3", "lab4", "lab5", "lab6", "lab7", "lab8", "lab9"]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """(the site's folder, its Pages), made without the book."""
    out = tmp_path_factory.mktemp("docs")
    return out, site.build(ROOT, out, book=False)


@pytest.fixture(scope="module")
def driver():
    """A browser."""
    with browser.chromium() as found:
        yield found


def test_figures_are_drawn():
    """The drawings in the tree are those of the texts beside them, and each is in a page."""
    for source in (ROOT / "docs" / "figures").glob("*.steps"):
        assert source.with_suffix(".svg").read_text(encoding="utf-8") == \
            figures.svg(source.read_text(encoding="utf-8")), f"{source.name}: type tools/docs --figures"
    for source in (ROOT / "docs" / "figures").glob("*.dot"):
        assert site.mark(source) in source.with_suffix(".svg").read_text(encoding="utf-8"), source.name
    pages = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs").rglob("*.md"))
    drawings = [path.name for path in (ROOT / "docs" / "figures").glob("*.svg")]
    assert len(drawings) >= 9 and [name for name in drawings if f"figures/{name})" not in pages] == []


@pytest.mark.parametrize("text", ["title: t\nlane: a\n", "title: t\nlane: a\nstep: x | y | z\n", "nonsense\n",
                                  "arrow: 0 1 x\n"])
def test_wrong_figures(text):
    """A figure's text with a mistake in it is refused."""
    with pytest.raises(figures.Wrong):
        figures.read(text)


def test_memory_is_kept():
    """An empty cell means that a word is as before; a word that changes is marked."""
    steps = figures.read("title: t\nlane: a\nmemory 0: m\nstep: x | 1\nstep: y |\nstep: z | 2\n").steps
    assert [step.memory for step in steps] == [["1"], ["1"], ["2"]]
    assert [step.changed for step in steps] == [[False], [False], [True]]


def test_links(built):
    """Every link of every page leads to a page and a place that exist, and nothing is loaded from elsewhere."""
    out, pages = built
    texts = {page.name: (out / f"{page.name}.html").read_text(encoding="utf-8") for page in pages}
    assert len(texts) == len(pages) >= 15
    wrong = []
    for name, text in texts.items():
        for address in re.findall(r'(?:href|src)="([^"]*)"', text):
            target, _, part = address.partition("#")
            if re.match(r"(https?|data):", address) or target == "nymph.pdf":
                continue
            other = texts.get(target.removesuffix(".html")) if target else text
            if not (out / (target or f"{name}.html")).exists() or part and f'id="{part}"' not in (other or ""):
                wrong.append(f"{name}: {address}")
        wrong += [f"{name}: {found}" for found in re.findall(r'<(?:script|link|img)[^>]*"https?:[^>]*>', text)]
    assert wrong == []


def test_pages_load(built, driver):
    """Each page loads without an error, shows its pictures, and does not scroll sideways on a narrow screen."""
    out, pages = built
    for page in pages:
        browser.opened(driver, out / f"{page.name}.html", 420)
        assert driver.execute_script("return [...document.images].every(i => i.naturalWidth > 0)"), page.name
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), page.name
        assert driver.execute_script("return document.querySelector('nav [aria-current=page]') !== null"), page.name


@pytest.mark.parametrize("name", STEPPED)
def test_steps(built, driver, name):
    """A figure is stepped through by keys and by buttons, says each step in words, and is whole on paper."""
    browser.opened(driver, built[0] / f"{name}.html", 1200)
    figure = driver.find_element("css selector", "figure.steps")
    count = len(figure.find_elements("css selector", ".step"))
    assert count >= 7

    def shown():
        return (int(figure.get_attribute("data-step")),
                len(figure.find_elements("css selector", ".step.past")), figure.find_element("css selector", ".says").text)

    assert shown() == (0, 0, "")
    figure.send_keys(Keys.ARROW_RIGHT)
    figure.send_keys(Keys.ARROW_RIGHT)
    assert shown()[:2] == (2, 2) and shown()[2].startswith(f"Step 2 of {count}. ")
    figure.send_keys(Keys.ARROW_LEFT)
    assert shown()[0] == 1
    figure.send_keys(Keys.END)
    assert shown()[:2] == (count, count)
    driver.execute_script("arguments[0].click()", figure.find_element("css selector", "[data-move=back]"))
    assert shown()[0] == count - 1
    last = figure.find_elements("css selector", ".step")[-1]
    opacity = "return getComputedStyle(arguments[0]).opacity"
    assert float(driver.execute_script(opacity, last)) < 0.5
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert float(driver.execute_script(opacity, last)) == 1
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    figure.send_keys(Keys.ESCAPE)
    assert shown() == (0, 0, "")


def test_book(tmp_path):
    """make docs writes the book, too: every chapter is in it, and so are the figures' words."""
    said = make("-s", "docs", f"BUILD={tmp_path}").stdout
    assert "index.html" in said and (tmp_path / "docs" / "index.html").exists()
    book = tmp_path / "docs" / "nymph.pdf"
    pages = int(re.search(r"^Pages: +(\d+)", subprocess.run(["pdfinfo", book], capture_output=True, text=True,
                                                            check=True).stdout, re.M).group(1))
    assert pages > 80
    text = " ".join(subprocess.run(["pdftotext", book, "-"], capture_output=True, text=True,
                                   check=True).stdout.split())
    for page in (site.page_of(ROOT, path) for _, paths in site.groups(ROOT) for path in paths):
        assert page.title in text, page.title
    assert "publishes ip_windex (F1)" in text and "gd_runqmask" in text


def test_a_missing_tool_is_named(tmp_path):
    """Without pandoc, a line says what to type."""
    for name in ("make", "sh", "bash", "dash", "env", "python3", "cc", "riscv64-unknown-elf-gcc", "flock", "cmp", "mkdir",
                 "grep", "awk", "sed", "sort", "dot", "weasyprint"):
        found = subprocess.run(["sh", "-c", f"command -v {name}"], capture_output=True, text=True, check=False).stdout
        if found.startswith("/"):
            (tmp_path / name).symlink_to(found.strip())
    done = subprocess.run(["make", "-s", "docs"], cwd=ROOT, env={**os.environ, "PATH": str(tmp_path)},
                          capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "missing: pandoc; type: make setup test" in done.stderr
