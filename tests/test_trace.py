# SPDX-License-Identifier: BSD-3-Clause
"""`make trace`: the page that draws a run, in a browser, and what is drawn of made-up events."""

import pathlib
import subprocess
import sys

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import browser
from conftest import ROOT
from grading import machine

sys.path.insert(0, str(ROOT / "tools"))

from tracing import analysis, events, names, page, words  # noqa: E402  (needs the path above)

NAMELESS = names.Names(None, ROOT)


def line(t, cpu, ev, td=1, comm="A", a=0, b=0, seq=1):
    """A line as ktrdump prints it."""
    return (f"ktr t={t} cpu={cpu} seq={seq} td={td} comm={comm} ev={ev} a={a:#x} b={b:#x} pri=6 pc=0x0 "
            "wmesg=0x0")


def picture(*lines):
    """(the events, the picture) of some lines."""
    trace = events.read(lines)
    return trace.events, analysis.analyse(trace)


def test_message_finds_its_sender():
    """Messages between two cpus arrive in their order; one that was lost from the trace disturbs no other."""
    seen, _ = picture(line(10, 0, "ipi_send", a=1, b=7), line(11, 0, "ipi_send", a=1, b=8),
                      line(12, 0, "ipi_send", a=1, b=7), line(20, 1, "ipi_recv", td=2, a=0, b=8),
                      line(21, 1, "ipi_recv", td=2, a=0, b=7), line(22, 1, "ipi_recv", td=2, a=2, b=7))
    assert [e.cause and e.cause.t for e in seen] == [None, None, None, 11, 12, None]


def test_wake_up_latency():
    """A thread's latency is counted from lwkt_schedule on its own cpu to the switch to it."""
    seen, drawn = picture(line(0, 0, "switch", td=0, comm="idle0"), line(10, 0, "wakeup", td=0, a=5),
                          line(12, 0, "schedule", td=0, comm="idle0", a=3, b=0),
                          line(40, 0, "switch", td=3, comm="B", a=0), line(90, 0, "deadtd", td=3, comm="B"))
    assert drawn.totals[3].latencies == [28] and seen[3].cause is seen[2] and seen[2].cause is seen[1]
    assert [(b.td, b.start, b.end) for b in drawn.bars] == [(0, 0, 40), (3, 40, 90)]
    assert drawn.queue[0] == [(0, 0), (12, 1), (40, 0)]


def test_thread_that_stays_on_the_run_queue():
    """The flags of the thread that was left say whether it can go on."""
    _, drawn = picture(line(0, 0, "switch", td=1), line(5, 0, "switch", td=2, a=1, b=analysis.TDF_RUNQ),
                       line(9, 0, "switch", td=1, a=2, b=0))
    assert drawn.queue[0] == [(0, 0), (5, 1), (9, 0)]


def test_token_wait():
    """A wait for a token ends when that thread has that token."""
    _, drawn = picture(line(3, 1, "token_wait", a=64), line(4, 1, "token_get", td=2, a=64),
                       line(9, 1, "token_get", a=64), line(10, 1, "token_wait", a=65))
    assert [(w.start, w.end) for w in drawn.waits] == [(3, 9), (10, 10)]


def test_odd_lines():
    """Lines that are cut off, or mixed with others, are left out; a program's name can't leave its place."""
    trace = events.read(["ktr t=1 cpu=", "ktr t=1 cpu=0 seq=x td=1 comm=a ev=tick a=0x0 b=0x0", "hello",
                         line(5, 0, "tick", comm="</script><b>"), "ktr dropped=12"])
    assert len(trace.events) == 1 and trace.dropped == 12
    text = page.page({"title": "</title>&", "summary": "", "warning": "",
                      "instructions_per_tick": 0, "runs": [page.run("x", trace, NAMELESS)]})
    assert "</script><b>" not in text and "<title>&lt;/title&gt;&amp;</title>" in text


def test_numbers_in_words():
    """Registers are written as people write them."""
    assert [words.number(n) for n in (5, (1 << 64) - 1, 0x8000)] == ["5", "-1", "0x8000"]


