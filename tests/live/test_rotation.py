# SPDX-License-Identifier: GPL-2.0
"""record --rotate: files that follow one another without a gap, kept for so long."""
import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import time

import pytest

from helpers import AIOLOAD, AIOSTALL, TIMEOUT, Program, run

APPEND = [AIOLOAD, "--pattern", "append", "--bs", "4k", "--batch", "4", "--gap-us", "2000"]


def files(folder):
    return sorted(p for p in folder.iterdir() if p.suffix == ".db")


def read(*args):
    done = run([AIOSTALL, "report", "--format", "json", *args])
    assert done.status in (0, 3), done.stderr
    return json.loads(done.stdout)


def test_files_hold_together_what_one_would(tmp_path):
    """Not a call, not a sleep is missing where one file ends, nor is any in two."""
    load = [*APPEND[:-1], "4000", "--file", tmp_path / "f", "--calls", "997"]
    done = run([AIOSTALL, "record", "--rotate", "1s", "-o", tmp_path / "run.db", "--", *load], timeout=TIMEOUT)
    assert done.status in (0, 3), done.stderr
    said = json.loads(done.stdout)
    found = files(tmp_path)
    assert len(found) >= 3
    assert all(re.fullmatch(r"run-\d{8}T\d{6}Z\.db", p.name) for p in found)
    assert f"{len(found) - 1} files before it" in done.stderr and found[-1].name in done.stderr
    whole, parts = read(*found), [read(p) for p in found]
    assert whole["totals"]["submits"] == 997 == said["submits"]
    for name in ("submits", "submits_blocked", "requests", "sleeps", "blocked_ns"):
        assert sum(p["totals"][name] for p in parts) == whole["totals"][name]
    for path, part in zip(found, parts):
        info = json.loads(run([AIOSTALL, "report", "--info", "--format", "json", path]).stdout)
        assert info["complete"] and info["kernel"] == os.uname().release and info["facts"]
        # each by itself has what it refers to
        causes = [c for fs in part["filesystems"] for c in fs["causes"]]
        assert all(c["stacks"][0]["frames"] for c in causes)
        # a sleep and its record are in the same file
        for name in ("sleeps", "blocked_ns"):
            assert sum(c[name] for c in causes) == part["totals"][name], path
            assert sum(fs[name] for fs in part["filesystems"]) == part["totals"][name], path
    assert whole["totals"]["sleeps"] == said["nvcsw"] > 0
    # the load lasts for four seconds at the least, and a file for one, however late it is told to end
    assert sum(p["capture"]["duration_ns"] for p in parts) >= 3.9e9
    assert max(p["capture"]["duration_ns"] for p in parts[:-1]) >= 0.5e9
    began = [p["capture"]["started"] for p in parts]
    assert began == sorted(began) and len(set(began)) == len(began)


def test_a_sleep_and_its_record_are_in_one_file(tmp_path):
    """Two threads that sleep at every border, without a pause."""
    load = [*APPEND[:-2], "--threads", "2", "--file", tmp_path / "f", "--calls", "1000000", "--max-ms", "4500"]
    done = run([AIOSTALL, "record", "--rotate", "1s", "-o", tmp_path / "run.db", "--", *load], timeout=TIMEOUT)
    assert done.status in (0, 3), done.stderr
    found = files(tmp_path)
    parts = [read(p) for p in found]
    assert len(parts) >= 2
    for path, part in zip(found, parts):
        causes = [c for fs in part["filesystems"] for c in fs["causes"]]
        assert {"lost", "beyond"}.isdisjoint(c["id"] for c in causes)
        for name in ("sleeps", "blocked_ns"):
            told = part["totals"][name]
            assert sum(c[name] for c in causes) == told == sum(fs[name] for fs in part["filesystems"]), path
    whole = read(*found)
    assert whole["totals"]["sleeps"] == json.loads(done.stdout)["nvcsw"]
    assert max(p["totals"]["sleeps"] for p in parts[:-1]) > 100, "no border had sleeps, so it shows nothing"
    assert sum(p["totals"]["sleeps"] for p in parts) == whole["totals"]["sleeps"]
    # who submitted, each call in one file
    for name in ("submits", "requests", "sleeps", "blocked_ns"):
        (told,) = [p[name] for p in whole["processes"]]
        assert sum(p[name] for part in parts for p in part["processes"]) == told == whole["totals"][name]


