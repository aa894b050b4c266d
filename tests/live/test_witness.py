# SPDX-License-Identifier: GPL-2.0
"""The witness of switches finds those that it is told to look away from, and no others."""
import contextlib
import os
import pathlib
import re
import sys

import witness
from helpers import Program
from tracing import wait_path

NAPS = 97
# On one CPU; it sleeps in a pipe before and after, so that its figures stand still.
NAPPER = f"""
import os, sys, time
os.sched_setaffinity(0, {{int(sys.argv[1])}})
def wait(name):
    with open(name + ".is", "w") as told: told.write("waits")
    open(name).read()
wait(sys.argv[2])
for _ in range({NAPS}):
    time.sleep(0.002)
wait(sys.argv[3])
"""


def switches_of(pid):
    """How often it has left a CPU, by the kernel's own count."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return sum(map(int, re.findall(r"_ctxt_switches:\s+(\d+)", status)))


def settle(pid):
    """Once it is off its CPU: one that is about to sleep is still running for this file."""
    call = pathlib.Path(f"/proc/{pid}/syscall")
    while call.read_text(encoding="ascii").startswith("running"):
        os.sched_yield()
    return switches_of(pid)


def let_go(fifo):
    with open(fifo, "w", encoding="ascii"):
        pass


@contextlib.contextmanager
def napped(tmp_path, *options):
    """The gaps that a witness saw while a thread napped, that thread, and how often it left."""
    before, after = str(tmp_path / "before"), str(tmp_path / "after")
    for fifo in (before, after):
        os.mkfifo(fifo)
    cpu = min(os.sched_getaffinity(0))
    with Program([sys.executable, "-c", NAPPER, cpu, before, after]) as napper:
        wait_path(before + ".is")
        left = settle(napper.pid)
        seeing = witness.Witness(*[str(o).replace("@PID@", str(napper.pid)) for o in options])
        try:
            let_go(before)
            wait_path(after + ".is")
            left = settle(napper.pid) - left
            gaps = seeing.hidden()
        finally:
            sums = seeing.close()
        assert not sums["lost"] and sums["switches"] > NAPS
        let_go(after)
        assert napper.finish().status == 0
    yield [g for g in gaps if g["cpu"] == cpu], napper.pid, left


def split(gaps, pid, kind):
    """The gaps of that kind of the thread's, and how many others the host made on its CPU."""
    own = [g for g in gaps if g["came"]["tid"] == pid and g["kind"] == kind]
    return own, len(gaps) - len(own)


def test_what_is_shown_is_not_called_hidden(tmp_path):
    with napped(tmp_path) as (gaps, pid, left):
        assert left >= NAPS
        own, _ = split(gaps, pid, "other")
        assert len(own) <= left / 20 and not split(gaps, pid, "again")[0], own


def test_hidden_departures_are_seen(tmp_path):
    """Each departure of the thread is hidden: who leaves next is not who came last."""
    with napped(tmp_path, "--blind", "@PID@") as (gaps, pid, left):
        own, others = split(gaps, pid, "other")
        assert left >= NAPS
        # What this host hides itself may hide the thread's arrival; and who came behind its last
        # departure may still be there.
        assert left - 1 - others <= len(own) <= left, (len(own), left, others)
        assert all(g["left"]["tid"] != pid for g in own)


def test_hidden_rounds_are_seen(tmp_path):
    """Hidden from departure to return, every other time: the kernel's count of it tells."""
    with napped(tmp_path, "--blind", "@PID@", "--rounds") as (gaps, pid, left):
        own, others = split(gaps, pid, "again")
        assert left >= NAPS
        times = sum(g["times"] for g in own)
        assert left // 2 - 1 - others <= times <= left // 2 + 1, (times, left, others)
        assert all(g["left"]["tid"] == pid for g in own)
        assert witness.in_words(own).startswith(f"{len(own)} switches")
