# SPDX-License-Identifier: GPL-2.0
"""
io_uring_enter: which sleeps are stalls, of which request, and what was asked for.

uringload makes chosen requests of each call sleep for a known time while they are handed over (their
memory is served by userfaultfd) and knows how often its thread slept in these calls. The number of
calls is a prime.
"""
import json
import os
import pathlib
import subprocess
import types

import pytest

import helpers
import tracing

URINGLOAD = helpers.AIOSTALL.parent / "tests" / "uringload"
CALLS = 1009


@pytest.fixture(autouse=True, scope="module")
def _uring():
    assert URINGLOAD.exists(), f"{URINGLOAD} is missing: make unit"
    tried = subprocess.run([URINGLOAD, "--nop"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"needs io_uring and userfaultfd: {tried.stderr.strip()}")


def load(*args):
    return [str(a) for a in (URINGLOAD, *args)]


def fstype_of(path):
    """Of the filesystem that a directory is on."""
    mounts = [line.split() for line in
              pathlib.Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    real = os.path.realpath(path)
    inside = [m for m in mounts if (real + "/").startswith(m[1].rstrip("/") + "/")]
    return max(inside, key=lambda m: len(m[1]))[2]


def row_of(report, fstype):
    (row,) = [f for f in report["filesystems"]
              if (f["api"], f["fstype"]) == ("io_uring", fstype)]
    return row


def assert_conserved(totals):
    parts = ("on_cpu_ns", "blocked_ns", "blocked_elsewhere_ns", "waited_ns", "runqueue_ns",
             "preempted_ns")
    wrong = abs(sum(totals[part] for part in parts) - totals["wall_ns"])
    calls = totals["submits"] + totals["wait_calls"]
    assert wrong <= max(totals["wall_ns"] // 1000, 2000 * calls), totals


# What the calls do besides, and whether their thread then has waits.
MODES = {
    "apart": (),
    "together": ("--wait",),
    "deferred": ("--wait", "--defer"),
    "registered": ("--registered",),
}


@pytest.mark.parametrize("mode", MODES)
def test_sleeps_and_waits_are_the_kernels_own_count(tmp_path, mode):
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", CALLS, "--batch", 8,
                                          "--fault", 3, "--delay-us", 300, *MODES[mode]))
    figures, totals = traced.load, traced.report["totals"]
    row = row_of(traced.report, fstype_of(tmp_path))

    assert traced.status == 0, traced.stderr
    helpers.assert_no_loss(traced.report)
    assert not figures["failed"] and figures["faults"] == CALLS
    assert totals["sleeps"] + totals["taskwork_sleeps"] + totals["waits"] == figures["nvcsw"]
    assert totals["sleeps"] == row["sleeps"] == CALLS
    assert totals["waits"] > 0, "nothing waited, so it shows nothing"
    assert totals["submits"] == row["submits"] == row["enters"] == CALLS
    assert totals["submits_blocked"] == row["submits_blocked"] == CALLS
    assert totals["requests"] == row["requests"] == figures["requests"]
    assert row["bytes"] == figures["bytes"]
    assert_conserved(totals)
    # each of the faults is brought after that time at the earliest
    assert row["sleep_ns"]["p50"] >= 300_000
    assert totals["waited_ns"] + totals["blocked_ns"] <= totals["wall_ns"]


def test_the_request_that_sleeps_is_named(tmp_path, scratch):
    """Eight requests a call over files of three filesystems: the sixth and seventh sleep."""
    files = [f"{scratch.fs(fstype).mnt}/file" for fstype in ("ext4", "xfs")] + [tmp_path / "f"]
    args = [x for f in files for x in ("--file", f)]
    traced = tracing.trace(tmp_path, load(*args, "--calls", 101, "--batch", 8, "--fault", 5,
                                          "--faults", 2, "--delay-us", 300), verb="trace")
    # other causes of a first call aside
    stalls = [s for s in traced.of_type("stall") if s["cause"] == "ubuf.uffd"]
    assert traced.load["faults"] == 202
    assert [s["index"] for s in stalls] == [5, 6] * 101
    assert [s["user_data"] for s in stalls] == \
        [call << 32 | k for call in range(101) for k in (5, 6)]
    assert [s["path"] for s in stalls] == [str(files[2]), str(files[0])] * 101
    assert [s["held_up_requests"] for s in stalls] == [2, 1] * 101
    for stall in stalls:
        assert stall["fs"]["api"] == "io_uring" and stall["plane"] == "submit"
        assert (stall["op"], stall["length"], stall["request"]) == ("read", 4096, "exact")
    assert [s["offset"] for s in stalls] == \
        [(call + k) % 64 * 4096 for call in range(101) for k in (5, 6)]


def test_of_linked_requests_the_first_begins(tmp_path):
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", 101, "--batch", 4,
                                          "--link", "--fault", 0, "--delay-us", 300),
                           verb="trace")
    stalls = traced.of_type("stall")
    assert traced.load["faults"] == 101
    assert [(s["index"], s["nr"], s["user_data"] & 0xff) for s in stalls] == [(0, 4, 0)] * 101
    assert {s["held_up_requests"] for s in stalls} == {3}


