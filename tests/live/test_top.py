# SPDX-License-Identifier: GPL-2.0
"""top on a real terminal, which tmux holds: what is seen, and how the terminal is left."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

import helpers
import tracing
from helpers import AIOSTALL, Program


@pytest.fixture(name="terminal")
def terminal_fixture(scratch):
    """A shell on a terminal of 80 columns and 24 lines."""
    if not shutil.which("tmux"):
        pytest.skip("needs tmux")
    terminal = Terminal(f"{scratch.dir}/tmux")
    yield terminal
    terminal.close()


class Terminal:
    def __init__(self, sock):
        self.sock = sock
        self.asked = 0
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24",
                  "env", "-u", "NO_COLOR", "PS1=READY> ", "LC_ALL=C.UTF-8", "bash", "--norc")
        self.wait(r"READY>$")

    def tmux(self, *args):
        return subprocess.run(["tmux", "-S", self.sock, *args], capture_output=True, text=True,
                              timeout=helpers.TIMEOUT, check=True).stdout

    def close(self):
        with contextlib.suppress(subprocess.SubprocessError):
            self.tmux("kill-server")

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def lines(self, *options):
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", *options).split("\n")][:-1]

    def text(self):
        return "\n".join(self.lines()).rstrip()

    def wait(self, pattern, timeout=helpers.TIMEOUT):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.text(), re.M):
            assert time.monotonic() < end, f"no {pattern} in:\n{self.text()}"
            time.sleep(0.05)

    def run(self, command):
        self.keys(command, "Enter")

    def top(self, *options):
        self.run(" ".join([str(AIOSTALL), "top", *options]))
        self.wait(r"^aiostall top: ")

    def settings(self):
        # what was on the screen before top comes back after it
        self.asked += 1
        self.run(f"clear; stty -a; echo '<'{self.asked}")
        self.wait(rf"^<{self.asked}$")
        return [line for line in self.lines() if "=" in line or line.startswith(("-", "isig", "opost"))]

    def pid(self):
        """Of the top that runs in the shell."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        return int(subprocess.run(["ps", "--ppid", shell, "-o", "pid="], capture_output=True, text=True,
                                  timeout=helpers.TIMEOUT, check=True).stdout.split()[0])


def test_keys_and_a_clean_end(terminal):
    before = terminal.settings()
    terminal.top()
    assert len(terminal.lines()) == 24 and "q quit" in terminal.lines()[23]
    terminal.keys("?")
    terminal.wait("go into a row")
    terminal.keys("Escape")
    # whoever else on this host is asleep in a submit
    terminal.wait("^ASLEEP NOW: ")
    terminal.keys("g")
    terminal.wait("^By device")
    terminal.keys("Space")
    terminal.wait("PAUSED$")
    terminal.keys("q")
    terminal.wait("READY>$")
    assert terminal.settings() == before


def test_resize(terminal):
    terminal.top()
    for width, height in ((100, 30), (60, 10), (200, 50)):
        terminal.tmux("resize-window", "-x", str(width), "-y", str(height))
        end = time.monotonic() + helpers.TIMEOUT
        while len(terminal.lines()) != height or "? help" not in terminal.lines()[-1]:
            assert time.monotonic() < end, terminal.text()
            time.sleep(0.05)
        assert "ASLEEP NOW" in terminal.text()
    terminal.keys("q")


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_restores_the_terminal(terminal, sig):
    before = terminal.settings()
    terminal.top()
    os.kill(terminal.pid(), sig)
    terminal.wait("READY>$")
    assert terminal.settings() == before


def test_stopped_and_continued(terminal):
    before = terminal.settings()
    terminal.top()
    terminal.keys("C-z")
    terminal.wait("Stopped")
    assert terminal.settings() == before
    terminal.run("clear; fg")
    terminal.wait(r"^aiostall top: ")
    assert "q quit" in terminal.lines()[23]
    terminal.keys("q")
    terminal.wait("READY>$")


def test_device_that_hangs_shows_at_once(scratch, terminal):
    """On the first screen after it began, with its age, in a line that is bold besides being red."""
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    path = f"{place.mnt}/file"
    helpers.aioload("--prepare", "--pattern", "buffered-read", "--file", path, "--size", "1M")
    scratch.remount(place)
    args = ("--pattern", "buffered-read", "--calls", "1", "--no-prepare", "--file", path, "--size", "1M")
    with tracing.waiting(scratch, args) as load:
        # with the last of its targets it would end
        terminal.top("-p", f"{load.pid},{os.getpid()}")
        scratch.delay(place, hold=1)
        load.go()
        tracing.wait_in_submit(load.pid)
        assert_on_the_next_page(load.pid)
        terminal.wait(r"^ASLEEP NOW: 1 thread$")
        terminal.wait(rf"^ +\d\S*s  aioload/{load.pid} +buf.read_miss +ext4 ")
        terminal.wait(r"^ +[1-9][\d.]*s  aioload")
        line = next(x for x in terminal.lines("-e") if "aioload/" in x)
        assert re.search(r"\x1b\[(0;)?1m", line) and "\x1b[31m" in line, line
        scratch.delay(place, hold=0)
        load.done()
        terminal.wait("^ASLEEP NOW: nobody")
        terminal.wait(r"^ext4 .*slow")
        terminal.keys("Enter")
        terminal.wait("buf.read_miss")
        terminal.keys("Enter")
        terminal.wait("worst: ")
        terminal.keys("q")


