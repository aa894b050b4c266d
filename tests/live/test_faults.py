# SPDX-License-Identifier: GPL-2.0
"""The host does something unusual while calls are traced: none of them is lost, none counted twice."""
import contextlib
import os
import pathlib
import signal
import threading
import time

import pytest

import helpers
import tracing

THREADS = 4
CPUS = pathlib.Path("/sys/devices/system/cpu")
STOPPED_S = 10


def bound_programs():
    """Names of programs that may not run everywhere: a CPU that goes would set them free for good."""
    everywhere = set(range(os.cpu_count()))
    for task in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            # kernel threads have no program, and the kernel looks after them
            if os.readlink(task / "exe") and os.sched_getaffinity(int(task.name)) != everywhere:
                yield (task / "comm").read_text(encoding="utf-8", errors="replace").strip()


def removable_cpu():
    """The switch of a CPU that may go for a moment; skips where there is none."""
    helpers.need_cpus(2)
    switches = sorted(CPUS.glob("cpu[0-9]*/online"))
    if not switches:
        pytest.skip("needs a CPU that can be taken offline")
    bound = sorted(set(bound_programs()))
    if bound:
        pytest.skip(f"a CPU is not taken from programs that are bound to some: {', '.join(bound)}")
    return switches[-1]


@contextlib.contextmanager
def coming_and_going(switch):
    """The CPU goes and comes; gone is how many times it did."""
    gone, stop = [], threading.Event()

    def turn():
        while not stop.is_set():
            switch.write_text("0", encoding="ascii")
            stop.wait(0.05)
            switch.write_text("1", encoding="ascii")
            gone.append(time.monotonic())
            stop.wait(0.05)

    turner = threading.Thread(target=turn)
    turner.start()
    try:
        yield gone
    finally:
        stop.set()
        turner.join()
        switch.write_text("1", encoding="ascii")


def pipe_load(scratch, calls, feed_us, threads=THREADS):
    return ("--pattern", "pipe", "--file", f"{scratch.dir}/pipe", "--threads", str(threads),
            "--calls", str(calls), "--feed-delay-us", str(feed_us))


def check_exact(report, figures, ended, calls):
    assert figures["submits"] == calls
    totals = report["totals"]
    assert (totals["submits"], totals["sleeps"]) == (figures["submits"], figures["nvcsw"])
    helpers.assert_no_loss(report)
    assert not report["unfinished"]
    assert ended.status == 0, ended.stderr


def test_cpu_goes_and_comes(scratch):
    switch = removable_cpu()
    # so many that one of them is next whenever the CPU's own thread has done its work
    calls, threads = 1003, 16
    with tracing.waiting(scratch, pipe_load(scratch, calls, 1000, threads)) as load, \
         tracing.attached(scratch, "-p", load.pid) as tracer:
        with coming_and_going(switch) as gone:
            load.go()
            figures = load.done()
        report = tracer.report()
    assert len(gone) >= 2, "the load was over before the CPU was gone"
    check_exact(report, figures, tracer.ended, threads * calls)


def test_nobody_reads_for_ten_seconds(scratch):
    """The default ring, and calls of all that time."""
    calls = 4001
    with tracing.waiting(scratch, pipe_load(scratch, calls, -(-STOPPED_S * 1000000 // calls))) as load, \
         tracing.attached(scratch, "-p", load.pid) as tracer:
        tracer.signal(signal.SIGSTOP)
        began = time.monotonic()
        load.go()
        figures = load.done()
        assert time.monotonic() - began >= STOPPED_S
        tracer.signal(signal.SIGCONT)
        report = tracer.report()
    check_exact(report, figures, tracer.ended, THREADS * calls)
    # the peer of each pipe waits until the call sleeps; for the lock of the pipe it may sleep once more
    assert report["totals"]["submits_blocked"] == THREADS * calls


def test_complaints_of_the_kernel_about_itself():
    """What ends a test as failed: not what some program of the host did meanwhile."""
    own = ["4,1,2,-;BUG: unable to handle page fault for address: 0000000000001000\n",
           "4,1,2,-;Oops: general protection fault, probably for non-canonical address 0x1\n",
           "4,1,2,-;WARNING: CPU: 0 PID: 1 at kernel/sched/core.c:1\n"]
    other = ["6,1,2,-;traps: int80[1627] general protection fault ip:40156f sp:7f error:402\n",
             "6,1,2,-;EXT4-fs (loop0): mounted filesystem\n"]
    assert helpers.splats(own + other) == own