def test_a_later_link_sleeps_in_work_that_was_put_off(tmp_path):
    """The third of four linked requests begins when the second is done; the ring's mode has it done
    within the call that waits."""
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", 101, "--batch", 4,
                                          "--link", "--fault", 2, "--delay-us", 300, "--wait",
                                          "--defer"))
    totals, figures = traced.report["totals"], traced.load
    row = row_of(traced.report, fstype_of(tmp_path))
    assert figures["faults"] == 101
    assert totals["sleeps"] == 0
    assert totals["taskwork_sleeps"] == row["taskwork_sleeps"] == 101
    assert totals["taskwork_blocked_ns"] >= 101 * 300_000
    assert totals["taskwork_sleeps"] + totals["waits"] == figures["nvcsw"]
    assert (row["sleeps"], row["submits_blocked"]) == (0, 101)
    (cause,) = row["causes"]
    assert (cause["plane"], cause["id"], cause["sleeps"]) == ("taskwork", "ubuf.uffd", 101)
    assert cause["request_how"]["scanned"] == 101
    assert cause["worst"]["index"] is None and cause["worst"]["path"] == str(tmp_path / "f")
    assert_conserved(totals)


# By whom requests are begun, the plane that then sleeps, and whether a call is theirs.
PLANES = {
    "worker": (("--async",), True),
    "worker-deferred": (("--async", "--wait", "--defer"), True),
    "sqpoll": (("--sqpoll",), False),
    "worker-of-sqpoll": (("--sqpoll", "--async"), False),
}


@pytest.mark.parametrize("mode", PLANES)
def test_threads_of_the_kernel_sleep_in_a_plane_of_their_own(tmp_path, mode):
    """Each fault is one sleep of the thread that has the request; sleeps of idle ones are none."""
    flags, in_calls = PLANES[mode]
    plane = mode.split("-", maxsplit=1)[0]
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", CALLS, "--batch", 4,
                                          "--fault", 2, "--delay-us", 300, *flags))
    figures, totals = traced.load, traced.report["totals"]
    row = row_of(traced.report, fstype_of(tmp_path))
    assert traced.status == 0, traced.stderr
    helpers.assert_no_loss(traced.report)
    assert not figures["failed"] and figures["faults"] == CALLS
    for rows in (totals, row):
        assert rows[f"{plane}_sleeps"] == CALLS
        assert rows[f"{plane}_blocked_ns"] >= CALLS * 300_000
        assert rows["requests"] == figures["requests"] and rows["bytes"] == figures["bytes"]
        assert rows["sleeps"] == rows["taskwork_sleeps"] == 0
        assert rows["worker_sleeps"] + rows["sqpoll_sleeps"] == CALLS
        assert rows["submits"] == (CALLS if in_calls else 0)
        asked = CALLS if plane == "worker" else 0
        assert (rows["punted"], rows["punted_asked"], rows["punted_ops"]["read"]) == (asked,) * 3
    assert totals["waits"] == figures["nvcsw"]
    (cause,) = [c for c in row["causes"] if c["id"] == "ubuf.uffd"]
    assert (cause["plane"], cause["sleeps"], cause["request_how"]["exact"]) == \
        (plane, CALLS, CALLS)
    assert cause["held_up_requests"] == (CALLS if plane == "sqpoll" else 0)
    assert (cause["worst"]["comm"], cause["worst"]["path"]) == ("uringload", str(tmp_path / "f"))
    assert_conserved(totals)


