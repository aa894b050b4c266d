# SPDX-License-Identifier: GPL-2.0
"""
Each filter lets through what it names and nothing else. All but -p are given together with -p, so
that other programs of the host do not count.
"""
import json
import os
import pathlib

import pytest

import helpers
import tracing
from helpers import AIOLOAD, Program

CALLS = 31


@pytest.fixture(name="pipe")
def pipe_fixture(scratch):
    """A load of CALLS calls, each asleep at least once, for about 2 ms."""
    return ("--pattern", "pipe", "--file", f"{scratch.dir}/pipe", "--calls", str(CALLS))


@pytest.fixture(name="bystander")
def bystander_fixture():
    """A process without a request."""
    with Program(["sleep", "60"]) as prog:
        yield prog


def check(report, load, matches):
    assert load["submits"] == CALLS <= load["nvcsw"]
    totals = report["totals"]
    want = (CALLS, CALLS, load["nvcsw"]) if matches else (0, 0, 0)
    assert (totals["submits"], totals["requests"], totals["sleeps"]) == want
    assert len(report["filesystems"]) == matches
    assert report["unfinished"] == []
    helpers.assert_no_loss(report)


def test_pid(scratch, pipe):
    report, load = tracing.watch(scratch, pipe, "-p", "@PID@")
    check(report, load, True)
    assert report["capture"]["filters"]


def test_pid_of_another(scratch, pipe, bystander):
    report, load = tracing.watch(scratch, pipe, "-p", bystander.pid)
    check(report, load, False)


def test_two_pids(scratch, pipe, bystander):
    report, load = tracing.watch(scratch, pipe, "-p", f"{bystander.pid},@PID@")
    check(report, load, True)


THREADS = """
import threading
def work(calls, name):
    r, w = os.pipe()
    aio.say(sys.argv[1] + name, threading.get_native_id())
    aio.wait_for(sys.argv[2])
    for _ in range(calls):
        feeder = threading.Timer(0.002, os.write, (w, bytes(4096)))
        feeder.start()
        aio.read_pipe(r)
threads = [aio.start(work, 7, "a"), aio.start(work, 5, "b")]
for thread in threads:
    thread.join()
print(json.dumps(os.getpid()))
"""


@pytest.mark.parametrize("which,calls", [("a", 7), ("b", 5), ("ab", 12), ("", 0)])
def test_tid(scratch, which, calls):
    """-t of one thread of two, of both, and of the main thread, which submits nothing."""
    ready, go = f"{scratch.dir}/tid-", f"{scratch.dir}/go"
    with Program(tracing.script(THREADS, ready, go)) as prog:
        tids = {name: tracing.wait_path(ready + name) for name in "ab"}
        chosen = ",".join(tids[name] for name in which) or str(prog.pid)
        with tracing.attached(scratch, "-t", chosen) as tracer:
            pathlib.Path(go).touch()
            assert prog.finish().status == 0
            report = tracer.stop()
    assert report["totals"]["submits"] == calls
    assert report["totals"]["bytes"] == calls * 4096
    helpers.assert_no_loss(report)


@pytest.mark.parametrize("name,matches", [("aioload", True), ("other,aioload", True),
                                          ("aioloa", False), ("aioloadx", False)])
def test_comm(scratch, pipe, name, matches):
    report, load = tracing.watch(scratch, pipe, "-p", "@PID@", "-c", name)
    check(report, load, matches)


def cgroup_root():
    for line in pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        if line.split()[2] == "cgroup2":
            return pathlib.Path(line.split()[1])
    return pytest.skip("needs cgroup v2")


@pytest.fixture(name="cgroup")
def cgroup_fixture():
    """A cgroup and one below it, and one beside it."""
    top = cgroup_root() / f"aiostall-test-{os.getpid()}"
    groups = [top, top / "in", top / "in" / "below", top / "beside"]
    try:
        for group in groups:
            group.mkdir()
    except OSError as error:
        pytest.skip(f"needs cgroups that can be made: {error}")
    yield top
    for group in reversed(groups):
        helpers.remove_cgroup(group)