@pytest.fixture(scope="module", name="traced")
def fixture_traced(tmp_path_factory):
    """The page of a pipeline on two harts, and what the command said."""
    path = tmp_path_factory.mktemp("trace") / "trace.html"
    done = subprocess.run(["make", "-s", "trace", "RUN=ls | wc", "CPUS=2", f"OUT={path}"], cwd=ROOT, check=True,
                          capture_output=True, text=True, env=machine.environment())
    return path, done.stdout


@pytest.fixture(scope="module", name="window")
def fixture_window():
    """A browser for all tests of this file."""
    with browser.chromium() as driver:
        yield driver


def script(window, text):
    """A value of the page's own script."""
    return window.execute_script(f"return {text}")


def press(window, *keys):
    """Type keys into the page, and wait until it has drawn again."""
    ActionChains(window).send_keys(*keys).perform()
    window.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def test_command(traced):
    """It says where the page is and how to open it, and shows what the program printed, not the rings."""
    path, said = traced
    assert f"{path}: open it with a browser" in said
    assert "ktr t=" not in said
    text = path.read_text(encoding="utf-8")
    assert "http://" not in text and "https://" not in text
    assert len(text) < 200_000


@pytest.mark.parametrize("width", (400, 1600))
def test_it_draws(traced, window, width):
    """At both widths it loads without an error, fits the window, and has a lane for each hart with bars in
    more than one colour."""
    browser.opened(window, traced[0], width)
    assert script(window, "document.documentElement.scrollWidth <= innerWidth")
    assert script(window, "runs[0].tops.size") == 2
    colours = window.execute_script("""
        const canvas = runs[0].canvas, c = canvas.getContext("2d"), found = new Set();
        for (const top of runs[0].tops.values()) {
            const y = (top + ROWS.marks + ROWS.bars - 4) * devicePixelRatio;
            const row = c.getImageData(0, y, canvas.width, 1).data;
            for (let i = 0; i < row.length; i += 4) found.add(row.slice(i, i + 3).join());
        }
        return found.size;""")
    assert colours > 3


def test_zoom_and_move(traced, window):
    """W and the wheel zoom in, D moves to later times, F shows all; nothing leaves the trace."""
    browser.opened(window, traced[0], 1600)
    whole = script(window, "[runs[0].from, runs[0].to]")
    press(window, "w")
    near = script(window, "[runs[0].from, runs[0].to]")
    assert whole[0] < near[0] < near[1] < whole[1]
    press(window, "d")
    assert script(window, "runs[0].from") > near[0]
    for _ in range(60):
        press(window, "d")
    assert script(window, "runs[0].to") == whole[1]
    press(window, "f")
    assert script(window, "[runs[0].from, runs[0].to]") == whole
    window.execute_script("""runs[0].canvas.dispatchEvent(new WheelEvent("wheel",
        {deltaY: -300, clientX: 800, clientY: 250, cancelable: true}))""")
    assert script(window, "runs[0].to - runs[0].from") < 0.5 * (whole[1] - whole[0])


def test_event_and_its_cause(traced, window):
    """The switch to a thread that was woken leads back, by C, to the wakeup; names and lines are shown."""
    browser.opened(window, traced[0], 1600)
    window.execute_script("""
        const at = (i) => runs[0].events[i];
        choose(runs[0].events.find((e) => e.kind === "switch" && e.cause >= 0 && at(e.cause).cause >= 0));""")
    text = window.find_element(By.ID, "details").text
    assert "caused by" in text and "kernel/lwkt/switch.c:" in text
    press(window, "c")
    assert "schedules" in window.find_element(By.ID, "details").text
    assert "kernel/lwkt/runq.h:" in window.find_element(By.ID, "details").text
    press(window, "e")
    assert "runs after" in window.find_element(By.ID, "details").text


def test_search_and_filter(traced, window):
    """A search counts and finds; kinds, harts and a thread can be left out; arrow keys go along one hart."""
    browser.opened(window, traced[0], 1600)
    window.find_element(By.ID, "search").send_keys("wakeup_all_remote", Keys.ENTER)
    assert int(window.find_element(By.ID, "found").text.split()[0]) > 1
    assert "wakeup_all_remote" in window.find_element(By.ID, "details").text
    before = script(window, "runs[0].events.filter((e) => runs[0].visible(e)).length")
    window.find_element(By.XPATH, "//label[contains(., 'syscall')]/input").click()
    after = script(window, "runs[0].events.filter((e) => runs[0].visible(e)).length")
    assert 0 < after < before
    window.find_element(By.XPATH, "//fieldset[@id='cpus']/label[1]/input").click()
    browser.until(window, "return runs[0].tops.size === 1")
    window.find_element(By.XPATH, "//table//button[.='wc']").click()
    assert script(window, "runs[0].events.filter((e) => runs[0].visible(e)).every((e) => e.text && "
                          "runs[0].name_of(e.td) === 'wc')")