def test_a_thread_of_the_kernel_that_ends_is_not_asleep(tmp_path):
    """It leaves its CPU for the last time with nothing that would ever wake it."""
    argv = load("--file", tmp_path / "f", "--calls", 11, "--batch", 4, "--fault", 2, "--delay-us",
                300, "--sqpoll")
    with tracing.attached(types.SimpleNamespace(dir=tmp_path), "-c", "uringload") as tracer:
        done = helpers.run(argv)
        report = tracer.stop()
    assert json.loads(done.stdout)["faults"] == report["totals"]["sqpoll_sleeps"] == 11
    assert report["unfinished"] == []


def test_the_request_that_a_worker_has_is_named(tmp_path):
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", 101, "--batch", 4,
                                          "--fault", 2, "--delay-us", 300, "--async"), verb="trace")
    stalls = [s for s in traced.of_type("stall") if s["cause"] == "ubuf.uffd"]
    assert sorted(s["user_data"] for s in stalls) == [call << 32 | 2 for call in range(101)]
    for stall in stalls:
        assert (stall["plane"], stall["comm"], stall["op"]) == ("worker", "uringload", "read")
        assert stall["submitter_tid"] == stall["pid"] != stall["tid"]
        assert stall["offset"] == \
            ((stall["user_data"] >> 32) + 2) % 64 * 4096


HELD = {"submit": ((), "uringload"), "worker": (("--async",), "uringload"),
        "sqpoll": (("--sqpoll",), "uringload")}


@pytest.mark.parametrize("plane", HELD)
def test_a_sleep_that_does_not_end_is_shown_in_its_plane(tmp_path, plane):
    flags, comm = HELD[plane]
    out = tmp_path / "report"
    done = helpers.run([helpers.AIOSTALL, "stat", "-d", "1500ms", "--format", "json", "-o", out,
                        "--", *load("--file", tmp_path / "f", "--calls", 1, "--batch", 4,
                                    "--fault", 2, "--delay-us", 60_000_000, *flags)])
    report = json.loads(out.read_text(encoding="utf-8"))
    assert done.status in (0, 3), done.stderr
    (held,) = report["unfinished"]
    assert (held["plane"], held["comm"], held["cause"]) == (plane, comm, "ubuf.uffd")
    assert (held["file"], held["op"], held["how"]) == (str(tmp_path / "f"), "read", "exact")
    assert 100_000_000 < held["age_ns"] <= report["capture"]["duration_ns"]
    if plane == "submit":
        assert "submitter_tid" not in held and held["tid"] == held["pid"]
    else:
        assert held["submitter_tid"] == held["pid"] != held["tid"]
    text = helpers.run([helpers.AIOSTALL, "stat", "-d", "1500ms", "--", *load(
        "--file", tmp_path / "f", "--calls", 1, "--batch", 4, "--fault", 2, "--delay-us",
        60_000_000, *flags)])
    assert "STILL ASLEEP inside io_uring" in text.stdout
    assert ("worker of thread" in text.stdout) == (plane == "worker")


def contended(tmp_path, verb):
    """
    The other thread comes with nothing but the wish to submit, and sleeps if it comes while the first
    one does. How often that is, is the host's affair; the thread itself knows.
    """
    return tracing.trace(tmp_path, load("--file", tmp_path / "f", "--calls", 53, "--batch", 4,
                                        "--fault", 2, "--delay-us", 20000, "--contend"), verb=verb)


def test_the_lock_of_a_ring_that_another_thread_holds(tmp_path):
    traced = contended(tmp_path, "trace")
    others = [s for s in traced.of_type("stall") if s["tid"] != s["pid"]]
    assert len(others) == traced.load["contended"] >= 10
    assert {(s["cause"], s["plane"], s["fs"]["fstype"]) for s in others} <= \
        {("uring.ring_lock", "submit", "(ring)"), ("uring.first_call", "submit", "(ring)")}
    # its calls that slept did little else
    took = traced.load["contended_ns"]
    assert sum(s["blocked_ns"] for s in others) <= took
    assert sum(s["blocked_ns"] + s["runqueue_ns"] for s in others) >= took / 2


