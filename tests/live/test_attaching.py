# SPDX-License-Identifier: GPL-2.0
"""What a start and a stop ask of the kernel: their time is in a few system calls."""
import collections
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

LARGE = ("/sys/kernel/btf/vmlinux", "/proc/kallsyms")
ID = re.compile(r"^(prog|map|link)_id:\s*(\d+)$", re.M)


def start_calls(out, *args):
    """The lines of a start and a stop, each with its thread in front."""
    strace = shutil.which("strace") or pytest.skip("needs strace")
    subprocess.run([strace, "-f", "-e", "trace=openat,bpf", "-o", out, helpers.AIOSTALL, "-d", "10ms",
                    "-p", str(os.getpid()), *args], stdout=subprocess.DEVNULL, check=True,
                   timeout=helpers.TIMEOUT)
    return out.read_text(encoding="utf-8").splitlines()


def test_types_and_symbols_are_read_once(scratch):
    lines = start_calls(pathlib.Path(scratch.dir, "strace"))
    opened = collections.Counter(path for line in lines for path in LARGE
                                 if "openat(" in line and f'"{path}"' in line)
    # a kernel that cannot map its types has them opened a second time, to be read
    assert opened["/proc/kallsyms"] == 1 and opened["/sys/kernel/btf/vmlinux"] <= 2, opened


def test_large_programs_are_loaded_beside_each_other(scratch):
    lines = start_calls(pathlib.Path(scratch.dir, "strace"))
    large = [line for line in lines if "BPF_PROG_LOAD" in line
             and int(re.search(r"insn_cnt=(\d+)", line)[1]) > 1000]
    threads = {line.split()[0] for line in large}
    assert len(large) > 3 and len(threads) == min(len(large), os.cpu_count()), (len(large), threads)
    # the largest first: nobody waits in the end for one that began last
    sizes = [int(re.search(r"insn_cnt=(\d+)", line)[1]) for line in large]
    assert max(sizes[:len(threads)]) == max(sizes) and sizes[-1] != max(sizes), sizes


def ids_of(pid):
    return {found for text in helpers.fdinfo(pid) for found in ID.findall(text)}


def left_of(ids):
    return {(kind, number) for kind, number in ids
            if subprocess.run(["bpftool", kind, "show", "id", number], capture_output=True,
                              check=False).returncode == 0}


def test_nothing_is_left_in_the_kernel(scratch):
    if not shutil.which("bpftool"):
        pytest.skip("needs bpftool")
    with tracing.attached(scratch, "-d", "60s") as tracer:
        ids = ids_of(tracer.pid)
        assert {kind for kind, _ in ids} == {"prog", "map", "link"}
        assert left_of(ids) == ids
        tracer.stop()
    links = {each for each in ids if each[0] == "link"}
    # with the process gone no program is attached; the kernel frees the rest when it has time to
    assert not left_of(links)
    deadline = time.monotonic() + 20
    while left_of(ids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left_of(ids)


def test_stopped_and_continued_all_the_time(tmp_path):
    """The verifier gives up where a signal is pending; the programs are loaded all the same."""
    ready = tmp_path / "ready"
    with helpers.Program([helpers.AIOSTALL, "-p", os.getpid(), "--ready-file", ready]) as tracer:
        end = time.monotonic() + helpers.TIMEOUT
        while tracer.proc.poll() is None and not ready.exists():
            assert time.monotonic() < end, "it does not get ready"
            for number in (signal.SIGSTOP, signal.SIGCONT):
                tracer.signal(number)
                time.sleep(0.003)
        tracer.signal(signal.SIGINT)
        done = tracer.finish()
    assert ready.exists() and done.status == 0, done.stderr