@pytest.mark.parametrize("home,matches", [("in", True), ("in/below", True), ("beside", False)])
@pytest.mark.parametrize("absolute", [True, False])
def test_cgroup(scratch, pipe, cgroup, home, matches, absolute):
    wanted = str(cgroup / "in") if absolute else f"{cgroup.name}/in"
    with tracing.waiting(scratch, pipe) as load:
        (cgroup / home / "cgroup.procs").write_text(str(load.pid), encoding="ascii")
        with tracing.attached(scratch, "-p", load.pid, "--cgroup", wanted) as tracer:
            load.go()
            figures = load.done()
            report = tracer.stop()
    check(report, figures, matches)


@pytest.fixture(name="two")
def two_fixture(scratch):
    """A load whose batches go to two filesystems in turns, 3 requests to each."""
    first, second = scratch.fs("ext4", size="64M"), scratch.fs("btrfs", size="128M")
    args = ("--pattern", "overwrite", "--batch", "6", "--calls", str(CALLS), "--size", "1M",
            "--file", f"{first.mnt}/f", "--file", f"{second.mnt}/f")
    return first, second, args


def rows(report):
    return {row["fstype"]: (row["submits"], row["requests"], row["bytes"])
            for row in report["filesystems"]}


ROW = (CALLS, 3 * CALLS, 3 * CALLS * 4096)


def watch_two(scratch, two, *options):
    report, load = tracing.watch(scratch, two[2], "-p", "@PID@", *options)
    assert load["submits"] == CALLS and load["requests"] == 6 * CALLS
    helpers.assert_no_loss(report)
    # each call counts once, and as a whole in each of its rows
    totals, n = report["totals"], len(report["filesystems"])
    assert (totals["submits"], totals["requests"], totals["bytes"]) == (
        CALLS if n else 0, n * ROW[1], n * ROW[2])
    assert all(row["wall_ns"] == totals["wall_ns"] for row in report["filesystems"])
    return rows(report)


def test_fs(scratch, two):
    assert watch_two(scratch, two) == {"ext4": ROW, "btrfs": ROW}
    assert watch_two(scratch, two, "--fs", "ext4") == {"ext4": ROW}
    assert watch_two(scratch, two, "--fs", "btrfs") == {"btrfs": ROW}
    assert watch_two(scratch, two, "--fs", "xfs,btrfs,ext4") == {"ext4": ROW, "btrfs": ROW}
    assert watch_two(scratch, two, "--fs", "ext3") == {}


def test_mount(scratch, two):
    first, second, _ = two
    assert watch_two(scratch, two, "--mount", first.mnt) == {"ext4": ROW}
    assert watch_two(scratch, two, "--mount", second.mnt + "/") == {"btrfs": ROW}
    both = watch_two(scratch, two, "--mount", first.mnt, "--mount", second.mnt)
    assert both == {"ext4": ROW, "btrfs": ROW}
    assert watch_two(scratch, two, "--mount", "/proc") == {}


def test_device(scratch, two):
    first, second, _ = two
    assert watch_two(scratch, two, "--device", first.dev) == {"ext4": ROW}
    # btrfs has numbers of its own: found by its devices
    assert watch_two(scratch, two, "--device", os.path.basename(second.dev)) == {"btrfs": ROW}
    other = scratch.loop("other")
    assert watch_two(scratch, two, "--device", other.dev) == {}


def test_device_itself(scratch):
    """--device takes requests to the device node too."""
    raw, other = scratch.loop("raw"), scratch.loop("other")
    args = ("--pattern", "overwrite", "--calls", str(CALLS), "--file", raw.dev, "--size", "1M")
    for device, want in ((raw.dev, CALLS), (other.dev, 0)):
        report, _ = tracing.watch(scratch, args, "-p", "@PID@", "--device", device)
        assert report["totals"]["requests"] == want


