# SPDX-License-Identifier: BSD-3-Clause
"""The explorer: what it reaches is what a list says, it finds what is wrong, and all scenes pass."""

import platform
import re
import shlex
import shutil
import subprocess

import pytest

import explore
import explore_swaps

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "aarch64"),
                                reason="switch.S knows two kinds of hosts")

# What each litmus program may reach: the registers r0 to r3, or the words x and y at the end.
ALL = "00 01 10 11"
IRIW = " ".join(f"{n:04b}" for n in range(16))
LITMUS = {
    "sb": ALL,                                   # store buffering: y as seen after x = 1, and vice versa
    "sb_fence": "01 10 11",
    "sb_one_fence": ALL,
    "sb_release": ALL,
    "sb_full": ALL,                              # a full AMO is no fence for loads of other words
    "sb_full_fence": ALL,
    "mp": ALL,                                   # message passing: the flag, and the data
    "mp_release": "00 01 11",
    "mp_release_only": ALL,
    "mp_acquire_only": ALL,
    "mp_fence": "00 01 11",
    "mp_amo": "00 01 11 21",                     # an AMO goes on with what a release carried
    "mp_same": "00 01 11 21",                    # and so do the next stores of the cpu that released
    "lb": "00 01 10",                            # load buffering; C11 has 11, too: not explored
    "lb_fence": "00 01 10",
    "iriw": IRIW,                                # two readers may disagree on the order of two stores
    "iriw_fence": IRIW.replace(" 1010", ""),
    "corr": "00 01 02 11 12 22",                 # coherence of one word
    "corr_fence": "00 01 02 11 12 22",
    "ww_plain": "12 21 22",                      # 2+2W; C11 has 11, too: not explored
    "ww_fence": "12 21 22",
}


# Long waits, which are reported: other budgets would take minutes.
WAITS = ("x_waits_spin", "x_waits_token", "x_waits_mplock", "x_waits_ipiq")


@pytest.fixture(scope="session", name="programs")
def built(tmp_path_factory):
    """Both programs."""
    return explore.build(tmp_path_factory.mktemp("explore"))


def test_litmus(programs):
    """The memory model: reached outcomes equal the list above, neither more nor fewer."""
    names = [name for name, _ in explore.scenes(programs[1]) if name in LITMUS]
    assert sorted(names) == sorted(LITMUS)
    for name in names:
        good, text = explore.explore(programs[1], name, "-p", 1, "-r", 2, "-o")
        reached = text.splitlines()[-1].split()
        assert good and " complete," in text, text
        assert reached == [o.ljust(4, "0") for o in LITMUS[name].split()], name


def play(program, name, budget, *options):
    """Every schedule within that budget."""
    good, text = explore.explore(program, name, "-p", budget[0], "-i", budget[1], "-r", budget[2], *options)
    assert good and " complete," in text, text[-3000:]
    return text


def test_core(programs):
    """Each mechanism's scene, with every schedule of two preemptions; and with old values for loads."""
    names = [name for name, cpus in explore.scenes(programs[0])
             if name[:2] == "x_" and name not in WAITS and cpus == "2"]
    assert len(names) >= 20
    for name in names:
        play(programs[0], name, (2, 0, 0))
        play(programs[1], name, (1, 0, 1))


def test_wait_reports(programs):
    """What a wait that lasts prints of another cpu is no data race, nor is what it looks at."""
    for name in WAITS:
        text = play(programs[1], name, (1, 0, 0), "-o")
        assert "1" in text.splitlines()[-1], "nothing was printed"
        play(programs[1], name, (0, 0, 1))


def test_pairs(programs):
    """Some of the scenes that the table of features makes; their features overlap. All: make explore."""
    for name in ("token:acquire:on:free:0", "token:migrate:yield:free:0", "preempt:cpusync:on:free:1",
                 "mplock:body:sleep:locked:0", "migrate:port:on:free:0", "hold:timer:yield:free:0",
                 "tsleep:port:sleep:free:0", "preempt:tsleep:on:free:1"):
        assert "overlap" in play(programs[0], f"pair:{name}", (1, 1, 0))


def test_same_states(programs):
    """Switching only where several cpus use a word reaches all that switching everywhere does."""
    for name in ("sb", "mp", "corr", "iriw", "x_order"):
        program = programs[1] if name in LITMUS else programs[0]
        budget = (1, 0, 1) if name in LITMUS else (2, 0, 0)
        found = [re.search(r"(\d+) outcomes (\w+)", play(program, name, budget, *more)).groups()
                 for more in ((), ("-a",))]
        assert found[0] == found[1] and int(found[0][0]) > 1, name


def debugged(again):
    """The command that plays a failure again, under gdb: it stops in panic, with the thread's stack. The search's
    own write protection does not stop it before."""
    done = explore.run(["gdb-multiarch", "-batch", "-nx", "-ex", "break panic", "-ex", "run", "-ex", "backtrace",
                        "-ex", "print self", "-ex", "print curthread->td_comm", "--args", *again], timeout=600)
    assert "SIGSEGV" not in done.stdout and re.search(r"#0 +panic \(", done.stdout), done.stdout + done.stderr
    assert re.search(r"in lwkt_(thread_start|idle_loop) ", done.stdout), done.stdout
    assert re.search(r'\$1 = [01]\n\$2 = "\w+', done.stdout), done.stdout


