# SPDX-License-Identifier: GPL-2.0
"""Recordings from strangers: what a file, and what lies beside it, can cost and can do."""
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = 4096
MANY = 100
VERBS = [["report"], ["report", "--info"], ["diff"]]
MIB = 1 << 20


@pytest.fixture(name="recording", scope="module")
def recording_fixture(tmp_path_factory):
    path = tmp_path_factory.mktemp("untrusted") / "run.db"
    subprocess.run([ROOT / "build" / "tests" / "synth", path, "20", "100", "24"], check=True)
    return path


def read(binary, verb, *paths):
    """(status, stderr, seconds of CPU, peak MiB) of a verb on recordings; stdin stays open."""
    paths = list(map(str, paths)) * (2 if verb[0] == "diff" else 1)
    with subprocess.Popen([binary, *verb, *paths], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as proc:
        try:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            stderr = proc.communicate(timeout=20)[1]
        finally:
            proc.kill()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return proc.returncode, stderr, cpu, after.ru_maxrss / 1024


def peak_mib(binary, verb, *paths):
    """Of the verb and its children alone; getrusage knows only the peak since ever."""
    code = ("import resource, subprocess, sys\n"
            "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n")
    paths = list(map(str, paths)) * (2 if verb[0] == "diff" else 1)
    out = subprocess.run([sys.executable, "-c", code, binary, *verb, *paths], timeout=60,
                         check=True, stdout=subprocess.PIPE)
    return int(out.stdout) / 1024


def refused(binary, path, says):
    for verb in VERBS:
        status, stderr, cpu, _ = read(binary, verb, path)
        assert status == 1, (verb, stderr)
        assert any(word in stderr for word in says), (verb, stderr)
        assert stderr.startswith("aiostall: ") and "signal" not in stderr
        assert cpu < 2, (verb, cpu)
        assert peak_mib(binary, verb, path) < 64


# Makers of hostile files

def varint(n):
    out = [n & 0x7f]
    while n > 0x7f:
        n >>= 7
        out.append(n & 0x7f | 0x80)
    return bytes(reversed(out))


def row(values):
    """A table's row: types, then values; text and numbers of four bytes."""
    types = b"".join(varint(4 if isinstance(v, int) else 13 + 2 * len(v)) for v in values)
    body = b"".join(struct.pack(">i", v) if isinstance(v, int) else v.encode() for v in values)
    return varint(len(types) + 1) + types + body


def tree_page(kind, cells, right=None, at=0):
    page, end, pointers = bytearray(PAGE), PAGE, []
    for cell in cells:
        end -= len(cell)
        page[end:end + len(cell)] = cell
        pointers.append(end)
    head = struct.pack(">BHHHB", kind, 0, len(cells), end, 0)
    head += struct.pack(">I", right) if right else b""
    page[at:at + len(head)] = head
    for i, pointer in enumerate(pointers):
        struct.pack_into(">H", page, at + len(head) + 2 * i, pointer)
    return page


def with_header(pages, recording):
    """Pages as a file that says it is a recording."""
    head = bytearray(recording.read_bytes()[:100])
    struct.pack_into(">I", head, 28, len(pages))
    head[92:96] = head[24:28]
    head[32:40] = bytes(8)
    pages[0][:100] = head
    return b"".join(pages)


def endless_tree(recording, depth, width):
    """Each page of the table of tables refers to the next one many times: width ** depth rows."""
    pages = [tree_page(5, [struct.pack(">I", n) + varint(i + 1) for i in range(width)], n,
                       100 if n == 2 else 0) for n in range(2, depth + 2)]
    leaf = row(["table", "t", "t", depth + 2, "CREATE TABLE t(a)"])
    pages.append(tree_page(13, [varint(len(leaf)) + varint(i + 1) + leaf for i in range(20)]))
    pages.append(tree_page(13, []))
    return with_header(pages, recording)


def sql_on(path, *statements):
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize("depth,width", [(1, 400), (3, 400), (14, 400), (14, 2), (2, 32)])
def test_a_schema_without_end(binary, recording, tmp_path, depth, width):
    path = tmp_path / "endless.db"
    path.write_bytes(endless_tree(recording, depth, width))
    refused(binary, path, ["no recording"])


def test_many_wide_tables(binary, recording, tmp_path):
    path = tmp_path / "wide.db"
    shutil.copy(recording, path)
    sql_on(path, "PRAGMA writable_schema=1",
           "INSERT INTO sqlite_schema WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
           "LIMIT 200000) SELECT 'table', 't' || i, 't' || i, 2, 'CREATE TABLE t' || i || '(' || "
           "'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z' || ')' FROM n")
    refused(binary, path, ["no recording"])


def test_one_long_table(binary, recording, tmp_path):
    path = tmp_path / "long.db"
    shutil.copy(recording, path)
    sql_on(path, "CREATE TABLE long(a CHECK (a <> '" + "x" * 900000 + "'))")
    refused(binary, path, ["no recording"])


def test_tables_that_share_their_pages(binary, recording, tmp_path):
    """A tree of a recording's own table that comes back to itself."""
    path = tmp_path / "shared.db"
    data = bytearray(recording.read_bytes())
    db = sqlite3.connect(recording)
    root = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'string'").fetchone()[0]
    db.close()
    for target in (root, 1):
        cells = [struct.pack(">I", target) + varint(i + 1) for i in range(400)]
        data[(root - 1) * PAGE:root * PAGE] = tree_page(5, cells, target)
        path.write_bytes(data)
        refused(binary, path, ["damaged", "malformed", "too long", "more time", "no recording"])


# What lies beside it

def copy_to(recording, where):
    return pathlib.Path(shutil.copy(recording, where / "run.db"))


def beside(path, suffix):
    return path.with_name(path.name + suffix)


def test_journal_that_is_a_pipe(binary, recording, tmp_path):
    path = copy_to(recording, tmp_path)
    os.mkfifo(beside(path, "-journal"))
    for verb in VERBS:
        status, stderr, _, _ = read(binary, verb, path)
        assert status == 1 and "run.db-journal is not a regular file" in stderr


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/urandom", "/dev/full"])
def test_journal_that_is_a_device(binary, recording, tmp_path, device):
    path = copy_to(recording, tmp_path)
    beside(path, "-journal").symlink_to(device)
    for verb in VERBS:
        status, stderr, _, _ = read(binary, verb, path)
        assert status == 1 and "run.db-journal is not a regular file" in stderr


def journal_header(pages, records=0xffffffff, sector=512):
    return struct.pack(">8s5I", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", records, 7, pages, sector,
                       PAGE).ljust(sector, b"\0")


def test_journal_without_end(binary, recording, tmp_path):
    """Holes: it takes no room here, and must take none in TMPDIR."""
    path = copy_to(recording, tmp_path)
    with open(beside(path, "-journal"), "wb") as journal:
        journal.write(journal_header(path.stat().st_size // PAGE))
        journal.truncate(1 << 40)
    os.makedirs(tmp_path / "tmp")
    os.environ["TMPDIR"] = str(tmp_path / "tmp")
    try:
        for verb in VERBS:
            status, stderr, cpu, _ = read(binary, verb, path)
            assert status == 0, stderr
            assert cpu < 2
    finally:
        del os.environ["TMPDIR"]
    assert not os.listdir(tmp_path / "tmp")


@pytest.mark.parametrize("size", [1 << 40, 1 << 33])
def test_file_without_end(binary, recording, tmp_path, size):
    """Of a terabyte it is refused for that; of less, it costs what the bytes on disk may cost."""
    path = copy_to(recording, tmp_path)
    os.truncate(path, size)
    for verb in VERBS:
        status, stderr, cpu, _ = read(binary, verb, path)
        assert status in ((1,) if size >= 1 << 40 else (0, 1)), stderr
        assert cpu < 3


@pytest.mark.parametrize("pages", [0, 1, 5, 0xffffffff])
def test_journal_with_another_number_of_pages(binary, recording, tmp_path, pages):
    path = copy_to(recording, tmp_path)
    beside(path, "-journal").write_bytes(journal_header(pages, 0))
    refused(binary, path, ["no recording", "damaged"])


def test_journal_of_several_databases(binary, recording, tmp_path):
    """It names a file that SQLite would read, and remove."""
    path, victim = copy_to(recording, tmp_path), tmp_path / "victim"
    victim.write_text("x", encoding="ascii")
    name = str(victim).encode()
    tail = struct.pack(">I", PAGE) + name + struct.pack(">II", len(name), sum(name)) + \
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
    beside(path, "-journal").write_bytes(journal_header(path.stat().st_size // PAGE, 0) + tail)
    refused(binary, path, ["damaged journal"])
    assert victim.exists()


def test_write_ahead_log_is_not_looked_at(binary, recording, tmp_path):
    """A log beside a file that has none: what is in it is not in the report."""
    path = copy_to(recording, tmp_path)
    other = tmp_path / "other.db"
    shutil.copy(recording, other)
    db = sqlite3.connect(other)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("UPDATE info SET value = 'elsewhere' WHERE name = 'hostname'")
    db.commit()
    shutil.copy(beside(other, "-wal"), beside(path, "-wal"))
    wal = other.read_bytes()
    db.close()
    for verb in VERBS:
        assert read(binary, verb, path)[0] == 0
    out = subprocess.run([binary, "report", "--info", path], stdout=subprocess.PIPE, check=True)
    assert b"synth" in out.stdout and b"elsewhere" not in out.stdout
    assert sorted(os.listdir(tmp_path)) == ["other.db", "run.db", "run.db-wal"]
    other.write_bytes(wal)
    refused(binary, other, ["write-ahead log"])


# What is right must be read

KILLED = r"""
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size=%d" % int(sys.argv[2]))
db.execute("PRAGMA journal_mode=TRUNCATE")
db.execute("BEGIN IMMEDIATE")
for statement in sys.argv[3:]:
    db.execute(statement)
os.kill(os.getpid(), signal.SIGKILL)
"""

TRANSACTIONS = {
    "rows": ["UPDATE string SET text = text || 'zzzz'", "DELETE FROM sleeps WHERE slice > 3",
             "DELETE FROM counters"],
    "grown": ["INSERT INTO string(text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
              "FROM n LIMIT 20000) SELECT 'more ' || i FROM n"],
    "schema": ["CREATE TABLE more(a)", "DROP TABLE fact", "UPDATE string SET text = 'x'"],
}


@pytest.mark.parametrize("cache", [2, 10, 1000])
@pytest.mark.parametrize("transaction", sorted(TRANSACTIONS))
def test_a_killed_writer_loses_its_last_transaction_only(aiostall, recording, tmp_path, cache,
                                                         transaction):
    """With a small cache pages reach the file before the end: the journal has them as they were."""
    path = copy_to(recording, tmp_path)
    killed = subprocess.run([sys.executable, "-c", KILLED, path, str(cache),
                             *TRANSACTIONS[transaction]], check=False)
    assert killed.returncode == -signal.SIGKILL
    files = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    if cache == 2:
        assert files["run.db"] != recording.read_bytes()
        assert len(files["run.db-journal"]) > PAGE
    whole = aiostall("report", "--format", "json", str(recording))
    now = aiostall("report", "--format", "json", str(path))
    assert now.returncode == 0, now.stderr
    assert json.loads(now.stdout) == json.loads(whole.stdout)
    assert {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)} == files


def test_journal_that_is_cut_anywhere(aiostall, recording, tmp_path):
    """As SQLite reads it: records up to the first one that is not whole."""
    path = copy_to(recording, tmp_path)
    subprocess.run([sys.executable, "-c", KILLED, path, "2", *TRANSACTIONS["rows"]], check=False)
    data, journal = path.read_bytes(), beside(path, "-journal").read_bytes()
    for part in range(0, 12):
        size = len(journal) * part // 12 + part
        other = tmp_path / "other.db"
        other.write_bytes(data)
        beside(other, "-journal").write_bytes(journal[:size])
        ours = aiostall("report", "--format", "json", str(other))
        assert ours.returncode in (0, 1), ours.stderr
        db = sqlite3.connect(other)
        try:
            texts = db.execute("SELECT count(*), sum(length(text)) FROM string").fetchone()
            whole = db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            whole, texts = False, None
        db.close()
        if not whole:
            continue
        theirs = aiostall("report", "--format", "json", str(other))
        assert (theirs.returncode, theirs.stdout) == (ours.returncode, ours.stdout), (size, texts)


def test_a_living_writer(aiostall, recording, tmp_path):
    """What it has not finished is not read, and the journal of its transaction is not taken back."""
    path = copy_to(recording, tmp_path)
    whole = aiostall("report", "--format", "json", str(recording)).stdout
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE string SET text = 'x'")
    assert beside(path, "-journal").stat().st_size
    assert aiostall("report", "--format", "json", str(path)).stdout == whole
    db.execute("ROLLBACK")
    db.execute("BEGIN EXCLUSIVE")
    done = aiostall("report", str(path))
    assert done.returncode == 1 and "another process is using it" in done.stderr
    db.execute("ROLLBACK")
    db.close()


def test_pages_that_no_table_has(binary, recording, tmp_path):
    """What no query comes by: a list of free pages that has other pages than the header says."""
    path = copy_to(recording, tmp_path)
    content = bytearray(path.read_bytes())
    struct.pack_into(">I", content, 36, struct.unpack_from(">I", content, 36)[0] + 3)
    path.write_bytes(content)
    refused(binary, path, ["its pages"])


def test_many_recordings(aiostall, recording):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, limit[1]))
    done = aiostall("report", "--format", "json", *[str(recording)] * 200, preexec_fn=lower)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["totals"]["submits"] == 200 * 2000


# Who reads it

def test_the_reader_is_confined(binary, tmp_path):
    """Nobody, without capabilities, behind a filter, with limits, and with what it needs open."""
    path = tmp_path / "run.db"
    subprocess.run([ROOT / "build" / "tests" / "synth", path, "3", "3000", "3000"], check=True)
    (tmp_path / "other").touch()
    with open(tmp_path / "other", "rb") as other, \
            subprocess.Popen([binary, "report", "--by", "file,cause,pid,comm", "--format", "json", path],
                             stdout=subprocess.PIPE, pass_fds=[other.fileno()]) as proc:
        proc.stdout.read(1)  # it writes, and more than the pipe holds
        child = int(pathlib.Path(f"/proc/{proc.pid}/task/{proc.pid}/children").read_text("ascii"))
        proc_dir = pathlib.Path(f"/proc/{child}")
        status = dict(line.split(":\t", 1) for line in
                      (proc_dir / "status").read_text("utf-8").splitlines() if ":\t" in line)
        limits = (proc_dir / "limits").read_text("ascii")
        if os.geteuid() == 0:
            assert status["Uid"].split() == ["65534"] * 4
            assert status["Gid"].split() == ["65534"] * 4
            assert not status["Groups"].split()
            files = {os.readlink(proc_dir / "fd" / fd) for fd in os.listdir(proc_dir / "fd")}
            assert str(tmp_path / "other") not in files
            assert str(path) in files
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
        lines = {line[:26].strip(): line[26:].split() for line in limits.splitlines()}
        assert int(lines["Max address space"][0]) < 80 * MIB
        assert int(lines["Max file size"][0]) < 200 * MIB
        assert lines["Max open files"][:2] == ["0", "0"]
        proc.stdout.read()
    assert proc.returncode in (0, 3)  # so many names that some are folded


@pytest.mark.parametrize("wrapper", [["setpriv", "--bounding-set=-setgid,-setuid"],
                                     ["setpriv", "--bounding-set=-all"], ["unshare", "--user", "--map-root-user"]],
                         ids=" ".join)
def test_where_nobody_else_can_be_had(aiostall, binary, recording, wrapper):
    """Root of a container: there may be no other user, and no right to become one."""
    if os.geteuid() or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("needs root and namespaces of users")
    done = subprocess.run([*wrapper, binary, "report", recording], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == aiostall("report", str(recording)).stdout


def test_the_reader_ends_with_its_parent(binary, tmp_path):
    path = tmp_path / "run.db"
    subprocess.run([ROOT / "build" / "tests" / "synth", path, "3", "3000", "3000"], check=True)
    with subprocess.Popen([binary, "report", "--by", "file,cause,pid,comm", "--format", "json", path],
                          stdout=subprocess.PIPE) as proc:
        proc.stdout.read(1)
        child = pathlib.Path(f"/proc/{proc.pid}/task/{proc.pid}/children").read_text("ascii").strip()
        proc.kill()
        end = time.monotonic() + 20
        while os.path.exists(f"/proc/{child}"):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_results_of_qualify_that_are_pipes(binary, tmp_path):
    """They go by another way than recordings: verbs tell them by their first byte."""
    pipe, good = tmp_path / "pipe", tmp_path / "good.json"
    os.mkfifo(pipe)
    good.write_text("{}", encoding="ascii")
    for argv in (["diff", pipe, pipe], ["diff", good, pipe], ["diff", pipe, good],
                 ["qualify", "--page", pipe], ["qualify", "--page", "--intro", pipe, good]):
        done = subprocess.run([binary, *argv], timeout=20, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
        assert done.returncode == 1 and "is not a regular file" in done.stderr, (argv, done.stderr)


@pytest.mark.parametrize("text", ["{},", "[],", "1,", '"",'])
def test_results_of_qualify_are_cheap(binary, tmp_path, text):
    """What costs most of a text's size as JSON; above 1 MiB nothing is read."""
    head, tail = '{"schema":"aiostall-qualify/1","cells":[', "0]}"
    path = tmp_path / "many.json"
    path.write_text(head + text * ((MIB - 100) // len(text)) + tail, encoding="ascii")
    status, stderr, cpu, _ = read(binary, ["qualify", "--page"], path)
    assert status in (0, 1) and "Traceback" not in stderr
    assert cpu < 4
    assert peak_mib(binary, ["qualify", "--page"], path) < 140
    path.write_text(head + text * (16 * MIB // len(text)) + tail, encoding="ascii")
    status, stderr, cpu, _ = read(binary, ["qualify", "--page"], path)
    assert status == 1 and "more than" in stderr and cpu < 1


def damaged(content):
    """Its pages are there, and every seventh byte of what is in them is another."""
    return content[:PAGE] + bytes(b ^ (0xff if i % 7 == 0 else 0)
                                  for i, b in enumerate(content[PAGE:]))


@pytest.mark.parametrize("harm", [damaged, lambda content: content[:len(content) // 2],
                                  lambda content: b"", lambda content: None],
                         ids=["damaged", "cut", "empty", "fifo"])
def test_one_bad_recording_among_many(binary, recording, tmp_path, harm):
    """A sum without it would be short and not say so: the file is named, and nothing is printed."""
    paths = [tmp_path / f"{i:03}.db" for i in range(MANY)]
    for path in paths:
        path.symlink_to(recording)
    bad = paths[MANY * 2 // 3]
    bad.unlink()
    content = harm(recording.read_bytes())
    if content is None:
        os.mkfifo(bad)
    else:
        bad.write_bytes(content)
    done = subprocess.run([binary, "report", *paths], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1 and not done.stdout
    assert done.stderr.startswith("aiostall: ") and bad.name in done.stderr
    assert not any(path.name in done.stderr for path in paths if path != bad)
