# SPDX-License-Identifier: GPL-2.0
"""record and report of it: the same as stat, after SIGKILL, with no room on the disk."""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time

import pytest

from helpers import AIOLOAD, AIOSTALL, TIMEOUT, Program, environment, run

APPEND = ["--pattern", "append", "--bs", "4k", "--batch", "4"]


@pytest.fixture(name="tmp")
def tmp_fixture(tmp_path):
    return tmp_path


def report(*args):
    done = run([AIOSTALL, "report", *args])
    assert done.status in (0, 3), done.stderr
    return done.stdout


def report_json(*args):
    return json.loads(report("--format", "json", *args))


def comparable(rep):
    """What must not depend on which of two tracers saw it: everything but times of either."""
    def facts(fs):
        return {
            "fstype": fs["fstype"], "device": fs["device"], "mount": fs["mount"],
            "submits": fs["submits"], "requests": fs["requests"], "bytes": fs["bytes"],
            "ops": fs["ops"],
            "sleeps": fs["sleeps"],
            "files": sorted((f["path"], f["sleeps"]) for f in fs["files"]),
            "causes": sorted((c["id"], c["sleeps"], c["held_up_requests"], c["name"], c["advice"],
                              c["todo"], tuple(c["facts"]), json.dumps(c["request_how"], sort_keys=True),
                              tuple(sorted((tuple(s["frames"]), s["sleeps"])
                                           for s in c["stacks"])))
                             for c in fs["causes"]),
        }
    return sorted((facts(fs) for fs in rep["filesystems"]), key=lambda f: f["device"])


def both_attached(tmp, load_args, *options):
    """Reports of stat and of a recording of the same calls."""
    ready, start = tmp / "ready", tmp / "start"
    stat, database = tmp / "stat.json", tmp / "run.db"
    with Program([AIOLOAD, *load_args, "--ready-file", ready, "--start-file", start]) as load:
        load.wait_file(ready)
        with Program([AIOSTALL, "stat", "-p", load.pid, "--format", "json", "-o", stat,
                      "--ready-file", tmp / "a1"]) as one, \
             Program([AIOSTALL, "record", "-p", load.pid, "-o", database, *options,
                      "--ready-file", tmp / "a2"]) as two:
            one.wait_file(tmp / "a1")
            two.wait_file(tmp / "a2")
            start.touch()
            assert load.finish(60).status == 0
            assert one.finish().status in (0, 3)
            assert two.finish().status in (0, 3)
    return json.loads(stat.read_text(encoding="utf-8")), report_json(database)


def test_stat_and_record_of_the_same_calls_agree(tmp):
    """Attempts: where the host's own events are missing for one of two tracers, they differ."""
    for attempt in range(4):
        folder = tmp / str(attempt)
        folder.mkdir()
        load = [*APPEND, "--file", folder / "f", "--calls", "211"]
        stat, recorded = both_attached(folder, load)
        assert stat["totals"]["submits"] == 211, stat["loss"]
        assert sum(fs["sleeps"] for fs in stat["filesystems"]) > 0
        if comparable(stat) == comparable(recorded):
            break
    assert comparable(stat) == comparable(recorded)
    assert stat["host"] == recorded["host"]
    assert stat["capture"]["probes"] == recorded["capture"]["probes"]
    assert all(stat["capture"]["probes"].values()), "a need without a way"
    assert recorded["totals"]["submits"] == 211


def test_a_command_is_recorded_with_its_status(tmp):
    database = tmp / "run.db"
    done = run([AIOSTALL, "record", "-o", database, "--", "sh", "-c", "exit 7"])
    assert done.status in (0, 3), done.stderr
    assert report_json(database)["capture"]["child_status"] == 7
    info = json.loads(report("--info", "--format", "json", database))
    assert info["complete"] and info["boot_id"] and info["kernel"] == os.uname().release
    assert {f["what"] for f in info["facts"]} >= {"mount", "sysctl"}
    assert database.stat().st_mode & 0o777 == 0o600
    run([AIOSTALL, "record", "-o", database, "-d", "100ms"])
    assert (tmp / "run.db.old").exists()