def test_the_lock_of_a_ring_has_a_row(tmp_path):
    traced = contended(tmp_path, "stat")
    (ring,) = [f for f in traced.report["filesystems"] if f["fstype"] == "(ring)"]
    assert {(c["id"], c["plane"]) for c in ring["causes"]} <= \
        {("uring.ring_lock", "submit"), ("uring.first_call", "submit")}
    # the first thread may have to wait for it, too, or for completions
    others = traced.load["nvcsw"] - traced.load["faults"]
    assert 10 <= traced.load["contended"] <= ring["sleeps"] <= traced.load["contended"] + others
    totals = traced.report["totals"]
    # Each call's sleeps are the kernel's own count. The load counts those on its way out of one, too, where
    # its task work may have to wait for the lock (io_handle_tw_list() from exit_to_user_mode_loop(), 6.18).
    helpers.assert_no_loss(traced.report)
    assert totals["sleeps"] + totals["waits"] <= traced.load["nvcsw"] + traced.load["contended"]
    assert sum(c["sleeps"] for c in ring["causes"]) == ring["sleeps"]


def test_filters_of_workers_go_by_their_submitter(tmp_path):
    argv = load("--file", tmp_path / "f", "--calls", 11, "--batch", 4, "--fault", 2, "--async")
    for filters, sleeps in ((("--comm", "uringload"), 11), (("--comm", "other"), 0),
                            (("--fs", fstype_of(tmp_path)), 11), (("--fs", "tmpfs"), 0)):
        totals = tracing.trace(tmp_path, argv, *filters).report["totals"]
        assert (totals["worker_sleeps"], totals["punted"]) == (sleeps, sleeps), filters


def test_lines_while_it_runs_name_the_plane(tmp_path):
    """300 sleeps of 3 ms at least are more than one interval, on a machine however fast."""
    argv = load("--file", tmp_path / "f", "--calls", 300, "--batch", 4, "--fault", 2, "--delay-us",
                3000, "--async")
    done = helpers.run([helpers.AIOSTALL, "-i", "200ms", "--", *argv])
    assert done.status == 0, done.stderr
    lines = done.stdout[:done.stdout.index("aiostall on ")].splitlines()
    assert any(line.endswith(": worker ubuf.uffd") for line in lines), lines
    folded = helpers.run([helpers.AIOSTALL, "stat", "--format", "folded", "--", *argv])
    stacks = [line for line in folded.stdout.splitlines() if "handle_userfault" in line]
    assert stacks and all(line.split(";")[2] == "(worker)" for line in stacks), folded.stdout


def timeline(db):
    """The events of a recording with its calls and sleeps one by one."""
    printed = helpers.run([helpers.AIOSTALL, "report", "--format", "perfetto", db])
    return json.loads(printed.stdout)["traceEvents"]


def test_a_timeline_has_a_track_for_each_worker(tmp_path):
    """Two requests of each call go to workers, and are asleep there at the same time."""
    db = tmp_path / "rec.db"
    # a busy host may have one worker take both, one after the other
    for _ in range(3):
        db.unlink(missing_ok=True)
        done = helpers.run([helpers.AIOSTALL, "record", "--events", "-o", db, "--", *load(
            "--file", tmp_path / "f", "--calls", 11, "--batch", 4, "--fault", 1, "--faults", 2,
            "--async")])
        assert done.status == 0, done.stderr
        events = timeline(db)
        slept = [e for e in events if e["ph"] == "X" and e["name"] == "ubuf.uffd"]
        if len({e["tid"] for e in slept}) > 1:
            break
    tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert len(slept) == 22 and {e["args"]["plane"] for e in slept} == {"worker"}
    assert {tracks[e["tid"]] for e in slept} == \
        {f"uringload io_uring worker of thread {slept[0]['args']['submitter_tid']}"}
    assert slept[0]["args"]["submitter_tid"] == slept[0]["pid"]
    assert len({e["tid"] for e in slept}) > 1


