# SPDX-License-Identifier: GPL-2.0
"""Who submitted: two clients of one filesystem are told apart, and failed calls have their errno."""
import datetime
import json
import re
import subprocess
import time

import helpers
import tracing
from helpers import AIOLOAD, AIOSTALL

SUMS = ("submits", "submits_blocked", "requests", "sleeps", "blocked_ns")

FAILING = """
ctx = aio.setup(4)
for _ in range(3):
    assert aio.submit(ctx, aio.iocb(999, aio.PREAD)) == -9
for _ in range(5):
    assert aio.submit_raw(0x1000, 1, 0) == -22
read, write = os.pipe()
os.write(write, b"x")
assert aio.submit(ctx, aio.iocb(read, aio.PREAD, aio.buffer(), 1)) == 1
"""


def two_clients(scratch):
    mnt = scratch.fs("ext4", slow=True).mnt
    return ["sh", "-c", f"{AIOLOAD} --file {mnt}/a --size 4M --calls 101 --pattern append --batch 2 >/dev/null"
            f" & {AIOLOAD} --file {mnt}/b --size 4M --calls 307 --pattern overwrite --batch 3"
            " --threads 2 >/dev/null & wait"]


def test_two_clients_of_one_filesystem(tmp_path, scratch):
    report = tracing.trace(tmp_path, two_clients(scratch)).report
    clients = report["processes"]
    assert [c["comm"] for c in clients] == ["aioload", "aioload"]
    grows, quiet = sorted(clients, key=lambda c: c["submits"])
    assert grows["submits"] == 101 and grows["requests"] == 202
    assert grows["cause"] == "ext4.dio_sync" and grows["ctxsw_per_io"] > 0.5
    assert grows["on"]["fstype"] == "ext4"
    assert quiet["submits"] == 614 and quiet["requests"] == 3 * 614
    for name in SUMS:
        assert sum(c[name] for c in clients) == report["totals"][name], name
    assert all(c["cgroup"].startswith("/") for c in clients)


def test_a_process_that_lives_on(scratch):
    """Its threads' figures are taken from where they are counted, with its own name."""
    mnt = scratch.fs("ext4").mnt
    load = ["--file", f"{mnt}/a", "--size", "4M", "--calls", "53", "--pattern", "append",
            "--threads", "3"]
    report, _ = tracing.watch(scratch, load, "-p", "@PID@")
    assert len(report["processes"]) == 1
    for name in SUMS:
        assert report["processes"][0][name] == report["totals"][name], name


def test_failed_calls_have_their_errno(tmp_path):
    report = tracing.trace_script(tmp_path, FAILING).report
    assert report["totals"]["submit_errors"] == 8
    assert report["totals"]["errors"] == [{"errno": "EINVAL", "number": 22, "submits": 5},
                                          {"errno": "EBADF", "number": 9, "submits": 3}]


def test_a_recording_tells_who_and_what_failed(tmp_path, scratch):
    """As stat does; of the whole file only, and not where --keep has left a part of it."""
    def recorded(argv, *options):
        done = helpers.run([AIOSTALL, "record", *options, "-o", tmp_path / "run.db", "--", *argv])
        assert done.status in (0, 3), done.stderr
        return lambda *args: json.loads(helpers.run(
            [AIOSTALL, "report", "--format", "json", *args, tmp_path / "run.db"]).stdout)
    report = recorded(two_clients(scratch))
    whole = report()
    clients = sorted(whole["processes"], key=lambda c: c["submits"])
    assert [c["submits"] for c in clients] == [101, 614]
    assert [c["requests"] for c in clients] == [202, 3 * 614]
    for name in SUMS:
        assert sum(c[name] for c in clients) == whole["totals"][name], name
    assert all(c["comm"] == "aioload" and c["cgroup"].startswith("/") for c in clients)
    (one,) = report("-p", clients[0]["pid"])["processes"]
    assert one == clients[0]
    assert all(p["submits"] is None for p in report("--until", "10m")["processes"])
    assert recorded(tracing.script(FAILING))()["totals"]["errors"] == [
        {"errno": "EINVAL", "number": 22, "submits": 5}, {"errno": "EBADF", "number": 9, "submits": 3}]
    assert recorded(tracing.script(FAILING), "--keep", "1h")()["totals"]["errors"] == [
        {"errno": None, "number": 0, "submits": 8}]


