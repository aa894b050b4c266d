# SPDX-License-Identifier: GPL-2.0
"""The least set of capabilities works, each that is missing is named, and most are given up."""
import json
import os
import re
import shutil
import tempfile
import time

import pytest

from helpers import AIOLOAD, AIOSTALL, TIMEOUT, Program, run

# Who is not root mounts none; a host that has booted without systemd may have none mounted.
WITH_TRACEFS = """mountpoint -q /sys/kernel/tracing || mountpoint -q /sys/kernel/debug/tracing ||
mount -t tracefs tracefs /sys/kernel/tracing; exec "$@"
"""
LEAST = ("bpf", "perfmon", "syslog", "sys_ptrace", "dac_read_search")
BITS = {"chown": 0, "dac_override": 1, "dac_read_search": 2, "fowner": 3, "kill": 5,
        "sys_ptrace": 19, "sys_admin": 21, "bpf": 39, "checkpoint_restore": 40}


@pytest.fixture(name="public")
def public_fixture():
    """The binary where any user may run it."""
    with tempfile.TemporaryDirectory(prefix="aiostall-public-") as where:
        os.chmod(where, 0o755)
        shutil.copy(AIOSTALL, where)
        os.chmod(f"{where}/aiostall", 0o755)
        yield f"{where}/aiostall"


def as_nobody(caps, *argv):
    only = ",".join(["-all", *(f"+{cap}" for cap in caps)])
    return ["unshare", "-m", "sh", "-c", WITH_TRACEFS, "sh", "setpriv", "--reuid", "65534",
            "--clear-groups", f"--inh-caps={only}", f"--ambient-caps={only}",
            f"--bounding-set={only}", *argv]


def test_the_least_set_sees_programs_of_others(public, tmp_path):
    ready, start, path = tmp_path / "ready", tmp_path / "start", tmp_path / "file"
    with Program([AIOLOAD, "--pattern", "append", "--bs", "4k", "--batch", "1", "--calls", "53",
                  "--file", path, "--ready-file", ready, "--start-file", start]) as load:
        load.wait_file(ready)
        with tempfile.TemporaryDirectory(prefix="aiostall-out-") as out:
            os.chmod(out, 0o777)
            with Program(as_nobody(LEAST, public, "stat", "-p", load.pid, "--format", "json", "-o",
                                   f"{out}/report", "--ready-file", f"{out}/on")) as tracer:
                tracer.wait_file(f"{out}/on")
                start.touch()
                assert load.finish().status == 0
                done = tracer.finish()
            assert done.status in (0, 3) and not done.stderr, done.stderr
            with open(f"{out}/report", encoding="utf-8") as file:
                report = json.load(file)
    assert report["totals"]["submits"] == 53
    assert {file["path"] for fs in report["filesystems"] for file in fs["files"]} == {str(path)}


@pytest.mark.parametrize("missing,says", [
    ("bpf", "CAP_BPF missing"), ("perfmon", "CAP_PERFMON missing"),
    ("syslog", "kallsyms shows no kernel addresses"),
    ("dac_read_search", "CAP_DAC_READ_SEARCH is missing"),
    ("sys_ptrace", "without CAP_SYS_PTRACE .* paths")])
def test_what_is_missing_is_named(public, missing, says):
    done = run(as_nobody([cap for cap in LEAST if cap != missing], public, "stat", "-d", "200ms"))
    assert re.search(says, done.stderr), done.stderr
    assert done.status == (0 if missing == "sys_ptrace" else 1)


def caps_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    return (int(status["CapEff"], 16), int(status["CapPrm"], 16), int(status["NoNewPrivs"]))


def mask(*caps):
    return sum(1 << BITS[cap] for cap in caps)


FILES = ("chown", "dac_override", "fowner")


@pytest.mark.parametrize("options,more", [
    ((), ()), (("--user-stacks",), ("checkpoint_restore",)), (("-o", "report"), FILES),
    (("--", "sleep", "60"), ("kill",))])
def test_what_tracing_needs_no_more_is_given_up(tmp_path, options, more):
    options = [str(tmp_path / word) if word == "report" else word for word in options]
    ready = tmp_path / "ready"
    with Program([AIOSTALL, "stat", "--ready-file", ready, *options]) as tracer:
        tracer.wait_file(ready)
        keeps = mask("bpf", "sys_ptrace", "dac_read_search", *more)
        wanted, end = (keeps, keeps | mask("sys_admin"), 1), time.monotonic() + TIMEOUT
        while caps_of(tracer.pid) != wanted and time.monotonic() < end:
            time.sleep(0.01)  # it says that it is ready, and then drops what that needed
        assert caps_of(tracer.pid) == wanted


def test_few_descriptors():
    done = run(["prlimit", "--nofile=8:8", AIOSTALL, "-d", "1"])
    assert done.status == 1
    assert "not more than 8 files may be open" in done.stderr
    assert "ulimit -n 256" in done.stderr