def test_table_sorts(traced, window):
    """A column's head sorts by it, up and down, and says so to those who can't see it."""
    browser.opened(window, traced[0], 1600)
    head = window.find_element(By.XPATH, "//th[button='switches to it']")
    for expected in ("descending", "ascending"):
        head.find_element(By.TAG_NAME, "button").click()
        assert head.get_attribute("aria-sort") == expected
        column = [int(cell.text) for cell in window.find_elements(By.XPATH, "//div[@id='tables']//tr/td[3]")]
        assert column == sorted(column, reverse=expected == "descending")


def test_events_as_a_table(traced, window):
    """The same events are there as a table, for those who can't see the drawing."""
    browser.opened(window, traced[0], 1600)
    window.find_element(By.XPATH, "//details/summary").click()
    rows = browser.until(window, "return document.querySelectorAll('#listing tbody tr').length")
    assert rows == min(1000, script(window, "runs[0].events.length"))


def test_ten_thousand_events(tmp_path, window):
    """A page with 10,000 events is below 2 MB, and draws in well under a second; lost events are said."""
    lines = [line(i * 7, i % 4, ("switch", "schedule", "syscall", "wakeup")[i // 4 % 4], td=i * 7919 % 50,
                  comm=f"worker{i * 7919 % 50}", a=i % 50, b=i % 4, seq=i) for i in range(10_000)]
    (tmp_path / "console").write_text("\n".join(["ktr dropped=77"] + lines), encoding="ascii")
    done = subprocess.run(["make", "-s", "trace", f"LOG={tmp_path / 'console'}", f"OUT={tmp_path / 'many.html'}"],
                          cwd=ROOT, check=True, capture_output=True, text=True, env=machine.environment())
    assert "77 older events are missing" in done.stdout
    assert (tmp_path / "many.html").stat().st_size < 2_000_000
    browser.opened(window, tmp_path / "many.html", 1600)
    assert window.find_element(By.ID, "warning").text.startswith("77 older events are missing")
    took = window.execute_script("const t = performance.now(); runs[0].draw(); return performance.now() - t;")
    assert took < 5000


def test_two_traces(tmp_path, window):
    """Two logs are drawn one below the other, each with its table."""
    for name in ("one", "two"):
        (tmp_path / name).write_text("\n".join(line(i, 0, "switch", td=i, comm=name) for i in range(9)),
                                     encoding="ascii")
    subprocess.run([ROOT / "tools/trace", tmp_path / "one", tmp_path / "two"], check=True,
                   env=machine.environment(OUT=tmp_path / "both.html"), capture_output=True)
    browser.opened(window, tmp_path / "both.html", 1600)
    assert script(window, "runs.length") == 2
    assert len(window.find_elements(By.XPATH, "//div[@id='tables']/h2")) == 2


def test_dark(traced):
    """A browser in the dark gets a dark page."""
    with browser.chromium("--force-dark-mode", "--blink-settings=preferredColorScheme=0") as driver:
        browser.opened(driver, traced[0], 1600)
        assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"


@pytest.mark.parametrize("options, says", (({}, "RUN= is missing"), ({"LOG": "README.md"}, "no event was recorded"),
                                           ({"LOG": "no-such-file"}, "no-such-file")))
def test_bad_input(options, says, tmp_path):
    """What can't be drawn is said in a line, with status 2, and no page is written."""
    given = [f"{name}={value}" for name, value in options.items()]
    done = subprocess.run(["make", "-s", "trace", f"OUT={tmp_path / 'page.html'}", *given], cwd=ROOT, check=False,
                          capture_output=True, text=True, env=machine.environment())
    assert done.returncode == 2 and says in done.stderr
    assert not pathlib.Path(tmp_path, "page.html").exists()