def test_how_long_punted_requests_wait_for_a_worker(tmp_path):
    """One worker for four requests that each keep it 2 ms at least: they wait 0, 2, 4 and 6 ms for it."""
    argv = load("--file", tmp_path / "f", "--calls", 53, "--batch", 4, "--fault", 0, "--faults", 4,
                "--delay-us", 2000, "--async", "--workers", 1)
    traced = tracing.trace(tmp_path, argv)
    row, totals = row_of(traced.report, fstype_of(tmp_path)), traced.report["totals"]
    assert traced.load["faults"] == 212
    for rows in (row, totals):
        assert rows["queue_delays"] == rows["punted"] == 212
        assert rows["queue_delay_ns"] >= 53 * (2 + 4 + 6) * 1_000_000
        assert 6_000_000 <= rows["max_queue_delay_ns"] <= rows["queue_delay_ns"]
        # it waited no longer than the calls and their waits took
        assert rows["max_queue_delay_ns"] <= traced.report["capture"]["duration_ns"]
        ops = rows["queue_delay_ops"]
        assert ops["read"] == {"requests": 212, "delay_ns": rows["queue_delay_ns"]}
        assert not ops["write"]["requests"] + ops["fsync"]["requests"] + ops["other"]["requests"]
    unknown = tracing.trace(tmp_path, argv, "--probe", "take=none").report["totals"]
    assert unknown["punted"] == 212 and unknown["queue_delays"] is None
    text = helpers.run([helpers.AIOSTALL, "stat", "--", *argv]).stdout
    assert "punted requests waited" in " ".join(text.split())


def test_workers_behind_one_that_sleeps_with_the_lock(tmp_path, scratch):
    """Appends go one by one: each waits for its device with the inode's lock, and the others for the lock."""
    # of a fast one, 10 us, the worker is back before the thread of the ring has made a second worker
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    scratch.delay(place, write=1000)
    db = tmp_path / "rec.db"
    argv = [helpers.AIOLOAD, "--engine", "uring", "--pattern", "append", "--batch", "8", "--qd", "8", "--calls", "53",
            "--size", "8M", "--file", f"{place.mnt}/convoy"]
    # a busy host may let the ring have few workers
    for _ in range(3):
        traced = tracing.trace(tmp_path, argv)
        if traced.report["capture"]["probes"]["lock"] == "none":
            pytest.skip("this kernel does not tell who holds a lock")
        causes = {c["id"]: c for c in row_of(traced.report, "ext4")["causes"] if c["plane"] == "worker"}
        waits, holds = causes["lock.inode"], causes["ext4.dio_sync"]
        if waits["together"] >= 3:
            break
    own = {b["cause"]: b for b in waits["behind"]}
    # never more than there are, and most of them have a holder that was seen to sleep
    assert sum(b["sleeps"] for b in own.values()) <= waits["sleeps"]
    assert own["ext4.dio_sync"]["sleeps"] >= waits["sleeps"] / 2
    assert 3 <= waits["together"] <= 7
    assert holds["behind"] == [] and holds["together"] == 0
    assert (holds["followers"], holds["followers_blocked_ns"]) == \
        (own["ext4.dio_sync"]["sleeps"], own["ext4.dio_sync"]["blocked_ns"])
    # A recording keeps it. How many workers a busy host lets the ring have is told by the timeline.
    for _ in range(3):
        assert not helpers.run([helpers.AIOSTALL, "record", "--events", "-o", db, "--", *argv]).status
        workers = len({e["tid"] for e in timeline(db) if e["ph"] == "X" and e["args"].get("plane") == "worker"})
        if workers > 3:
            break
        db.unlink()
    assert workers > 3
    kept = json.loads(helpers.run([helpers.AIOSTALL, "report", "--format", "json", db]).stdout)
    (waits,) = [c for c in row_of(kept, "ext4")["causes"] if c["id"] == "lock.inode" and c["plane"] == "worker"]
    assert 3 <= waits["together"] < workers, workers
    assert "ext4.dio_sync" in {b["cause"] for b in waits["behind"]}


def test_requests_without_a_file_go_by_their_name(tmp_path):
    traced = tracing.trace(tmp_path, load("--nop", "--calls", CALLS, "--batch", 3))
    assert traced.status == 0, traced.stderr
    row = row_of(traced.report, "(nop)")
    assert (row["enters"], row["requests"], row["sleeps"]) == (CALLS, 3 * CALLS, 0)
    assert not traced.report["totals"]["waits"]


@pytest.mark.parametrize("linked", (False, True))
def test_requests_are_numbered_across_those_without_a_file(tmp_path, linked):
    """Of eight in a call the sixth reads, and sleeps; linked to each other, the first would begin."""
    args = ["--link", "--fault", 0] if linked else ["--fault", 5]
    traced = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--nop", "--calls", 101,
                                          "--batch", 8, *args, "--delay-us", 300), verb="trace")
    stalls = traced.of_type("stall")
    assert traced.load["faults"] == 101
    assert [(s["index"], s["nr"], s["user_data"] & 0xff) for s in stalls] == \
        [(0, 8, 0) if linked else (5, 8, 5)] * 101
    totals = tracing.trace(tmp_path, load("--file", tmp_path / "f", "--nop", "--calls", 101,
                                          "--batch", 8, *args)).report
    assert row_of(totals, "(nop)")["requests"] == 7 * 101
    assert row_of(totals, fstype_of(tmp_path))["requests"] == 101
    assert totals["totals"]["requests"] == 8 * 101