def causes(row):
    return {cause["id"]: cause["sleeps"] for cause in row["causes"]}


def test_min(scratch, pipe):
    """Sleeps below -m are counted, but given no cause of their own."""
    report, load = tracing.watch(scratch, pipe, "-p", "@PID@", "-m", "10s")
    check(report, load, True)
    (row,) = report["filesystems"]
    assert causes(row) == {"below_min": load["nvcsw"]}
    assert row["below_min"] == {"sleeps": load["nvcsw"], "blocked_ns": row["blocked_ns"]}
    assert row["blocked_ns"] > 0


def test_min_below_the_sleeps(scratch, pipe):
    report, load = tracing.watch(scratch, pipe, "-p", "@PID@", "-m", "1us")
    check(report, load, True)
    (row,) = report["filesystems"]
    # a wake-up may overtake the switch: a sleep of nothing
    assert row["below_min"]["sleeps"] < CALLS / 2
    assert causes(row)["pipe.empty"] == load["nvcsw"] - row["below_min"]["sleeps"]


def test_min_in_trace(scratch, pipe):
    for least, lines in (("1us", True), ("10s", False)):
        traced = tracing.trace(scratch.dir, [AIOLOAD, *pipe], "-m", least, verb="trace")
        assert (len(traced.of_type("stall")) > CALLS / 2) == lines
        assert lines or [line["type"] for line in traced.lines] == ["end"]


# -- CMD

def sh(*commands):
    return ["sh", "-c", "; ".join(commands)]


def test_descendants_only(scratch, pipe):
    """A grandchild from its first call on, and no process beside it, though it does the same."""
    other = [*pipe[:-1], "100000"]
    other[3] = f"{scratch.dir}/other"
    inner = " ".join(map(str, (AIOLOAD, *pipe)))
    with tracing.waiting(scratch, other, name="other") as beside:
        beside.go()
        traced = tracing.trace(scratch.dir, sh(f"sh -c '{inner}; exit 4' & wait $!", "exit 7"))
        assert beside.proc.poll() is None
    check(traced.report, traced.load, True)
    assert traced.report["capture"]["child_status"] == 7
    assert traced.status == 0


def test_orphan_is_traced(scratch, pipe):
    """What a command leaves behind while it still runs has a new parent but is its descendant."""
    out = f"{scratch.dir}/own.json"
    inner = " ".join(map(str, (AIOLOAD, *pipe)))
    # the first subshell ends at once, so that the load is adopted by init
    orphan = f"( ( sleep 0.1; {inner} >{out}.part; mv {out}.part {out} ) & )"
    traced = tracing.trace(scratch.dir, sh(orphan, f"while [ ! -e {out} ]; do sleep 0.02; done"))
    load = json.loads(pathlib.Path(out).read_text(encoding="utf-8"))
    check(traced.report, load, True)


@pytest.mark.parametrize("command,status", [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137)])
def test_status_of_the_command(scratch, command, status):
    traced = tracing.trace(scratch.dir, sh(command))
    assert traced.report["capture"]["child_status"] == status
    assert traced.status == 0


def test_container(scratch, pipe):
    """A cgroup as a runtime makes it, found by a beginning of its id and named by it."""
    number = f"{os.getpid():08x}" * 8
    group = cgroup_root() / f"docker-{number}.scope"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"needs cgroups that can be made: {error}")
    try:
        with tracing.waiting(scratch, pipe) as load:
            (group / "cgroup.procs").write_text(str(load.pid), encoding="ascii")
            with tracing.attached(scratch, "--container", number[:10], "--by", "container") as tracer:
                load.go()
                load.done()
                report = tracer.stop()
        assert {g["container"] for g in report["groups"]} == {f"docker:{number[:12]}"}
        assert sum(g["sleeps"] for g in report["groups"]) > 0
    finally:
        helpers.remove_cgroup(group)
    done = helpers.run([helpers.AIOSTALL, "-d", "1s", "--container", number[:10]])
    assert done.status == 1 and number[:10] in done.stderr