def test_a_kill_costs_a_second_of_the_last_file(tmp_path):
    with Program([*APPEND, "--file", tmp_path / "f", "--calls", "1000000"]) as load:
        load.wait_file(tmp_path / "f")
        with Program([AIOSTALL, "record", "--rotate", "1s", "-p", load.pid, "-o", tmp_path / "run.db"]) as recorder:
            end = time.monotonic() + 60
            while len(files(tmp_path)) < 3 and time.monotonic() < end:
                time.sleep(0.02)
            recorder.signal(signal.SIGKILL)
            recorder.proc.wait(30)
        load.signal(signal.SIGKILL)
        load.proc.wait(30)
    found = files(tmp_path)
    assert len(found) >= 3
    submits = [read(p)["totals"]["submits"] for p in found[:-1]]
    # the second before the kill was on its way to the disk; those before it are there
    assert any(submits[:-1]) and len(submits) >= 2
    infos = [json.loads(run([AIOSTALL, "report", "--info", "--format", "json", p]).stdout) for p in found[:-2]]
    assert all(i["complete"] for i in infos)


RECORDING = b"SQLite format 3\0".ljust(68, b"\0") + b"aios".ljust(32, b"\0")
JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7".ljust(512, b"\0")


def retain(path):
    done = run([AIOSTALL, "record", "--rotate", "1h", "--retain", "30m", "-d", "200ms", "-o", path])
    assert done.status in (0, 3), done.stderr
    return done.stderr


def test_what_is_old_goes_and_nothing_else(tmp_path):
    old = ["run-20200101T000000Z.db", "run-20200101T000000Z.db-journal"]
    others = ["run.db", "run-2020.db", "other-20200101T000000Z.db", "run-20200101T000000Z.txt",
              "run-20200101T00000xZ.db"]
    # by its name one of ours, but no recording; another user's; and with what is nobody's journal
    foreign = ["run-20200105T000000Z.db", "run-20200106T000000Z.db", "run-20200107T000000Z.db",
               "run-20200107T000000Z.db-journal", "run-20200108T000000Z.db"]
    young = ["run-20200102T000000Z.db"]
    for name in [*old, *others, *young, *foreign]:
        (tmp_path / name).write_bytes(JOURNAL if name == old[1] else RECORDING)
    (tmp_path / foreign[0]).write_bytes(b"SQLite format 3\0".ljust(4096, b"x"))
    os.chown(tmp_path / foreign[1], 65534, 65534)
    for name in [*old, *others, *foreign]:
        os.utime(tmp_path / name, (time.time() - 3600,) * 2)
    (tmp_path / "run-20200103T000000Z.db").symlink_to(tmp_path / "run.db")
    (tmp_path / "run-20200104T000000Z.db").mkdir()
    with open(tmp_path / foreign[4], "r+b") as recorder:
        # as another aiostall holds it
        fcntl.fcntl(recorder, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 1 << 42, 1, 0))
        retain(tmp_path / "run.db")
    left = set(os.listdir(tmp_path))
    assert not left & set(old)
    assert left >= {*foreign}
    assert left >= {*others, *young, "run-20200103T000000Z.db", "run-20200104T000000Z.db"}


def test_what_is_old_is_not_looked_for_by_links_of_others(tmp_path):
    """The folder is the one that is recorded into, or none."""
    sticky, mine = tmp_path / "sticky", tmp_path / "mine"
    for folder in (sticky, mine):
        folder.mkdir()
    sticky.chmod(0o1777)
    name = mine / "run-20200101T000000Z.db"
    name.write_bytes(RECORDING)
    os.utime(name, (time.time() - 3600,) * 2)
    (sticky / "link").symlink_to(mine)
    os.chown(sticky / "link", 65534, 65534, follow_symlinks=False)
    done = run([AIOSTALL, "record", "--rotate", "1h", "--retain", "30m", "-d", "200ms",
                "-o", sticky / "link" / "run.db"])
    assert done.status == 1 and "symbolic link of another user" in done.stderr
    assert name.exists()


@pytest.fixture(name="small_disk")
def small_disk_fixture(tmp_path):
    where = tmp_path / "small"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "small", where], check=True)
    yield where
    subprocess.run(["umount", where], check=True)


def test_a_disk_that_has_no_room_for_the_next_file(tmp_path, small_disk):
    """The files before it stay, no empty one is left, and the command runs to its end."""
    marker = tmp_path / "ended"
    # Stalls for some seconds, no more of them a second than the first file has room for.
    load = [AIOLOAD, "--pattern", "pipe", "--threads", "4", "--feed-delay-us", "2000", "--calls", "1500",
            "--file", tmp_path / "f"]
    done = run([AIOSTALL, "record", "--rotate", "1s", "--events", "-o", small_disk / "run.db", "--", "sh", "-c",
                f"{' '.join(map(str, load))} >/dev/null; touch {marker}"], timeout=TIMEOUT)
    assert done.status == 3 and marker.exists(), done.stderr
    assert "Tracing goes on" in done.stderr and "could not be written to the end" in done.stderr
    found = files(small_disk)
    assert found and all(p.stat().st_size for p in found)
    assert sum(read(p)["totals"]["submits"] for p in found) > 0