def wait_slices(database, at_least, timeout=60):
    """Until the recorder has written so many transactions."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        done = run([AIOSTALL, "report", "--info", "--format", "json", database])
        if done.status == 0 and json.loads(done.stdout)["slices"] >= at_least:
            return
        time.sleep(0.05)
    raise AssertionError(f"no {at_least} slices in {database}")


BESIDE = 5


def kill(recorder, database, after_s):
    """So long after its first transaction; returns the submits that were there."""
    wait_slices(database, 1)
    time.sleep(after_s)
    before, end = 0, time.monotonic() + TIMEOUT
    while not before and time.monotonic() < end:
        before = report_json(database)["totals"]["submits"]
    recorder.signal(signal.SIGKILL)
    recorder.proc.wait(TIMEOUT)
    return before


@pytest.mark.parametrize("first", range(0, 20, BESIDE))
def test_after_sigkill_all_but_the_last_second_is_there(tmp, first):
    """
    What the journal of a transaction cut short has is read instead of what it changed. Several record
    beside each other; each is killed at another moment between two transactions.
    """
    databases = [tmp / f"run{n}.db" for n in range(BESIDE)]
    with Program([AIOLOAD, *APPEND, "--file", tmp / "f", "--calls", "1000000",
                  "--gap-us", "2000"]) as load, contextlib.ExitStack() as running:
        load.wait_file(tmp / "f")
        recorders = [running.enter_context(Program([AIOSTALL, "record", "-p", load.pid, "-o", database]))
                     for database in databases]
        before = [kill(recorder, database, 0.053 * (first + n))
                  for n, (recorder, database) in enumerate(zip(recorders, databases))]
    for database, least in zip(databases, before):
        mtime = database.stat().st_mtime_ns
        after = report_json(database)["totals"]["submits"]
        assert after >= least > 0
        assert database.stat().st_mtime_ns == mtime, "report has written to the recording"
        info = json.loads(report("--info", "--format", "json", database))
        assert not info["complete"]


def test_transaction_cut_short_is_taken_back(tmp):
    """A recorder that died with half a transaction in the file, made by SQLite itself."""
    database, torn = tmp / "run.db", tmp / "torn.db"
    assert run([AIOSTALL, "record", "-o", database, "-d", "1500ms"]).status in (0, 3)
    before = json.loads(report("--info", "--format", "json", database))["slices"]
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA cache_size=2")
    writer.execute("PRAGMA synchronous=FULL")
    writer.execute("BEGIN")
    for table in ("slice", "fact", "info"):
        writer.execute(f"DELETE FROM {table}")
    writer.execute("PRAGMA cache_spill=1")
    for i in range(2000):
        writer.execute("INSERT INTO fact(what, of, value) VALUES (?, ?, ?)", ("x", "y", "z" * 500))
    journal = pathlib.Path(f"{database}-journal")
    assert journal.stat().st_size > 512
    torn.write_bytes(database.read_bytes())
    pathlib.Path(f"{torn}-journal").write_bytes(journal.read_bytes())
    writer.close()
    content = torn.read_bytes()
    info = json.loads(report("--info", "--format", "json", torn))
    assert info["slices"] == before
    assert torn.read_bytes() == content


def test_full_disk_ends_nothing_but_the_recording(tmp):
    """What was written stays, the traced command runs to its end, and the status says what is missing."""
    small, said = tmp / "small", tmp / "said"
    small.mkdir()
    # The load goes on until the disk is full, and then some: nothing else shows that tracing goes on.
    # The disk has room for some seconds: what stays is what the seconds before the last one wrote. How
    # many stalls a second come is up to the pipe's writer, and not to the speed of a disk.
    load = f"{AIOLOAD} --pattern pipe --threads 4 --feed-delay-us 1000 --file {tmp}/f"
    command = (f"while ! grep -q 'no room left' {said}; do {load} --calls 500 >{tmp}/out || exit; done; "
               f"{load} --calls 100 >{tmp}/out && echo whole >{tmp}/ended")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", small], check=True)
    try:
        with said.open("w", encoding="utf-8") as stderr:
            done = subprocess.run([AIOSTALL, "record", "--events", "-o", small / "run.db", "--",
                                   "sh", "-c", command], stdin=subprocess.DEVNULL, stderr=stderr,
                                  env=environment(), timeout=TIMEOUT, check=False)
        stderr = said.read_text(encoding="utf-8")
        assert (tmp / "ended").read_text("ascii") == "whole\n"
        assert done.returncode == 3, stderr
        assert "no room left" in stderr and "run.db" in stderr
        assert "Tracing goes on" in stderr and "could not be written to the end" in stderr
        assert report_json(small / "run.db")["totals"]["submits"] > 0
    finally:
        subprocess.run(["umount", small], check=True)


def test_full_disk_costs_no_recording(tmp):
    """There is no room for the first bytes of the new one: the old one has its name again."""
    small = tmp / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small], check=True)
    try:
        database = small / "run.db"
        assert run([AIOSTALL, "record", "-o", database, "--", "true"]).status in (0, 3)
        content = database.read_bytes()
        with contextlib.suppress(OSError), (small / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        done = run([AIOSTALL, "record", "-o", database, "--", "sh", "-c", f"echo ran >{tmp}/ran"])
        assert (tmp / "ran").read_text("ascii") == "ran\n"
        assert done.status in (1, 3) and "no room left" in done.stderr, done.stderr
        assert database.read_bytes() == content
        assert sorted(os.listdir(small)) == ["filler", "run.db"]
    finally:
        subprocess.run(["umount", small], check=True)


def test_a_command_that_cannot_run_costs_no_recording(tmp):
    """Twice: what the first time made old must not go the second time."""
    database = tmp / "run.db"
    assert run([AIOSTALL, "record", "-o", database, "--", "true"]).status in (0, 3)
    content = database.read_bytes()
    for _ in range(2):
        done = run([AIOSTALL, "record", "-o", database, "--", "/no/such/command"])
        assert done.status == 1 and "cannot run /no/such/command" in done.stderr
    assert database.read_bytes() == content
    assert sorted(os.listdir(tmp)) == ["run.db"]


def test_a_second_recorder_keeps_off(tmp):
    database = tmp / "run.db"
    with Program([AIOSTALL, "record", "-p", os.getpid(), "-o", database]) as first:
        wait_slices(database, 1)
        second = run([AIOSTALL, "record", "-d", "1", "-o", database])
        assert second.status == 1
        assert "is being recorded by another aiostall" in second.stderr
        first.signal(signal.SIGTERM)
        assert first.finish().status in (0, 3)
    assert json.loads(report("--info", "--format", "json", database))["complete"]
    assert sorted(os.listdir(tmp)) == ["run.db"]

