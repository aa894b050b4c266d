# SPDX-License-Identifier: GPL-2.0
"""Threads, processes, mounts and files that come and go while they are traced."""
import json
import os
import pathlib
import re
import shutil
import signal
import sys
import time

import pytest

import helpers
import tracing
from helpers import AIOLOAD, Program

BPFTOOL = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin")


def counts(report):
    totals = report["totals"]
    return totals["submits"], totals["requests"], totals["sleeps"]


def clean(traced):
    helpers.assert_no_loss(traced.report)
    assert traced.status == 0 and not traced.stderr


# Threads

ASLEEP = """
r, w = os.pipe()
aio.say(sys.argv[1], os.getpid())
aio.read_pipe(r)
"""


def test_killed_in_mid_call(scratch):
    """The kernel ends the call before the thread: one sleep, and nothing unmatched."""
    ready, go = f"{scratch.dir}/ready", f"{scratch.dir}/go"
    with Program(tracing.script(f"aio.wait_for({go!r})\n" + ASLEEP, ready)) as prog:
        with tracing.attached(scratch, "-p", prog.pid) as tracer:
            pathlib.Path(go).touch()
            tracing.wait_path(ready)
            tracing.wait_in_submit(prog.pid)
            time.sleep(0.3)
            prog.signal(signal.SIGKILL)
            report = tracer.report()
    assert counts(report) == (1, 1, 1)
    assert 0.25e9 < report["totals"]["blocked_ns"] <= report["capture"]["duration_ns"]
    assert report["unfinished"] == []
    assert tracer.ended.status == 0
    helpers.assert_no_loss(report)


EXEC = """
import threading
r, w = os.pipe()
def replace():
    me = os.getpid()
    while open(f"/proc/{me}/task/{me}/syscall").read().split()[0] != sys.argv[1]:
        time.sleep(0.005)
    time.sleep(0.2)
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[2], sys.argv[3]])
import time
aio.start(replace)
aio.read_pipe(r)
"""

AFTER = """
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
ctx, buf = aio.setup(8), aio.buffer()
for _ in range(5):
    aio.submit(ctx, aio.iocb(fd, aio.PWRITE, buf, 4096))
"""


def test_exec_in_another_thread(scratch):
    """The thread that execs takes over the number of the one asleep in the call."""
    after = tracing.script(AFTER)[2]
    traced = tracing.trace_script(scratch.dir, EXEC, str(tracing.aio.SUBMIT), after,
                                  f"{scratch.dir}/ram/file")
    assert counts(traced.report) == (6, 6, 1)
    assert 0.15e9 < traced.report["totals"]["blocked_ns"] <= traced.report["capture"]["duration_ns"]
    assert helpers.filesystem(traced.report, "tmpfs")["submits"] == 5
    assert helpers.filesystem(traced.report, "pipefs")["sleeps"] == 1
    assert traced.report["unfinished"] == []
    clean(traced)


ONCE = """
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
ctx, buf = aio.setup(64), aio.buffer()
def once():
    return aio.submit(ctx, aio.iocb(fd, aio.PWRITE, buf, 4096))
"""

PROCESSES = ONCE + """
for _ in range(100):
    if os.fork() == 0:
        ctx = aio.setup(1)
        once()
        os._exit(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


def test_exit_right_after(scratch):
    """Processes that end with their first call: none is missed, none is lost."""
    traced = tracing.trace_script(scratch.dir, PROCESSES, f"{scratch.dir}/ram/file")
    # they share a file, and may wait for each other
    assert counts(traced.report)[:2] == (100, 100)
    assert traced.report["totals"]["bytes"] == 100 * 4096
    clean(traced)


UNSEEN = ONCE + """
if os.fork() == 0:
    aio.say(sys.argv[2], os.getpid())
    aio.wait_for(sys.argv[3])
    other = sys.argv[4] == "and of its own" and os.fork()
    ctx = aio.setup(1)
    once()
    if other:
        os.wait()
    os._exit(0)
os.wait()
"""


def forget_process(tracer, pid):
    """As if the tracer had not seen it begin: out of the map of the command's processes."""
    found = [re.search(r"^map_id:\s*(\d+)$", info, re.M) for info in helpers.fdinfo(tracer)]
    shown = {m[1]: json.loads(helpers.run([BPFTOOL, "-j", "map", "show", "id", m[1]]).stdout) for m in found if m}
    number, = [n for n, what in shown.items() if what["name"] == "tree"]
    key = [str(b) for b in pid.to_bytes(4, sys.byteorder)]
    assert helpers.run([BPFTOOL, "map", "delete", "id", number, "key", *key]).status == 0