def test_the_text_names_them(tmp_path, scratch):
    def text(argv):
        done = subprocess.run([AIOSTALL, "--", *argv], stdout=subprocess.PIPE, timeout=helpers.TIMEOUT,
                              check=True, env=helpers.environment(), text=True)
        return done.stdout
    lines = text(two_clients(scratch)).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("PROCESS"))
    clients = lines[at + 1:at + 3]
    assert all(line.startswith("aioload") for line in clients)
    assert any("ext4.dio_sync" in line for line in clients)
    assert max(map(len, lines)) <= 80
    assert "FAILED: 8 submits: 5 EINVAL, 3 EBADF" in text(tracing.script(FAILING))


def test_times_of_day(tmp_path, scratch):
    """On both clocks, and near now on either; in text the time of day, with --time=mono the other."""
    mnt = scratch.fs("ext4").mnt
    load = [AIOLOAD, "--file", f"{mnt}/a", "--size", "4M", "--calls", "23", "--pattern", "append"]
    before = datetime.datetime.now(datetime.timezone.utc)
    mono_ns = time.monotonic_ns()
    traced = tracing.trace(tmp_path, load, verb="trace")
    worst = tracing.trace(tmp_path, load).report["filesystems"][0]["causes"][0]["worst"]
    after, mono_after_ns = datetime.datetime.now(datetime.timezone.utc), time.monotonic_ns()
    ends = [line for line in traced.lines if line["type"] == "stall"] + [worst]
    assert len(ends) > 1
    for line in ends:
        at = datetime.datetime.fromisoformat(line.get("end") or line["began"])
        assert before <= at <= after
        assert mono_ns < line["end_ns"] < mono_after_ns
    for clock, shape in (("wall", r"[0-2]\d:[0-5]\d:[0-5]\d\.\d{3} "), ("mono", r"\d{5}\.\d{3} ")):
        done = helpers.run([AIOSTALL, "trace", "--time", clock, "-o", tmp_path / clock, "--", *load])
        assert done.status == 0, done.stderr
        lines = (tmp_path / clock).read_text(encoding="utf-8").splitlines()
        assert len(lines) > 1 and all(re.match(shape, line) for line in lines[1:]), lines
    assert helpers.run([AIOSTALL, "trace", "--time", "utc"]).status == 2


def test_interval_lines_name_where_and_why(scratch):
    place = scratch.fs("ext4", slow=True)
    mnt = place.mnt
    # for longer than an interval, on a machine however fast
    scratch.delay(place, write=5000)
    done = helpers.run([AIOSTALL, "-i", "200ms", "--", AIOLOAD, "--file", f"{mnt}/a", "--size", "4M",
                        "--calls", "300", "--pattern", "append"])
    assert done.status == 0, done.stderr
    lines = done.stdout[:done.stdout.index("aiostall on ")].splitlines()
    assert any(re.search(r" ext4 \S+: ext4\.dio_sync$", line) for line in lines), lines


CROWD = r"""
/* crowd N: N processes one after another, each with one call that is refused; a pause behind each 500. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	for (long i = 1; argc == 2 && i <= atol(argv[1]); i++) {
		if (!vfork()) {
			syscall(SYS_io_submit, 0x1000, 1, 0);
			_exit(0);
		}
		wait(NULL);
		if (!(i % 500))
			usleep(500000);
	}
	return 0;
}
"""


def test_processes_that_are_gone_make_room(tmp_path):
    """More than the kernel's tables hold, of processes (4096) and of their errors (1024)."""
    source, crowd = tmp_path / "crowd.c", tmp_path / "crowd"
    source.write_text(CROWD, encoding="ascii")
    subprocess.run(["gcc", "-O", "-o", crowd, source], check=True)
    report = tracing.trace(tmp_path, [crowd, "4700"]).report
    assert report["totals"]["submits"] == 4700
    assert report["totals"]["errors"] == [{"errno": "EINVAL", "number": 22, "submits": 4700}]
    # some numbers may be used twice, and none is of those that are not told apart
    assert all(p["pid"] and p["comm"] == "crowd" for p in report["processes"])
    assert sum(p["submits"] for p in report["processes"]) == 4700
