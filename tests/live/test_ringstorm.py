# SPDX-License-Identifier: GPL-2.0
"""
Programs that do to rings what no manual advises: rings gone while their requests are in flight,
processes that are another program or none by then, entries overwritten once they are handed over,
ten thousand rings at once, a kernel thread that submits for longer than anybody watches.

ringstorm knows how many requests it handed over. Nothing may be lost, invented or left behind.
"""
import json
import pathlib
import re
import signal
import time

import pytest

import helpers
import hide
import tracing
from test_errors import programs_of, wait_gone
from test_uring import URINGLOAD, assert_conserved, fstype_of, row_of

STORM = helpers.AIOSTALL.parent / "tests" / "ringstorm"


@pytest.fixture(autouse=True, scope="module")
def _uring():
    assert STORM.exists(), f"{STORM} is missing: make unit"
    tried = helpers.run([URINGLOAD, "--nop"])
    if tried.status:
        pytest.skip(f"needs io_uring and userfaultfd: {tried.stderr.strip()}")


def wait_until(is_so, what):
    end = time.monotonic() + helpers.TIMEOUT
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def gone_threads(tracer):
    """Those of which the programs still keep a record, though they are no more."""
    with hide.Calls(tracer.pid) as calls:
        return {tid for tid in calls.threads() if not pathlib.Path(f"/proc/{tid}").exists()}


def storm(scratch, mode, path, n, *options, verb="stat"):
    """What the load says that it did, and the report; the tables are looked at in between."""
    with tracing.attached(scratch, "-c", "ringstorm", *options, verb=verb) as tracer:
        done = helpers.run([STORM, mode, path, n])
        assert done.status == 0, done.stderr
        wait_until(lambda: not gone_threads(tracer), "records of threads that are gone")
        ids = programs_of(tracer.pid)
        report = tracer.stop()
    wait_gone(ids)
    assert ids and (verb == "trace" or not tracer.ended.stderr), tracer.ended.stderr
    if verb == "trace":
        said = re.match(r"\S+ stalls?, \S+ blocked; worker threads: (\d+) stalls, \S+ blocked\n",
                            tracer.ended.stderr)
        assert said, tracer.ended.stderr
        assert int(said[1]) == sum(line.get("plane") == "worker" for line in report)
    return json.loads(done.stdout), report


@pytest.mark.parametrize("mode,n", (("torn", 211), ("many", 10007)))
def test_rings_that_go_under_way(scratch, mode, n):
    figures, report = storm(scratch, mode, f"{scratch.dir}/f", n)
    totals, row = report["totals"], row_of(report, fstype_of(scratch.dir))
    helpers.assert_no_loss(report)
    assert totals["submits"] == row["submits"] == n
    assert totals["requests"] == row["requests"] == figures["requests"]
    # every other one of those that go into workers
    assert totals["punted"] == totals["punted_asked"] == \
        (figures["requests"] // 2 if mode == "torn" else 0)
    # a fault may be over before the worker came to sleep
    assert 10 * totals["worker_sleeps"] >= 9 * figures["faults"]
    assert report["unfinished"] == [] and len(report["filesystems"]) <= 2
    assert_conserved(totals)


@pytest.mark.parametrize("mode", ("exec", "exit"))
def test_processes_that_leave_with_requests_in_flight(scratch, mode):
    """Of every other process the kernel's thread submits, and may not have come to it."""
    figures, report = storm(scratch, mode, f"{scratch.dir}/f", 40)
    totals = report["totals"]
    helpers.assert_no_loss(report)
    assert not figures["wrong"] and figures["requests"] == 40 * 8
    assert figures["requests"] // 2 <= totals["requests"] <= figures["requests"]
    assert totals["submits"] == 20 and totals["punted"] <= totals["requests"] // 2
    assert report["unfinished"] == []
    assert_conserved(totals)


def test_entries_that_are_overwritten_once_handed_over(scratch):
    """What a worker's request is comes from the kernel, never from the program's own memory."""
    path, n = f"{scratch.dir}/f", 211
    figures, lines = storm(scratch, "overwritten", path, n, verb="trace")
    stalls = [s for s in lines if s["type"] == "stall" and s["cause"] == "ubuf.uffd"]
    assert figures["completed"] == n * 8 and not figures["wrong"]
    assert sorted(s["user_data"] for s in stalls) == \
        [call << 32 | k for call in range(n) for k in (1, 3, 5, 7)]
    for stall in stalls:
        assert (stall["plane"], stall["op"], stall["length"], stall["path"]) == \
            ("worker", "read", 4096, path)
        assert stall["offset"] == (stall["user_data"] & 0xff) * 4096


def _is_sqpoll(tid):
    try:
        return pathlib.Path(f"/proc/{tid}/comm").read_text(encoding="utf-8").startswith("iou-sqp")
    except OSError:
        return False


@pytest.mark.parametrize("end", (signal.SIGINT, signal.SIGKILL))
def test_a_submitting_thread_outlives_the_tracer(scratch, end):
    """It goes on, and the next tracer finds it as it is."""
    start, ready = (pathlib.Path(scratch.dir, name) for name in ("start", "ready"))
    load = [URINGLOAD, "--file", f"{scratch.dir}/f", "--calls", 1009, "--batch", 4, "--fault", 2,
            "--delay-us", 3000, "--sqpoll", "--ready-file", ready, "--start-file", start]
    with helpers.Program(load) as prog:
        prog.wait_file(ready)
        with tracing.attached(scratch, "-p", prog.pid, name="first") as tracer:
            ids = programs_of(tracer.pid)
            start.touch()
            with hide.Calls(tracer.pid) as calls:
                wait_until(lambda: any(_is_sqpoll(tid) for tid in calls.threads()),
                           "the kernel's thread is not seen")
            tracer.signal(end)
            # so that it is not over before somebody looks again
            prog.signal(signal.SIGSTOP)
            tracer.proc.wait(helpers.TIMEOUT)
        wait_gone(ids)
        with tracing.attached(scratch, "-p", prog.pid, name="second") as tracer:
            prog.signal(signal.SIGCONT)
            done = prog.finish()
            report = tracer.report()
    figures, totals = json.loads(done.stdout), report["totals"]
    assert done.status == 0 and not figures["failed"] and figures["faults"] == 1009
    assert figures["requests"] == 1009 * 4
    helpers.assert_no_loss(report)
    assert 0 < totals["sqpoll_sleeps"] < 1009 and totals["requests"] < figures["requests"]
    assert totals["sleeps"] == totals["submits_blocked"] == 0
    assert report["unfinished"] == []
    assert_conserved(totals)