@pytest.mark.parametrize("children, calls", (("alone", 1), ("and of its own", 2)))
def test_children_whose_beginning_was_not_seen(scratch, children, calls):
    """Kernels skip the program of a fork now and then: they are known by their parent."""
    if not BPFTOOL:
        pytest.skip("needs bpftool")
    ready, go, out = (pathlib.Path(scratch.dir, name) for name in ("child", "go", "report"))
    with Program([helpers.AIOSTALL, "stat", "--format", "json", "-o", out, "--", *tracing.script(
            UNSEEN, f"{scratch.dir}/ram/file", ready, go, children)]) as tracer:
        tracer.wait_file(ready)
        forget_process(tracer.pid, int(ready.read_text("ascii")))
        go.touch()
        ended = tracer.finish()
    assert ended.status == 0, ended.stderr
    report = json.loads(out.read_text("utf-8"))
    assert counts(report)[:2] == (calls, calls)
    helpers.assert_no_loss(report)


SHORT_LIVED = ONCE + """
import threading
done = []
def work():
    if once() == 1:
        done.append(1)
for _ in range(40):
    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    aio.reap(ctx, 10)
print(len(done))
"""


def test_many_short_lived_threads(scratch):
    traced = tracing.trace_script(scratch.dir, SHORT_LIVED, f"{scratch.dir}/ram/file")
    assert traced.load == 400
    assert counts(traced.report)[:2] == (400, 400)
    clean(traced)


# More threads than there are records, one after the other.
IN_TURN = """
import threading
ctx, fd = aio.setup(1), os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
buf = aio.buffer()
def work():
    aio.submit(ctx, aio.iocb(fd, aio.PWRITE, buf, 512))
    aio.reap(ctx, 1)
for _ in range(int(sys.argv[2])):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
print(sys.argv[2])
"""
RECORDS = 16384


def test_records_of_threads_that_are_gone_are_given_to_others(scratch):
    traced = tracing.trace_script(scratch.dir, IN_TURN, f"{scratch.dir}/ram/file", str(RECORDS + 600))
    assert counts(traced.report)[:2] == (RECORDS + 600, RECORDS + 600)
    clean(traced)


REUSE = """
import signal
LAST = "/proc/sys/kernel/ns_last_pid"
r, w = os.pipe()
def child(first):
    pid = os.fork()
    if pid == 0:
        if first:
            aio.read_pipe(r)
        else:
            ctx, fd = aio.setup(1), os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
            aio.submit(ctx, aio.iocb(fd, aio.PWRITE, aio.buffer(), 512))
        os._exit(0)
    return pid
def asleep(pid):
    return open(f"/proc/{pid}/syscall").read().split()[0] == sys.argv[2]
rounds = again = 0
while again < 3 and rounds < 60:
    rounds += 1
    first = child(True)
    while not asleep(first):
        pass
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    with open(LAST, "w") as last:
        last.write(str(first - 1))
    second = child(False)
    os.waitpid(second, 0)
    again += first == second
print(json.dumps([rounds, again]))
"""


def test_pid_reuse(scratch):
    """A process with the number of one that was killed in its call is another one."""
    if not os.path.exists("/proc/sys/kernel/ns_last_pid"):
        pytest.skip("needs CONFIG_CHECKPOINT_RESTORE to choose process ids")
    traced = tracing.trace_script(scratch.dir, REUSE, f"{scratch.dir}/ram/file",
                                  str(tracing.aio.SUBMIT))
    rounds, again = traced.load
    if not again:
        pytest.skip("needs a process id to come again; others took them")
    assert counts(traced.report) == (2 * rounds, 2 * rounds, rounds)
    assert helpers.filesystem(traced.report, "tmpfs")["sleeps"] == 0
    assert helpers.filesystem(traced.report, "tmpfs")["submits"] == rounds
    clean(traced)


