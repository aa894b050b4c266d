# SPDX-License-Identifier: GPL-2.0
"""--probe submit=none: sleeps are seen without a program at the entry of any system call."""
import json
import os
import signal
import time

import pytest

import helpers
import tracing

NONE = ("--probe", "submit=none")
CALLS = 53
SWITCH_NS = 40_000
TRIES = 5
UNKNOWN = ("submits", "submits_blocked", "requests", "wall_ns", "on_cpu_ns", "preempted_ns",
           "submit_errors", "short_submits", "bytes", "submit_ns", "ctxsw_per_io", "blocked_share")


def append(fs, *more):
    return ["--pattern", "append", "--file", f"{fs.mnt}/f", "--calls", str(CALLS), *more]


@pytest.fixture(name="ext4")
def ext4_fixture(scratch):
    helpers.need_fs("ext4")
    return scratch.fs("ext4", size="64M")


def test_agreement(scratch, ext4):
    traced = helpers.trace_pid(scratch.dir, "stat", append(ext4, "--threads", "2"), NONE)
    row = helpers.filesystem(traced.report, "ext4", ext4.mnt)
    assert traced.status == 0
    assert row["sleeps"] == traced.report["totals"]["sleeps"] == traced.load["nvcsw"] >= CALLS
    # one read of a bitmap may take longer than all appends together
    assert max(row["causes"], key=lambda cause: cause["sleeps"])["id"] == "ext4.dio_sync"
    assert sum(cause["sleeps"] for cause in row["causes"]) == row["sleeps"]
    assert traced.report["capture"]["probes"]["submit"] == "none"
    for part in (row, traced.report["totals"]):
        assert {key: part[key] for key in UNKNOWN} == dict.fromkeys(UNKNOWN)
        assert part["blocked_ns"] > 0 and set(part["ops"].values()) == {None}


def test_requests_of_a_batch(scratch, ext4):
    """Each of a batch of appends sleeps, in the order of the batch."""
    batch = 8
    traced = helpers.trace_pid(scratch.dir, "trace", append(ext4, "--batch", str(batch)), NONE)
    stalls = traced.of_type("stall")
    assert len(stalls) == traced.load["nvcsw"] >= CALLS * batch // 2
    assert [s for s in stalls if s["request"] != "scanned"] == []
    for stall in stalls:
        assert stall["nr"] == batch
        assert stall["index"] == stall["offset"] // 4096 % batch
        assert stall["held_up_requests"] == batch - 1 - stall["index"]


def test_run_queue_time(scratch):
    """Two hogs a CPU: who is woken has to wait for one."""
    load = ["--pattern", "pipe", "--calls", str(CALLS), "--hogs", str(2 * os.cpu_count())]
    for _ in range(TRIES):
        traced = helpers.trace_pid(scratch.dir, "stat", load, NONE)
        totals = traced.report["totals"]
        # for the lock of the pipe, which its peer holds for a moment, a call may sleep once more
        assert totals["sleeps"] == traced.load["nvcsw"] >= CALLS
        # The kernel's clock stops on the way into the scheduler, the tracer's on the way out; and begins
        # when the thread is queued, which is late where its virtual CPU has to wait for the wake-up.
        most = traced.load["run_delay_ns"] + totals["sleeps"] * SWITCH_NS
        if totals["runqueue_ns"] <= most:
            break
    assert 0 < totals["runqueue_ns"] <= most


@pytest.mark.parametrize("wanted", (True, False))
def test_filter_by_filesystem(scratch, ext4, wanted):
    option = ["--fs", "ext4" if wanted else "xfs"]
    traced = tracing.watch(scratch, append(ext4), "-p", "@PID@", *NONE, *option)
    report, load = traced
    assert report["totals"]["sleeps"] == (load["nvcsw"] if wanted else 0)
    assert len(report["filesystems"]) == wanted


STOPPED = """
import signal
ctx = aio.setup(1)
ends = os.pipe()
aio.say(sys.argv[1], ends[1])
rc = aio.submit(ctx, aio.iocb(ends[0], aio.PREAD, aio.buffer(), 4096))
print(json.dumps({"rc": rc, "res": aio.reap(ctx, 1)}))
"""


def test_sleep_on_the_way_out_of_the_call(scratch):
    """A thread that is stopped leaves io_submit first, with its registers: that sleep is not one of the call."""
    said = f"{scratch.dir}/said"
    with helpers.Program(tracing.script(STOPPED, said)) as prog:
        tracing.wait_path(said)
        tracing.wait_in_submit(prog.pid)
        with tracing.attached(scratch, "-p", prog.pid, *NONE) as tracer:
            # what slept before tracing began is woken; the stop is all that is left to be seen
            prog.signal(signal.SIGSTOP)
            end = time.monotonic() + helpers.TIMEOUT
            while open(f"/proc/{prog.pid}/stat", encoding="ascii").read().split()[2] != "T":
                assert time.monotonic() < end, "it does not stop"
            prog.signal(signal.SIGCONT)
            ended = prog.finish()
            report = tracer.stop()
    assert json.loads(ended.stdout)["rc"] == 1, ended.stdout
    assert report["totals"]["sleeps"] == 0
    assert report["filesystems"] == []
    helpers.assert_no_loss(report)


def test_no_system_call_is_watched(scratch):
    report, _ = tracing.watch(scratch, ["--pattern", "pipe", "--calls", "7"], "-p", "@PID@",
                              "--self", *NONE)
    names = {program["name"] for program in report["self"]["programs"]}
    assert names == {"switch_unwatched", "waking_task", "exit_raw_tp"}


def test_still_asleep(scratch):
    """A sleep that does not end has its stack and age."""
    with tracing.attached(scratch, *NONE) as tracer:
        said = f"{scratch.dir}/said"
        with helpers.Program(tracing.script(STOPPED, said)) as prog:
            tracing.wait_path(said)
            tracing.wait_in_submit(prog.pid)
            report = tracer.stop()
            mine = [u for u in report["unfinished"] if u["pid"] == prog.pid]
    assert len(mine) == 1 and mine[0]["age_ns"] > 0
    assert mine[0]["cause"] == "pipe.empty", mine


def test_recording_is_read_but_not_compared(scratch, ext4):
    """What a comparison divides by was not counted."""
    db = f"{scratch.dir}/sleeps.db"
    done = helpers.run([helpers.AIOSTALL, "record", *NONE, "-o", db, "--", helpers.AIOLOAD,
                        *append(ext4)])
    assert done.status == 0, done.stderr
    report = helpers.run([helpers.AIOSTALL, "report", "--format", "json", db])
    totals = json.loads(report.stdout)["totals"]
    assert totals["sleeps"] > 0 and totals["submits"] is None
    text = helpers.run([helpers.AIOSTALL, "report", "--by", "fs", db])
    assert "submits" not in text.stdout
    diff = helpers.run([helpers.AIOSTALL, "diff", db, db])
    assert diff.status == 1 and "submit=none" in diff.stderr
