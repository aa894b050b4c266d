# SPDX-License-Identifier: GPL-2.0
"""
What the tracer asks of the kernel while it reads counters. During a system call on a BPF map a
preemptible kernel skips kprobe programs on that CPU, ours among them.
"""
import collections
import pathlib
import re
import shutil
import subprocess

import pytest

import tracing

TRIES = 8
CALL = re.compile(r"\bbpf\((BPF_\w+)")


def calls_of(strace, pid, seconds, out):
    """bpf(2), by its commands."""
    subprocess.run(["timeout", "-s", "INT", str(seconds), strace, "-f", "-e", "trace=bpf", "-o", out,
                    "-p", str(pid)], stderr=subprocess.DEVNULL, check=False)
    return collections.Counter(CALL.findall(pathlib.Path(out).read_text(encoding="utf-8")))


def test_counters_are_read_without_calls_on_maps(scratch):
    strace = shutil.which("strace") or pytest.skip("needs strace")
    load_args = ["--pattern", "pipe", "--calls", "12001", "--feed-delay-us", "1000"]
    with tracing.waiting(scratch, load_args) as load:
        with tracing.attached(scratch, "-p", load.pid, "-i", "10ms") as tracer:
            load.go()
            # the stacks and names of these calls, which take a call each, are known at some time
            for _ in range(TRIES):
                calls = calls_of(strace, tracer.pid, 1, pathlib.Path(scratch.dir, "strace"))
                intervals = calls.pop("BPF_OBJ_GET_INFO_BY_FD", 0)
                if intervals > 10 and calls.total() < intervals / 4:
                    break
            tracer.stop()
    # once an interval, and for each program of an entry
    assert intervals > 10
    assert calls.total() < intervals / 4, calls