def assert_on_the_next_page(pid):
    """Of a thread that is asleep when top begins, each page tells, with an age that grows as time does."""
    done = helpers.run([AIOSTALL, "top", "-b", "-n", "3", "-i", "0.5", "-p", str(pid), "--format", "json"])
    pages = [json.loads(line) for line in done.stdout.splitlines()]
    ages = [page["asleep"][0]["age_ns"] for page in pages]
    assert [len(page["asleep"]) for page in pages] == [1, 1, 1], pages
    for (old, new), (began, ended) in zip(zip(ages, ages[1:]), zip(pages, pages[1:])):
        grown, passed = new - old, ended["elapsed_ns"] - began["elapsed_ns"]
        assert abs(grown - passed) < passed / 2, (ages, pages)


def test_no_color(terminal):
    terminal.run(f"NO_COLOR=1 {AIOSTALL} top")
    terminal.wait(r"^aiostall top: ")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", "\n".join(terminal.lines("-e")))
    terminal.keys("q")


def screens(terminal, term):
    """Help, then the page behind it, but for the time."""
    # of a program that does nothing, so that nothing changes but the time
    terminal.run(f"clear; TERM={term} {AIOSTALL} top -p $$")
    terminal.wait(r"^aiostall top: ")
    # redrawn in part, where curses moves the cursor about
    for key, seen in (("g", "^By device"), ("a", "^By device"), ("?", "go into a row")):
        terminal.keys(key)
        terminal.wait(seen)
    lines = terminal.lines()
    terminal.keys("x")
    terminal.wait("^By device")
    terminal.wait("q quit")
    lines += terminal.lines()
    terminal.keys("q")
    terminal.wait("READY>")
    return [re.sub(r"(all of|the last) .*", "", line) for line in lines]


@pytest.mark.parametrize("term", ["screen", "ansi", "linux", "vt100"])
def test_other_terminals_show_the_same(terminal, term):
    """Of eight colours, or none; one whose description is not what tmux is: not a character is elsewhere."""
    if subprocess.run(["infocmp", term], capture_output=True, check=False).returncode:
        pytest.skip(f"needs the description of TERM={term}")
    assert screens(terminal, term) == screens(terminal, "tmux")


@pytest.mark.parametrize("term", ["screen", "ansi", "vt100"])
def test_an_alarm_is_bold_in_colour_or_not(scratch, terminal, term):
    """Who has slept for seconds: the age says it, and no attribute that this terminal lacks is alone."""
    args = ("--pattern", "pipe", "--calls", "1", "--feed-delay-us", str(60 * 10**6))
    with tracing.waiting(scratch, args) as load:
        terminal.run(f"TERM={term} {AIOSTALL} top -p {load.pid},{os.getpid()}")
        terminal.wait("^aiostall top: ")
        load.go()
        terminal.wait(rf"^ +[1-9][\d.]*s  aioload/{load.pid} ")
        line = next(x for x in terminal.lines("-e") if "aioload/" in x)
        codes = {code for codes in re.findall(r"\x1b\[([0-9;]*)m", line) for code in codes.split(";")}
        assert "1" in codes and ("31" in codes) == (term != "vt100"), line
        terminal.keys("q")
        load.signal(signal.SIGKILL)


def test_terminal_that_can_nothing(terminal):
    terminal.run(f"TERM=dumb {AIOSTALL} top -n 1")
    terminal.wait("as lines")
    terminal.wait("^probes: ")


def test_written_page(scratch, terminal):
    terminal.run(f"cd {scratch.dir}")
    terminal.top()
    terminal.keys("w")
    terminal.wait("written to")
    page = json.loads(tracing.wait_path(f"{scratch.dir}/aiostall-top.json"))
    assert page["schema"] == "aiostall-top/1"
    terminal.keys("q")


def test_idle_screen_costs_nothing(terminal):
    """
    No submit of its threads is made, so what it uses is the price of looking. That is half a percent of
    a CPU; where others fill the caches meanwhile, twice that was seen.
    """
    terminal.top("-c", "nobody")
    pid = terminal.pid()

    def used_ns():
        return sum(int(path.read_text("ascii").split()[0])
                   for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"))
    shares = []
    for _ in range(5):
        began, before = time.monotonic_ns(), used_ns()
        time.sleep(2)
        shares.append((used_ns() - before) / (time.monotonic_ns() - began))
        if shares[-1] <= 0.005:
            break
    assert min(shares) <= 0.02, shares
    terminal.keys("q")


def test_batch(scratch):
    done = helpers.run([AIOSTALL, "top", "-b", "-n", "2", "-i", "0.2"])
    assert done.status == 0 and done.stdout.count("ASLEEP NOW") == 2, done.stderr
    assert "\x1b" not in done.stdout
    done = helpers.run([AIOSTALL, "top", "-n", "3", "-i", "0.2", "--format", "json"])
    pages = [json.loads(line) for line in done.stdout.splitlines()]
    assert [page["schema"] for page in pages] == ["aiostall-top/1"] * 3
    assert pages[0]["elapsed_ns"] < pages[2]["elapsed_ns"]


def test_reader_that_has_enough(scratch):
    """As `| head -3`: it ends by itself."""
    with Program(["sh", "-c", f"{AIOSTALL} top -b -i 0.1 | head -3"]) as program:
        assert program.finish().status == 0
