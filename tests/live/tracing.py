# SPDX-License-Identifier: GPL-2.0
"""The tracer around programs other than aioload, and around a load that waits for it."""
import contextlib
import json
import os
import pathlib
import re
import signal
import sys
import time

import aio
import helpers
from helpers import AIOLOAD, AIOSTALL, Program

HERE = str(pathlib.Path(__file__).resolve().parent)


def script(code, *args):
    """The command that runs code as a program that has this module."""
    path = str(pathlib.Path(__file__).resolve().parent)
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {path!r}); "
            f"import json, os, aio\n{code}", *args]


def trace(tmp, argv, *options, verb="stat", timeout=helpers.TIMEOUT):
    """`aiostall VERB OPTIONS -- ARGV`: the report or the lines; load is what argv printed."""
    out = pathlib.Path(tmp) / "report"
    out.unlink(missing_ok=True)
    done = helpers.run([helpers.AIOSTALL, verb, *options, "--format", "json", "-o", out, "--",
                        *argv], timeout)
    assert done.status in (0, 3), (done.status, done.stderr)
    text = out.read_text(encoding="utf-8")
    traced = helpers.Traced(status=done.status, stderr=done.stderr)
    traced.load = json.loads(done.stdout) if done.stdout.strip() else None
    if verb == "trace":
        traced.lines = [json.loads(line) for line in text.splitlines()]
    else:
        traced.report = json.loads(text)
    return traced


def trace_script(tmp, code, *args, options=(), verb="stat"):
    return trace(tmp, script(code, *args), *options, verb=verb)


@contextlib.contextmanager
def waiting(scratch, load_args, name="load"):
    """A load that has prepared its files; go() starts its calls, done() is what it printed."""
    ready, start = (pathlib.Path(scratch.dir, f"{name}.{end}") for end in ("ready", "start"))
    for path in (ready, start):
        path.unlink(missing_ok=True)
    with Program([AIOLOAD, *load_args, "--ready-file", ready, "--start-file", start]) as load:
        load.wait_file(ready)
        load.go = start.touch

        def done():
            ended = load.finish()
            assert ended.status == 0, ended.stderr
            return json.loads(ended.stdout)
        load.done = done
        yield load


@contextlib.contextmanager
def attached(scratch, *options, verb="stat", form="json", name="tracer"):
    """A tracer with its probes attached; report() waits for its end, stop() ends it first."""
    ready, out = (pathlib.Path(scratch.dir, f"{name}.{end}") for end in ("attached", "report"))
    for path in (ready, out):
        path.unlink(missing_ok=True)
    with Program([AIOSTALL, verb, *options, "--format", form, "-o", out,
                  "--ready-file", ready]) as tracer:
        tracer.wait_file(ready)

        def report():
            tracer.ended = tracer.finish()
            assert tracer.ended.status in (0, 3), tracer.ended.stderr
            text = out.read_text(encoding="utf-8")
            if form != "json":
                return text
            if verb == "trace":
                return [json.loads(line) for line in text.splitlines()]
            return json.loads(text)

        def stop():
            # It may have ended by itself, with its targets.
            if tracer.proc.poll() is None:
                tracer.signal(signal.SIGINT)
            return report()
        tracer.report, tracer.stop = report, stop
        yield tracer


def watch(scratch, load_args, *options):
    """Report of a tracer that attaches before the load starts and ends after it, and the load."""
    with waiting(scratch, load_args) as load:
        given = [str(o).replace("@PID@", str(load.pid)) for o in options]
        with attached(scratch, *given) as tracer:
            load.go()
            figures = load.done()
            return tracer.stop(), figures


def wait_in_submit(pid, tid=None, timeout=helpers.TIMEOUT):
    """Until that thread sleeps in io_submit."""
    task = pathlib.Path(f"/proc/{pid}/task/{tid or pid}")
    end = time.monotonic() + timeout
    while True:
        if (task / "syscall").read_text(encoding="ascii").split()[0] == str(aio.SUBMIT):
            return
        assert time.monotonic() < end, "no call to io_submit"
        time.sleep(0.005)


def turns(tracer, more=6):
    """
    Until the tracer has looked at what there is, as it does ten times a second: it sleeps between two
    looks, and a few times in one.
    """
    status = pathlib.Path(f"/proc/{tracer.pid}/status")

    def sleeps():
        return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text("ascii"), re.M)[1])
    until, end = sleeps() + more, time.monotonic() + helpers.TIMEOUT
    while sleeps() < until:
        assert time.monotonic() < end, "the tracer does not look"
        time.sleep(0.02)


def wait_path(path, timeout=helpers.TIMEOUT):
    end = time.monotonic() + timeout
    while not os.path.exists(path):
        assert time.monotonic() < end, f"no {path}"
        time.sleep(0.005)
    return pathlib.Path(path).read_text(encoding="utf-8")
