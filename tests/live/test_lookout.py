# SPDX-License-Identifier: GPL-2.0
"""Who could call io_submit at all: said at once, and where nothing was seen."""
import contextlib
import pathlib
import subprocess
import sys

import pytest

import helpers
from helpers import AIOSTALL

SETUP = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
if "ring" in sys.argv:
    fd = libc.syscall(425, 8, (ctypes.c_char * 120)())
    if fd < 0:
        sys.exit("no ring: errno %d" % ctypes.get_errno())
if "context" in sys.argv:
    ctx = ctypes.c_ulong(0)
    assert libc.syscall(206, 8, ctypes.byref(ctx)) == 0
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def process(*what):
    with subprocess.Popen([sys.executable, "-c", SETUP, *what], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as proc:
        if proc.stdout.readline() != "ready\n":
            pytest.skip(f"io_uring: {proc.stderr.read().strip()}")
        yield proc
        proc.stdin.close()


def stat(*args):
    return subprocess.run([AIOSTALL, *map(str, args)], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=helpers.TIMEOUT, check=False,
                          env=helpers.environment())


def test_a_process_that_uses_io_uring_instead():
    with process("ring") as proc:
        done = stat("-p", proc.pid, "-d", "200ms", "--api", "aio")
        words = f"(pid {proc.pid}) uses io_uring and has no aio context"
        assert words in done.stderr
        assert "No io_submit call was seen" in done.stdout
        assert words in " ".join(done.stdout.split())


def test_at_once_and_not_at_the_end():
    with process("ring") as proc:
        with subprocess.Popen([AIOSTALL, "--api", "aio", "-p", str(proc.pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=helpers.environment()) as tracer:
            assert "uses io_uring" in tracer.stderr.readline()
            assert tracer.poll() is None
            tracer.terminate()
            tracer.communicate(timeout=helpers.TIMEOUT)


def test_io_uring_is_no_news_where_it_is_traced():
    with process("ring") as proc:
        done = stat("-p", proc.pid, "-d", "200ms")
        assert done.stderr == ""
        assert "nor a request of io_uring" in done.stdout


def test_a_process_that_has_a_context_gets_no_warning():
    with process("ring", "context") as proc:
        done = stat("-p", proc.pid, "-d", "200ms")
        assert done.stderr == ""
        assert f"(pid {proc.pid}) has 1 aio context" in " ".join(done.stdout.split())


def test_a_process_that_uses_neither():
    with process() as proc:
        done = stat("-p", proc.pid, "-d", "200ms")
        assert done.stderr == ""
        assert f"(pid {proc.pid}) has no aio context" in " ".join(done.stdout.split())


@pytest.mark.parametrize("api, told", (("all", True), ("aio", False)))
def test_a_host_that_refuses_rings(api, told):
    switch = pathlib.Path("/proc/sys/kernel/io_uring_disabled")
    if not switch.exists():
        pytest.skip("needs kernel.io_uring_disabled (6.6)")
    before = switch.read_text(encoding="ascii")
    with process("context") as proc:
        try:
            switch.write_text("2", encoding="ascii")
            done = stat("-p", proc.pid, "-d", "200ms", "--api", api)
        finally:
            switch.write_text(before, encoding="ascii")
    # nothing else is lost by it
    assert done.returncode == 0 and done.stderr == ""
    assert ("kernel.io_uring_disabled is 2" in " ".join(done.stdout.split())) == told