def test_weakened(programs):
    """Without its order, a primitive makes a scene fail, and the schedule that is printed does so again."""
    for what, name in (("ipiq.c:.* publish &ip->ip_windex", "x_ring"),
                       ("mplock.c:.* publish &mp_lock", "x_mplock"),
                       ("spin.h:.* publish &l->held", "x_spin")):
        number = next(n for n, _, place, word in explore.sites(programs[1])
                      if re.search(what, f"{place} {word}"))
        weak = ("-w", f"{number}:0")
        good, text = explore.explore(programs[1], name, "-q", "-p", 2, "-r", 1, *weak)
        assert not good and "data race" in text, text
        schedule = re.search(r"-x '(.*)'", text).group(1)
        again = shlex.split(re.search(r"again: (.*)", text).group(1))
        done = explore.run(again, timeout=600)
        assert done.returncode == 1 and "data race" in done.stdout and "cpu 1  " in done.stdout, done.stdout
        debugged(again)
        good, text = explore.explore(programs[1], name, "-x", schedule)
        assert good and "nothing went wrong" in text, text


def test_aarch64_host(tmp_path):
    """The same on another kind of host, which has registers of its own and a weaker memory."""
    program = explore.build_foreign(tmp_path, "aarch64-linux-gnu-gcc")
    for name in ("sb_fence", "mp_release", "iriw_fence"):
        done = explore.run(["qemu-aarch64", program, "-s", name, "-p", 1, "-r", 2, "-o"], timeout=600)
        assert done.stdout.splitlines()[-1].split() == [o.ljust(4, "0") for o in LITMUS[name].split()], name
    done = explore.run(["qemu-aarch64", program, "-s", "x_token", "-p", 1, "-i", 1, "-r", 1], timeout=600)
    assert " complete," in done.stdout, done.stdout + done.stderr


def test_swapped(programs, tmp_path):
    """Two stores whose order a comment claims, swapped: a scene fails. All pairs: make explore."""
    found = {path.stem: (path, names) for path, _, names in explore_swaps.patches()}
    for stem in ("ipi-windex-early", "acquire-given-before-moved"):
        path, names = found[stem]
        assert explore_swaps.judge(explore_swaps.patched(tmp_path, programs[1], path), names, 20)[0], stem
    known = {name for name, _ in explore.scenes(programs[1])}
    for path, names in found.values():
        assert set(names) <= known, path.name


# A mutant, or a line of the kernel that is taken out: the scene that fails then, and with which budget. Only
# x_usched_passes was made for its fault.
FAULTS = {
    "usched-target-after-lock": ("kernel/proc/usched_queue.c", "x_usched_stray", (1, 0, 1)),
    "tsleep-second-interlock": ("kernel/sync/tsleep.c", "x_sleep", (1, 0, 0)),
    "ithread-running-cleared-late": ("kernel/sync/ithread.c", "x_ithread", (1, 0, 0)),
    "wakeup-one-on-each-cpu": ("kernel/sync/tsleep.c", "x_sleep_one", (0, 0, 0)),
    "    fence(); /* the bit, before": ("kernel/sync/tsleep.c", "x_sleep", (1, 0, 1)),
    "fence(); /* the new td_gd, before": ("kernel/proc/usched.c", "x_usched_kill_moves", (1, 0, 1)),
    "poke(&gd->gd_idlelook, 1);": ("kernel/proc/usched_queue.c", "x_usched_passes", (1, 1, 0)),
    " || q->p_seeks": ("kernel/proc/usched_pass.c", "x_usched_picked", (2, 0, 0)),
    " peek(&next->td_killed) != 0 ||": ("kernel/proc/usched_pass.c", "x_usched_pass_kill", (1, 0, 0)),
    "lwkt_setpri(td, TDPRI_KERN_USER);": ("kernel/proc/usched_pass.c", "x_usched_raise", (0, 0, 0)),
    "(flags & TDF_MIGRATING) == 0 && ": ("kernel/proc/kill.c", "x_usched_kill_reap", (1, 1, 0)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_above_the_core(programs, fault, tmp_path):
    """tsleep, the user scheduler and kill, each with a fault, fail in a scene that passes without it."""
    source, name, budget = FAULTS[fault]
    for part in ("kernel", "tests/sim"):
        shutil.copytree(explore.ROOT / part, tmp_path / part)
    mutant = explore.ROOT / "tests" / "mutants" / f"{fault}.patch"
    if mutant.exists():
        subprocess.run(["patch", "-p1", "-s", "-i", mutant], cwd=tmp_path, check=True)
    else:
        text = (tmp_path / source).read_text(encoding="utf-8")
        assert text.count(fault) == 1
        (tmp_path / source).write_text(text.replace(fault, "/*" if fault.endswith("before") else "{}" if fault.endswith(";") else ""),
                                       encoding="utf-8")
    plain, memory = explore.build_changed(programs[0].parent.parent, tmp_path, explore.ROOT / source)
    program, whole = (memory, programs[1]) if budget[1:] != (0, 0) else (plain, programs[0])
    good, text = explore.explore(program, name, "-q", "-p", budget[0], "-i", budget[1], "-r", budget[2])
    assert not good and "FAILED" in text, text
    play(whole, name, budget)