def test_tracing_ends_in_mid_calls(scratch):
    """Threads inside calls at both ends of the tracing: no number that cannot be."""
    with tracing.waiting(scratch, ("--pattern", "pipe", "--file", f"{scratch.dir}/pipe",
                                   "--threads", "8", "--calls", "100000")) as load:
        load.go()
        for i in range(3):
            with tracing.attached(scratch, "-p", load.pid, "-d", "300ms") as tracer:
                report = tracer.report()
            totals, loss = report["totals"], report["loss"]
            assert tracer.ended.status == 0, (i, tracer.ended.stderr)
            helpers.assert_no_loss(report)
            assert totals["submits"] > 8
            # calls that ended, each with one sleep; a sleep of which the call did not, or began before
            assert abs(totals["sleeps"] - totals["submits"]) <= 16
            assert len(report["unfinished"]) <= 8 and loss["before_tracing"] <= 8
            assert totals["blocked_ns"] <= 8 * report["capture"]["duration_ns"]
            parts = sum(totals[part] for part in ("on_cpu_ns", "blocked_ns", "runqueue_ns",
                                                  "preempted_ns"))
            assert abs(parts - totals["wall_ns"]) <= max(totals["wall_ns"] // 1000, 2000)


# Mounts and files

WRITER = """
for path, go in zip(sys.argv[1::2], sys.argv[2::2]):
    aio.wait_for(go)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_DSYNC, 0o600)
    ctx = aio.setup(4)
    for i in range(4):
        aio.submit(ctx, aio.iocb(fd, aio.PWRITE, aio.buffer(), 4096, i * 4096))
    aio.reap(ctx, 4)
    os.close(fd)
    aio.say(go + ".done", "yes")
"""


def test_mount_and_unmount_while_tracing(scratch):
    """Filesystems that were mounted after the start, one after the other at the same place."""
    go = [f"{scratch.dir}/go{i}" for i in range(2)]
    where = f"{scratch.dir}/mnt/place"
    argv = tracing.script(WRITER, f"{where}/file", go[0], f"{where}/file", go[1])
    places = []
    with Program(argv) as prog:
        with tracing.attached(scratch, "-p", prog.pid) as tracer:
            for step, fstype in zip(go, ("ext4", "btrfs")):
                places.append(scratch.fs(fstype, "place", "128M"))
                pathlib.Path(step).touch()
                tracing.wait_path(step + ".done")
                tracing.turns(tracer)  # it looks at mounts and names when it takes events
                scratch.do(f"umount {where}; rm -f $SCRATCH/ram/place.img")
            assert prog.finish().status == 0
            report = tracer.report()
    for place, fstype in zip(places, ("ext4", "btrfs")):
        row = helpers.filesystem(report, fstype, where)
        assert (row["submits"], row["bytes"]) == (4, 4 * 4096)
        assert row["device_name"] == os.path.basename(place.dev)
        assert row["sleeps"] > 0
        assert {file["path"] for file in row["files"]} == {f"{where}/file"}
    assert report["totals"]["submits"] == 8
    helpers.assert_no_loss(report)


def test_file_deleted_while_stalled(scratch):
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    path = f"{place.mnt}/file"
    args = ("--pattern", "buffered-read", "--calls", "2", "--size", "1M", "--file", path)
    helpers.aioload("--prepare", *args)
    scratch.remount(place)
    with tracing.waiting(scratch, (*args, "--no-prepare")) as load:
        scratch.delay(place, hold=1)
        with tracing.attached(scratch, "-p", load.pid) as tracer:
            load.go()
            tracing.wait_in_submit(load.pid)
            # not to the device: the directory is in memory, the journal waits
            os.unlink(path)
            scratch.delay(place, hold=0)
            load.done()
            report = tracer.report()
    row = helpers.filesystem(report, "ext4", place.mnt)
    assert row["submits"] == 2 and row["sleeps"] >= 1
    paths = {file["path"] for file in row["files"]}
    assert len(paths) == 1 and paths <= {path, f"{path} (deleted)"}, paths
    helpers.assert_no_loss(report)


# User stacks

def test_user_stacks(scratch):
    """The function of the program that called, with the name of its binary."""
    load = ("--pattern", "pipe", "--file", f"{scratch.dir}/pipe", "--calls", "300")
    for options, shown in ((("--user-stacks",), True), ((), False)):
        report, _ = tracing.watch(scratch, load, "-p", "@PID@", *options)
        (row,) = report["filesystems"]
        stacks = [stack for cause in row["causes"] for stack in cause["stacks"]]
        frames = [frame for stack in stacks for frame in stack.get("user_frames", [])]
        assert bool(frames) == shown
        if shown:
            names = function_names()
            binaries, functions = zip(*[frame.split("`") for frame in frames if "`" in frame])
            assert "aioload" in binaries
            assert {function.split("+")[0] for function in functions} & names, frames


def function_names():
    out = helpers.run(["nm", "--defined-only", AIOLOAD])
    names = {line.split()[2] for line in out.stdout.splitlines() if line.split()[1] in "tT"}
    assert "main" in names
    return names
