# SPDX-License-Identifier: GPL-2.0
"""What a recorder replaces, and what it leaves alone. The recorder is a test program without a kernel."""
import contextlib
import os
import pathlib
import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRANGER = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files of another user")


def record(path, seconds=1):
    return subprocess.run([ROOT / "build" / "tests" / "synth", path, str(seconds), "10", "3"],
                          stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, timeout=60,
                          check=False)


def content(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


def foreign(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE orders(a)")
    db.execute("INSERT INTO orders VALUES (1)")
    db.commit()
    db.close()


def kept(folder, path, says):
    before = content(folder)
    done = record(path)
    assert done.returncode and says in done.stderr, done.stderr
    assert content(folder) == before


def test_a_recording_becomes_old(tmp_path):
    path = tmp_path / "run.db"
    for i in (1, 2, 3):
        assert record(path, i).returncode == 0
    assert sorted(os.listdir(tmp_path)) == ["run.db", "run.db.old"]
    for name, slices in (("run.db", 3), ("run.db.old", 2)):
        db = sqlite3.connect(tmp_path / name)
        assert db.execute("SELECT max(id) FROM slice").fetchone()[0] in (slices, slices + 1)
        db.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_database_of_somebody_else(tmp_path):
    foreign(tmp_path / "orders.db")
    kept(tmp_path, tmp_path / "orders.db", "is no recording of aiostall")


@pytest.mark.parametrize("text", ["x", "notes\n" * 100])
def test_any_other_file(tmp_path, text):
    (tmp_path / "notes").write_text(text, encoding="ascii")
    kept(tmp_path, tmp_path / "notes", "is no recording of aiostall")


def test_a_foreign_file_that_is_called_old(tmp_path):
    assert record(tmp_path / "run.db").returncode == 0
    foreign(tmp_path / "run.db.old")
    kept(tmp_path, tmp_path / "run.db", "run.db.old is no recording of aiostall")


@pytest.mark.parametrize("name", ["run.db-journal", "run.db.old-journal"])
def test_a_journal_that_is_none(tmp_path, name):
    if "old" in name:
        assert record(tmp_path / "run.db").returncode == 0
    (tmp_path / name).write_text("diary\n", encoding="ascii")
    kept(tmp_path, tmp_path / "run.db", f"{name} is not the journal of a recording")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda p: os.symlink("/dev/null", p)],
                         ids=["folder", "pipe", "device"])
def test_what_is_no_file(tmp_path, make):
    make(tmp_path / "run.db")
    done = record(tmp_path / "run.db")
    assert done.returncode and "is not a regular file" in done.stderr
    assert os.listdir(tmp_path) == ["run.db"]


def test_an_empty_file_is_replaced(tmp_path):
    """As mktemp(1) makes it; it is not worth to become the old one."""
    assert record(tmp_path / "run.db").returncode == 0
    os.rename(tmp_path / "run.db", tmp_path / "run.db.old")
    (tmp_path / "run.db").touch()
    old = (tmp_path / "run.db.old").read_bytes()
    assert record(tmp_path / "run.db").returncode == 0
    assert (tmp_path / "run.db.old").read_bytes() == old
    assert sorted(os.listdir(tmp_path)) == ["run.db", "run.db.old"]


def test_a_first_transaction_that_was_never_finished(tmp_path):
    code = ("import os, signal, sqlite3, sys\n"
            "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "db.execute('PRAGMA cache_size=1'); db.execute('BEGIN')\n"
            "for i in range(60): db.execute(f'CREATE TABLE t{i}(a)')\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n")
    subprocess.run([sys.executable, "-c", code, tmp_path / "run.db"], check=False)
    assert sorted(os.listdir(tmp_path)) == ["run.db", "run.db-journal"]
    assert record(tmp_path / "run.db").returncode == 0
    assert os.listdir(tmp_path) == ["run.db"]


HOLD = ("import fcntl, struct, sys\n"
        "f = open(sys.argv[1], 'r+b')\n"
        "fcntl.fcntl(f, fcntl.F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 1 << 42, 1, 0))\n"
        "print('locked', flush=True); sys.stdin.read()\n")


@contextlib.contextmanager
def held(path):
    """Another process has the lock of a recorder."""
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "locked\n"
        yield holder


def test_a_recorder_that_has_just_been_killed(tmp_path):
    """Its helpers share the lock, and end a little later."""
    path = tmp_path / "run.db"
    assert record(path).returncode == 0
    with held(path) as holder:
        timer = threading.Timer(0.3, holder.kill)
        timer.start()
        assert record(path).returncode == 0
        timer.join()


def test_a_recording_under_way(tmp_path):
    """Another process holds the lock that a recorder holds."""
    path = tmp_path / "run.db"
    assert record(path).returncode == 0
    with held(path) as holder:
        kept(tmp_path, path, "is being recorded by another aiostall")
        os.rename(path, tmp_path / "run.db.old")
        assert record(path).returncode == 0  # nothing has the name: it may be had
        kept(tmp_path, path, "run.db.old is being recorded by another aiostall")
        holder.stdin.close()
    assert record(path).returncode == 0


@needs_root
@pytest.mark.parametrize("kind", ["link", "file", "journal"])
def test_where_all_may_write(tmp_path, kind):
    folder, target = tmp_path / "sticky", tmp_path / "target"
    folder.mkdir()
    folder.chmod(0o1777)
    target.write_text("", encoding="ascii")
    if kind == "link":
        (folder / "run.db").symlink_to(target)
    elif kind == "file":
        (folder / "run.db").touch()
    else:
        (folder / "run.db-journal").symlink_to(target)
    for name in os.listdir(folder):
        os.chown(folder / name, STRANGER, STRANGER, follow_symlinks=False)
    done = record(folder / "run.db")
    assert target.read_bytes() == b""
    if kind == "journal":
        assert sorted(os.listdir(folder)) in (["run.db"], ["run.db", "run.db-journal"])
    else:
        assert done.returncode and "another user" in done.stderr
        assert os.listdir(folder) == ["run.db"]
