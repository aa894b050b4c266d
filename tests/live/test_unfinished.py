# SPDX-License-Identifier: GPL-2.0
"""Sleeps that have not ended when tracing ends: what a device that hangs looks like."""
import os
import re
import time

import pytest

import aio
import helpers
import tracing
from helpers import AIOSTALL

# How long a sleep is watched, at the least.
ASLEEP_S = 0.3
LOAD = ("--pattern", "buffered-read", "--calls", "3", "--no-prepare")


@pytest.fixture(name="slow")
def slow_fixture(scratch):
    """ext4 with a file out of the caches, on a device that can be held."""
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    place.file = f"{place.mnt}/file"
    helpers.aioload("--prepare", "--pattern", "buffered-read", "--file", place.file, "--size", "1M")
    scratch.remount(place)
    return place


def load_args(place):
    return (*LOAD, "--file", place.file, "--size", "1M")


def hold(scratch, place):
    scratch.delay(place, hold=1)


def release(scratch, place):
    scratch.delay(place, hold=0)


def check_entry(entry, load, place):
    assert (entry["pid"], entry["tid"], entry["comm"]) == (load.pid, load.pid, "aioload")
    assert entry["fstype"] == "ext4"
    assert entry["file"] == place.file
    assert entry["cause"] == "buf.read_miss", entry
    assert "aio_read" in entry["frames"] and "io_submit_one" in entry["frames"]
    assert entry["frames"][0] in ("io_schedule", "schedule"), entry["frames"]


def test_held_device(scratch, slow):
    """The sleeping call is reported with its age and stack; the load goes on when it may."""
    with tracing.waiting(scratch, load_args(slow)) as load:
        hold(scratch, slow)
        with tracing.attached(scratch, "-p", load.pid) as tracer:
            load.go()
            tracing.wait_in_submit(load.pid)
            time.sleep(ASLEEP_S)
            report = tracer.stop()
        assert tracer.ended.status == 0, tracer.ended.stderr
        assert load.proc.poll() is None
        release(scratch, slow)
        figures = load.done()
    assert figures["submits"] == 3
    (entry,) = report["unfinished"]
    check_entry(entry, load, slow)
    assert entry["before_tracing"] is False
    assert ASLEEP_S * 1e9 < entry["age_ns"] <= report["capture"]["duration_ns"]
    # a sleep counts where it ends; until then it is in no sum
    assert report["totals"]["sleeps"] == 0 and report["totals"]["submits"] == 0
    assert report["loss"]["any"] is False
    # and its filesystem has a row, with the time spent before it fell asleep
    row = helpers.filesystem(report, "ext4")
    assert row["mount"] == slow.mnt and row["submits"] == 0
    assert 0 < row["wall_ns"] == row["on_cpu_ns"] + row["runqueue_ns"] + row["preempted_ns"]


def test_held_device_in_text(scratch, slow):
    with tracing.waiting(scratch, load_args(slow)) as load:
        hold(scratch, slow)
        with tracing.attached(scratch, "-p", load.pid, form="text") as tracer:
            load.go()
            tracing.wait_in_submit(load.pid)
            time.sleep(ASLEEP_S)
            text = tracer.stop()
        release(scratch, slow)
        load.done()
    part = text[re.search(r"(?i)unfinished|still asleep|not ended", text).start():]
    assert slow.file in part.replace("\n", "")
    assert str(load.pid) in part and "aioload" in part
    assert "io_submit_one" in part or "aio_read" in part
    assert re.search(r"\d+(\.\d+)?m?s\b", part)


def test_held_device_in_trace(scratch, slow):
    with tracing.waiting(scratch, load_args(slow)) as load:
        hold(scratch, slow)
        with tracing.attached(scratch, "-p", load.pid, verb="trace") as tracer:
            load.go()
            tracing.wait_in_submit(load.pid)
            time.sleep(ASLEEP_S)
            lines = tracer.stop()
        release(scratch, slow)
        load.done()
    # it is no stall yet: said beside the lines
    asleep, end = lines
    assert (asleep["type"], end["type"]) == ("unfinished", "end")
    check_entry(asleep, load, slow)
    assert (end["stalls"], end["loss"]["any"]) == (0, False)
    (said,) = [line for line in tracer.ended.stderr.splitlines() if "asleep" in line]
    assert str(load.pid) in said and "buf.read_miss" in said and slow.file in said, said


def test_command_on_held_device(scratch, slow):
    """The command cannot be killed while its device is held: the report comes all the same."""
    hold(scratch, slow)
    out = f"{scratch.dir}/report"
    done = helpers.run([AIOSTALL, "-d", "1", "--format", "json", "-o", out, "--", "sh", "-c",
                        f"exec dd if={slow.dev} of=/dev/null iflag=direct count=1"])
    release(scratch, slow)
    assert done.status in (0, 1), done.stderr
    assert os.path.getsize(out)


def test_asleep_before_tracing(scratch, slow):
    with tracing.waiting(scratch, load_args(slow)) as load:
        hold(scratch, slow)
        load.go()
        tracing.wait_in_submit(load.pid)
        with tracing.attached(scratch, "-p", load.pid) as tracer:
            report = tracer.stop()
        release(scratch, slow)
        load.done()
    (entry,) = report["unfinished"]
    assert entry["before_tracing"] is True
    assert (entry["pid"], entry["tid"], entry["comm"]) == (load.pid, load.pid, "aioload")
    assert "io_submit_one" in entry["frames"], entry
    assert report["totals"]["submits"] == 0
    assert report["loss"]["any"] is False


def test_asleep_before_and_ended_while(scratch):
    """The end of a call that began before tracing is counted as such and in no row."""
    code = """
r, w = os.pipe()
aio.say(sys.argv[1], os.getpid())
def feed():
    aio.wait_for(sys.argv[2])
    os.write(w, bytes(4096))
aio.start(feed)
print(json.dumps([aio.read_pipe(r)]))
"""
    ready, go = f"{scratch.dir}/ready", f"{scratch.dir}/go"
    with helpers.Program(tracing.script(code, ready, go)) as prog:
        pid = int(tracing.wait_path(ready))
        tracing.wait_in_submit(pid)
        with tracing.attached(scratch, "-p", pid) as tracer:
            aio.say(go, "")
            assert prog.finish().stdout.strip() == "[1]"
            report = tracer.report()
    assert report["totals"]["submits"] == 0 and report["totals"]["sleeps"] == 0
    assert report["loss"]["before_tracing"] == 1
    assert report["loss"]["any"] is False
    assert report["unfinished"] == []


def test_nothing_unfinished(scratch):
    report, load = tracing.watch(scratch, ("--pattern", "pipe", "--file", f"{scratch.dir}/pipe",
                                           "--calls", "20"), "-p", "@PID@")
    assert report["unfinished"] == []
    assert report["totals"]["sleeps"] == load["nvcsw"] >= 20
