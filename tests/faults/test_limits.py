# SPDX-License-Identifier: GPL-2.0
"""Limits of the caller (setrlimit): enough, or an error that says what is missing; nothing in part."""
import re
import resource

import pytest

MIB = 1 << 20
READING = [(resource.RLIMIT_NOFILE, n) for n in (4, 5, 6, 8, 10, 16, 32)] + \
          [(resource.RLIMIT_AS, n * MIB) for n in (8, 12, 16, 24, 48)] + \
          [(resource.RLIMIT_DATA, n * MIB) for n in (1, 4, 8)] + \
          [(resource.RLIMIT_STACK, n << 10) for n in (256, 1024)]
TRACING = [(resource.RLIMIT_NOFILE, n) for n in (4, 8, 16, *range(24, 41), 48, 56, 64, 256)] + \
          [(resource.RLIMIT_AS, n * MIB) for n in (8, 16, 24, 32, 48, 64)] + \
          [(resource.RLIMIT_MEMLOCK, n) for n in (0, 65536)]
NAMES = {getattr(resource, n): n for n in dir(resource) if n.startswith("RLIMIT_")}


def named(limits):
    return [pytest.param(what, value, id=f"{NAMES[what][7:].lower()}-{value}")
            for what, value in limits]


def limited(what, value):
    return {"preexec_fn": lambda: resource.setrlimit(what, (value, value))}


def check_said(done):
    assert done.returncode == 1, done
    assert re.match(rb"aiostall: .+", done.stderr), done.stderr


@pytest.mark.parametrize("what,value", named(READING))
@pytest.mark.parametrize("verb", ["report", "diff"])
def test_reading(root, recordings, run, verb, what, value):
    argv = [root / "build" / "aiostall", verb, "--format", "json", recordings["A"],
            recordings["B"]]
    whole = run(argv)
    done = run(argv, **limited(what, value))
    if done.returncode != whole.returncode:
        check_said(done)
    else:
        assert done.stdout == whole.stdout


@pytest.mark.parametrize("form,size", [("json", 0), ("json", 100), ("json", 4096), ("text", 0), ("text", 100),
                                       ("csv", 0), ("folded", 0)])
def test_output_may_not_grow(root, recordings, run, tmp_path, form, size):
    """Also what is in a buffer until the end."""
    out = tmp_path / "out"
    done = run([root / "build" / "aiostall", "report", "--format", form, "-o", out,
                recordings["A"]], **limited(resource.RLIMIT_FSIZE, size))
    check_said(done)
    assert b"File too large" in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("what,value", named(TRACING))
def test_tracing(live, root, run, what, value):
    done = run([root / "build" / "aiostall", "stat", "-d", "50ms"], **limited(what, value))
    if done.returncode not in (0, 3):
        check_said(done)
    if what == resource.RLIMIT_NOFILE and done.returncode == 1:
        assert b"ulimit -n" in done.stderr, done.stderr


@pytest.mark.parametrize("size", [0, 20000, 90000])
def test_recording_may_not_grow(live, root, run, tmp_path, size):
    """Like a disk that is full: the command runs to its end, and the status says that it is not all."""
    binary, out = root / "build" / "aiostall", tmp_path / "run.db"
    done = run([binary, "record", "--events", "-o", out, "--", root / "build/tools/aioload",
                "--pattern", "pipe", "--file", tmp_path / "pipe", "--calls", "4000",
                "--feed-delay-us", "100", "--ready-file", tmp_path / "ran"],
               **limited(resource.RLIMIT_FSIZE, size))
    assert done.stderr.startswith(b"aiostall: cannot write "), done.stderr
    assert (tmp_path / "ran").exists() or not size
    readable = out.exists() and run([binary, "report", out]).returncode in (0, 3)
    assert done.returncode == (3 if readable else 1), done