def test_an_api_that_is_not_wanted_is_not_seen(tmp_path):
    argv = load("--file", tmp_path / "f", "--calls", 11, "--fault", 0)
    for api, probes in (("aio", ("enter", "sqe")), ("io_uring", ("submit", "compat", "complete"))):
        traced = tracing.trace(tmp_path, argv, "--api", api)
        assert {traced.report["capture"]["probes"][need] for need in probes} == {"off"}
        assert len(traced.report["filesystems"]) == (api == "io_uring")
    both = tracing.trace(tmp_path, argv, "--probe", "sqe=none").report
    # calls and sleeps are known without the tracepoint, requests are not
    assert both["totals"]["submits"] == both["totals"]["requests"] == both["totals"]["sleeps"] == 11
    assert both["filesystems"][0]["fstype"] == "(unknown)"


def test_a_recording_says_the_same(tmp_path):
    argv = load("--file", tmp_path / "f", "--calls", 101, "--batch", 4, "--fault", 1, "--wait")
    db = tmp_path / "rec.db"
    done = helpers.run([helpers.AIOSTALL, "record", "-o", db, "--", *argv])
    assert done.status == 0, done.stderr
    figures = json.loads(done.stdout)

    def report(*args):
        printed = helpers.run([helpers.AIOSTALL, "report", *args, "--format", "json", db])
        assert printed.status == 0, printed.stderr
        return json.loads(printed.stdout)
    rep = report()
    row = row_of(rep, fstype_of(tmp_path))
    assert (row["enters"], row["requests"], row["sleeps"]) == (101, 404, 101)
    assert rep["totals"]["waits"] + rep["totals"]["sleeps"] == figures["nvcsw"]
    (group,) = report("--by", "api,plane,opcode,cause")["groups"]
    assert (group["api"], group["plane"], group["opcode"], group["cause"], group["sleeps"]) == \
        ("io_uring", "submit", "read", "ubuf.uffd", 101)
    assert not report("--api", "aio")["filesystems"]


@pytest.mark.parametrize("poll", (0, 1))
def test_fio_has_made_as_many_requests(tmp_path, scratch, poll):
    """Appends beside fsyncs on ext4, where the kernel gives each fsync to a worker."""
    mnt = scratch.fs("ext4").mnt
    file = f"{mnt}/fio"
    # the first one of a mount waits for a work queue to be made, on a busy host for longer than all others
    subprocess.run([helpers.AIOLOAD, "--pattern", "overwrite", "--file", f"{mnt}/first", "--calls", "1"],
                   check=True, stdout=subprocess.DEVNULL)
    traced = tracing.trace(tmp_path, [
        "fio", "--output-format=json", "--name=a", "--ioengine=io_uring", f"--filename={file}",
        f"--sqthread_poll={poll}", "--rw=write", "--bs=4k", "--size=4037k", "--direct=1",
        "--iodepth=8", "--fsync=4"])
    job = traced.load["jobs"][0]
    requests = job["write"]["total_ios"] + job["sync"]["total_ios"]
    row = row_of(traced.report, "ext4")
    assert job["write"]["total_ios"] == 1009 and job["error"] == 0
    assert row["requests"] == traced.report["totals"]["requests"] == requests
    assert (row["ops"]["pwrite"], row["ops"]["fsync"]) == (1009, job["sync"]["total_ios"])
    assert row["punted_ops"]["fsync"] == row["punted_forced"] == job["sync"]["total_ios"]
    assert row["punted"] == row["punted_forced"] + row["punted_tried"] <= requests
    assert row["submits"] > 0 if not poll else row["submits"] == 0
    # a flush of the device each
    assert row["worker_sleeps"] >= job["sync"]["total_ios"] // 2
    assert not row["sqpoll_sleeps"] or poll
    assert "of its requests are punted to worker threads, which sleep" in row["verdict"]
