# SPDX-License-Identifier: GPL-2.0
"""report of recordings that a program has made: without root, without a kernel."""
import csv
import io
import json
import os
import pathlib
import resource
import sqlite3
import subprocess

import pytest

COLUMNS = ["api", "fs", "mount", "device", "file", "comm", "pid", "cgroup", "container", "cause", "stack", "kernel", "host"]


ROOT = pathlib.Path(__file__).resolve().parents[2]


def synth(root, path, seconds, per_second, keys, *options):
    subprocess.run([root / "build" / "tests" / "synth", *options, path, str(seconds),
                    str(per_second), str(keys)], check=True, timeout=300)
    return path


@pytest.fixture(name="recording", scope="module")
def recording_fixture(tmp_path_factory):
    return synth(ROOT, tmp_path_factory.mktemp("record") / "run.db", 20, 300, 24)


def report_json(aiostall, *args):
    done = aiostall("report", "--format", "json", *map(str, args))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_sums(aiostall, recording):
    rep = report_json(aiostall, recording)
    assert rep["totals"]["sleeps"] == rep["totals"]["submits"] == 6000
    assert sum(fs["sleeps"] for fs in rep["filesystems"]) == 6000
    for fs in rep["filesystems"]:
        assert sum(c["sleeps"] for c in fs["causes"]) == fs["sleeps"]
        assert sum(c["blocked_ns"] for c in fs["causes"]) == fs["blocked_ns"]
        assert max(c["max_ns"] for c in fs["causes"]) == fs["sleep_ns"]["max"]
        for cause in fs["causes"]:
            assert cause["worst"]["blocked_ns"] == cause["max_ns"]
            assert cause["worst"]["how"] == "exact"


@pytest.mark.parametrize("by", COLUMNS + ["fs,cause", "kernel,host,fs"])
def test_groups_add_up(aiostall, recording, by):
    groups = report_json(aiostall, "--by", by, recording)["groups"]
    assert sum(g["sleeps"] for g in groups) == 6000
    assert abs(sum(g["share"] for g in groups) - 1) < 1e-3
    values = [json.dumps([g[name] for name in by.split(",")]) for g in groups]
    assert len(values) == len(set(values))
    assert ("submits" in groups[0]) == set(by.split(",")).issubset(
        {"api", "fs", "mount", "device", "kernel", "host"})


@pytest.mark.parametrize("form", ["text", "csv", "folded"])
def test_groups_in_other_formats(aiostall, recording, form):
    done = aiostall("report", "--by", "fs,stack", "--format", form, str(recording))
    assert done.returncode == 0 and done.stdout
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert sum(int(row["sleeps"]) for row in rows) == 6000
    if form == "folded":
        assert all(line.split(";")[1] == "io_submit_one" for line in done.stdout.splitlines())


def test_ranges_are_parts_of_the_whole(aiostall, recording):
    first = report_json(aiostall, "--until", "7", recording)
    rest = report_json(aiostall, "--since", "7", recording)
    assert first["totals"]["sleeps"] == 2100
    assert first["totals"]["sleeps"] + rest["totals"]["sleeps"] == 6000
    assert first["capture"]["duration_ns"] == 7 * 10**9


def test_filters(aiostall, recording):
    whole = {g["fs"]: g["sleeps"] for g in report_json(aiostall, "--by", "fs", recording)["groups"]}
    ext4 = report_json(aiostall, "--fs", "ext4", recording)
    assert [fs["fstype"] for fs in ext4["filesystems"]] == ["ext4"]
    assert ext4["totals"]["submits"] == whole["ext4"]
    assert report_json(aiostall, "--mount", "/data1", recording)["totals"]["sleeps"] == whole["xfs"]
    pids = {g["pid"]: g["sleeps"] for g in report_json(aiostall, "--by", "pid", recording)["groups"]}
    assert len(pids) == 3
    for pid, sleeps in pids.items():
        assert report_json(aiostall, "-p", pid, recording)["totals"]["sleeps"] == sleeps
    assert report_json(aiostall, "-c", "none", recording)["totals"]["sleeps"] == 0
    done = aiostall("report", "-m", "1ms", str(recording))
    assert done.returncode == 1 and "--events" in done.stderr


def test_several_recordings_are_one(aiostall, recording, tmp_path):
    other = tmp_path / "other.db"
    other.write_bytes(recording.read_bytes())
    rep = report_json(aiostall, recording, other)
    assert rep["totals"]["sleeps"] == 12000
    assert len(rep["filesystems"]) == 4
    writer = sqlite3.connect(other)
    writer.execute("UPDATE info SET value = 'another' WHERE name = 'hostname'")
    writer.execute("UPDATE info SET value = '6.12.0' WHERE name = 'kernel'")
    writer.commit()
    writer.close()
    rep = report_json(aiostall, recording, other)
    assert len(rep["filesystems"]) == 8
    assert {fs["mount"].split(":")[0] for fs in rep["filesystems"]} == {"synth", "another"}
    kernels = report_json(aiostall, "--by", "kernel", recording, other)["groups"]
    assert {g["kernel"]: g["submits"] for g in kernels} == {"6.1.0": 6000, "6.12.0": 6000}


NEW_LOSSES = ("skipped", "misjudged", "recovered", "refused", "in_flight",
              "uncounted_sleeps")


def written_by(version, tmp_path):
    """A recording as a program with that version of the schema left it."""
    old = tmp_path / "old.db"
    writer = sqlite3.connect(old)
    writer.executescript((ROOT / "tests" / "cli" / f"version{version}.sql").read_text(encoding="utf-8"))
    writer.commit()
    writer.close()
    return old


def test_recordings_of_version_1_are_read(aiostall, tmp_path):
    old = written_by(1, tmp_path)
    writer = sqlite3.connect(old)
    writer.execute("INSERT INTO loss VALUES (1, 0, 0, 0, 7, 0, 0, 0, 0, 3, 0)")
    writer.commit()
    writer.close()
    done = aiostall("report", "--format", "json", str(old))
    assert done.returncode == 3, done.stderr
    rep = json.loads(done.stdout)
    assert rep["totals"]["submits"] == 117 and rep["totals"]["sleeps"] == 22
    assert rep["loss"]["unmatched"] == 7 and rep["loss"]["scan_agree"] == 3
    assert [rep["loss"][name] for name in NEW_LOSSES] == [None] + [0] * (len(NEW_LOSSES) - 1)
    assert "older" in rep["loss"]["skipped_unknown"]
    (fs,) = rep["filesystems"]
    (cause,) = fs["causes"]
    assert (fs["fstype"], fs["mount"], cause["id"]) == ("ext4", "/data", "blk.tag")
    # wakers had names alone
    assert cause["wakers"] == [{"comm": "(interrupt)", "sleeps": 22}]
    info = aiostall("report", "--info", "--format", "json", str(old))
    assert json.loads(info.stdout)["file_schema"] == 1
    done = aiostall("report", "--format", "json", "--by", "api,comm", "-c", "made", str(old))
    (group,) = json.loads(done.stdout)["groups"]
    assert (group["api"], group["comm"], group["sleeps"]) == ("aio", "made", 22)
    assert aiostall("diff", str(old), str(old)).returncode == 3


# In the order of removal: none is a part of what is left of another.
NEW_IN_4 = ("worker_sleeps", "worker_blocked_ns", "sqpoll_sleeps", "sqpoll_blocked_ns",
            "punted_asked", "punted_forced", "punted_unable", "punted_tried", "punted_serial",
            "punted_reads", "punted_writes", "punted_syncs", "punted", "submitter_tid")
NEW_IN_7 = ("punted_refused", "punted_reissued", "punted_device", "queued_reads", "queued_reads_ns",
            "queued_writes", "queued_writes_ns", "queued_syncs", "queued_syncs_ns", "together", "behind")
NEW_IN_6 = ("max_queue_delay_ns", "queue_delay_ns", "queue_delays")
NEW_TABLES_IN_5 = ("process", "failure")
NEW_IN_3 = ("further_sleeps", "plane", "user_data", "waits", "waited_ns", "wait_calls",
            "taskwork_sleeps", "taskwork_blocked_ns", "generation")


def as_version_2(recording, old):
    """The recording as version 2 wrote it: without what came later."""
    new, writer = sqlite3.connect(recording), sqlite3.connect(old)
    for name, sql in new.execute("SELECT name, sql FROM sqlite_schema ORDER BY rowid"):
        if name in NEW_TABLES_IN_5:
            continue
        for column in NEW_IN_7 + NEW_IN_6 + NEW_IN_4 + NEW_IN_3:
            sql = sql.replace(f", {column} INTEGER", "")
        writer.execute(sql)
        columns = [row[1] for row in writer.execute(f"PRAGMA table_info({name})")]
        rows = new.execute(f"SELECT {', '.join(columns)} FROM {name}")
        writer.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(columns))})", rows)
    writer.execute("PRAGMA application_id = 0x61696f73")
    writer.execute("PRAGMA user_version = 2")
    writer.commit()
    writer.close()
    new.close()


def test_recordings_of_version_2_are_read(aiostall, recording, tmp_path):
    old = tmp_path / "old.db"
    as_version_2(recording, old)
    new, rep = report_json(aiostall, recording), report_json(aiostall, old)
    assert rep["totals"] == new["totals"]
    for fs, was in zip(rep["filesystems"], new["filesystems"]):
        for cause, known in zip(fs["causes"], was["causes"]):
            assert known["submits_blocked"] > 0
            assert cause["submits_blocked"] is None and cause["sleeps"] == known["sleeps"]
        assert fs["most_submits"] is None


def test_a_recording_that_version_2_wrote(aiostall, tmp_path):
    old = written_by(2, tmp_path)
    done = aiostall("report", "--format", "json", str(old))
    assert done.returncode == 0, done.stderr
    rep = json.loads(done.stdout)
    assert rep["totals"]["submits"] == 116 and rep["totals"]["sleeps"] == 22
    assert rep["totals"]["waits"] == rep["totals"]["wait_calls"] == 0
    (fs,) = rep["filesystems"]
    (cause,) = fs["causes"]
    assert (fs["api"], cause["id"], cause["plane"]) == ("aio", "blk.tag", "submit")
    assert cause["wakers"] == [{"comm": "(interrupt)", "sleeps": 22}]
    assert sum(count for _, count in fs["sleep_ns"]["buckets"]) == 22
    info = aiostall("report", "--info", "--format", "json", str(old))
    assert json.loads(info.stdout)["file_schema"] == 2
    done = aiostall("report", "--format", "json", "--by", "api,plane,opcode", str(old))
    (group,) = json.loads(done.stdout)["groups"]
    assert (group["api"], group["plane"], group["sleeps"]) == ("aio", "submit", 22)
    assert not json.loads(aiostall("report", "--format", "json", "--api", "io_uring",
                                   str(old)).stdout)["filesystems"]


def test_a_recording_that_version_3_wrote(aiostall, tmp_path):
    old = written_by(3, tmp_path)
    rep = report_json(aiostall, old)
    totals = rep["totals"]
    assert (totals["requests"], totals["taskwork_sleeps"]) == (44, 11)
    assert totals["worker_sleeps"] == totals["sqpoll_sleeps"] == 0
    # nothing counted them
    assert totals["punted"] is None and totals["punted_ops"]["read"] is None
    (cause,) = rep["filesystems"][0]["causes"]
    assert (cause["plane"], cause["id"]) == ("taskwork", "ubuf.uffd")
    info = aiostall("report", "--info", "--format", "json", str(old))
    assert json.loads(info.stdout)["file_schema"] == 3


def test_a_recording_that_version_4_wrote(aiostall, tmp_path):
    old = written_by(4, tmp_path)
    writer = sqlite3.connect(old)
    rep = report_json(aiostall, old)
    totals = rep["totals"]
    assert (totals["submits"], totals["requests"], totals["sleeps"]) == (25, 100, 100)
    assert totals["worker_sleeps"] == totals["punted"] == 0
    # it has those that slept, and does not tell how much they submitted
    (process,) = rep["processes"]
    assert (process["pid"], process["comm"], process["sleeps"]) == (7001, "aioload", 100)
    assert process["submits"] is None and process["cause"] == "ext4.dio_sync"
    assert totals["errors"] == []
    # failures without their errors
    writer.execute("UPDATE counters SET submit_errors = 3")
    writer.commit()
    assert report_json(aiostall, old)["totals"]["errors"] == [{"errno": None, "number": 0, "submits": 3}]
    # tables of a later version make it no recording of this one
    writer.execute("CREATE TABLE failure(id INTEGER PRIMARY KEY, err INTEGER, calls INTEGER)")
    writer.commit()
    writer.close()
    done = aiostall("report", str(old))
    assert done.returncode == 1 and "other tables" in done.stderr


def test_a_recording_that_version_5_wrote(aiostall, tmp_path):
    old = written_by(5, tmp_path)
    rep = report_json(aiostall, old)
    (row,) = rep["filesystems"]
    assert (row["requests"], row["punted_asked"], row["worker_sleeps"]) == (44, 11, 11)
    # nothing measured it
    assert row["queue_delays"] is None and rep["totals"]["max_queue_delay_ns"] is None
    (process,) = rep["processes"]
    assert (process["pid"], process["requests"]) == (7001, 44)


def test_a_recording_that_version_6_wrote(aiostall, tmp_path):
    old = written_by(6, tmp_path)
    rep = report_json(aiostall, old)
    (row,) = rep["filesystems"]
    assert (row["punted"], row["queue_delays"], row["queue_delay_ns"]) == (11, 11, 13398431)
    # nothing has counted it by operation
    assert row["queue_delay_ops"] is None and row["punted_ops"]["read"] == 11
    assert "waited 1.22ms for a worker on average" in aiostall("report", str(old)).stdout
    # its sleeps are those of workers
    assert "told with plane in --by" in aiostall("report", "--by", "opcode", str(old)).stdout
    assert "told with plane in --by" not in aiostall("report", "--by", "plane,opcode", str(old)).stdout
    groups = json.loads(aiostall("report", "--by", "opcode", "--format", "json", str(old)).stdout)
    assert groups["queue_delay_ops"] is None


def test_report_min_of_a_recording_that_has_no_shorter_ones(aiostall, recording, tmp_path):
    short = tmp_path / "min.db"
    short.write_bytes(recording.read_bytes())
    writer = sqlite3.connect(short)
    writer.execute("UPDATE info SET value = 10000 WHERE name = 'min_ns'")
    writer.commit()
    writer.close()
    assert report_json(aiostall, "-m", "10us", short)["totals"]["sleeps"] == 6000
    done = aiostall("report", "-m", "11us", str(short))
    assert done.returncode == 1 and "--min" in done.stderr and "--pid" in done.stderr


def a_month(root, of, n):
    done = subprocess.run([root / "build" / "tests" / "month", of, str(n)], check=True, timeout=300,
                          capture_output=True, text=True)
    return map(int, done.stdout.split())


def test_a_month_of_files_stays_flat(root):
    early, late, evicted, lost, always = a_month(root, "files", 1000000)
    assert late < early * 1.05 and late < 31 * 1024
    assert evicted > 900000 and lost == 0
    # what is in use all the time keeps its name
    assert always == 10000


def test_a_month_of_filesystems_stays_flat(root):
    early, late, evicted, lost, always = a_month(root, "filesystems", 200000)
    assert late < early * 1.05 and late < 46 * 1024
    assert evicted > 190000 and lost == 0
    # what has come when there were too many already has its type, mount point and cause
    assert always == 1000


HOSTILE = [
    ("CREATE TABLE more(a)", "other tables"),
    ("CREATE VIEW v AS SELECT 1", "other tables"),
    ("CREATE TRIGGER t AFTER INSERT ON slice BEGIN SELECT 1; END", "other tables"),
    ("DROP TABLE fact", "other tables"),
    ("PRAGMA user_version = 8", "version 8"),
    ("PRAGMA user_version = 1", "other tables"),
    ("PRAGMA user_version = 2", "other tables"),
    ("PRAGMA user_version = 3", "other tables"),
    ("PRAGMA user_version = 4", "other tables"),
    ("UPDATE sleeps SET key = key + 99999", "damaged"),
    ("UPDATE sleeps SET hist = x'00'", "damaged"),
    ("UPDATE sleeps SET sleeps = 'text'", "damaged"),
    ("UPDATE key SET stack = -1", "damaged"),
    ("UPDATE stack SET frames = zeroblob(3000000)", "damaged"),
    ("INSERT INTO here(fs, cause, text) VALUES (99, 'blk.tag', 'a')", "damaged"),
    ("INSERT INTO here(fs, cause, text) VALUES (1, 'blk.tag', char(27) || '[31m')", None),
    ("INSERT INTO process VALUES (1, 99999, 0, 1, 1, 1, 1, 1, 1)", "damaged"),
    ("INSERT INTO process VALUES (1, 0, 0, -1, 1, 1, 1, 1, 1)", "damaged"),
    ("INSERT INTO process VALUES (1, 1, 1, 4294967295, -1, -1, -1, -1, -1)", None),
    ("INSERT INTO failure VALUES (1, 0, 1)", "damaged"),
    ("INSERT INTO failure VALUES (1, 4096, 1)", "damaged"),
    ("INSERT INTO failure VALUES (1, 22, -1)", None),
    ("UPDATE slice SET end_ns = -1, start_ns = 5", None),
    ("UPDATE counters SET submits = -1", None),
    ("UPDATE string SET text = 'a' || char(27) || '[31m' || char(10)", None),
]


@pytest.mark.parametrize("sql,says", HOSTILE, ids=lambda v: str(v)[:30])
def test_hostile_recordings(aiostall, recording, tmp_path, sql, says):
    bad = tmp_path / "bad.db"
    bad.write_bytes(recording.read_bytes())
    writer = sqlite3.connect(bad)
    writer.execute(sql)
    writer.commit()
    writer.close()
    for args in ([], ["--by", "file,cause,stack"]):
        done = aiostall("report", *args, str(bad))
        assert done.returncode in (0, 1, 3), done.stderr
        assert "\x1b" not in done.stdout + done.stderr
    # the groups read every table, histograms too
    if says:
        assert done.returncode == 1 and says in done.stderr


def test_the_schema_is_the_documented_one(root, recording):
    text = (root / "docs" / "recording.md").read_text(encoding="utf-8")
    documented = text.split("```sql\n")[1].split("```")[0].replace("\n    ", " ").splitlines()
    made = sqlite3.connect(recording).execute("SELECT sql FROM sqlite_schema ORDER BY rowid")
    assert [row[0] + ";" for row in made] == documented


def test_size_and_cost_follow_keys_not_stalls(root, aiostall, tmp_path):
    """Generous: the figures of an hour at 10,000 stalls a second are checked by hand."""
    few = synth(root, tmp_path / "few.db", 60, 1000, 20).stat().st_size
    many = synth(root, tmp_path / "many.db", 60, 10000, 20).stat().st_size
    assert many < 2 * few
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert aiostall("report", str(tmp_path / "many.db")).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 5
    assert os.path.getsize(tmp_path / "many.db") == many


def test_an_hour_of_many_keys_fits(root, tmp_path):
    """200 keys with 50 stalls each in every second: what minutes add, once names are known."""
    five = synth(root, tmp_path / "five.db", 300, 10000, 200).stat().st_size
    eleven = synth(root, tmp_path / "eleven.db", 660, 10000, 200).stat().st_size
    # in two minutes a page more or less would be an eighth of a megabyte an hour
    assert 60 * (eleven - five) / 6 < 52 * 10**6


def slices(path):
    return [row[0] for row in sqlite3.connect(path).execute("SELECT id FROM slice ORDER BY id")]


def rows(path, table):
    return sqlite3.connect(path).execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_keep_is_a_rolling_window_of_bounded_size(root, aiostall, tmp_path):
    """Other files in every second: names that nothing refers to must go, too."""
    short = synth(root, tmp_path / "short.db", 20, 200, 50, "-c", "-k", "5")
    long = synth(root, tmp_path / "long.db", 100, 200, 50, "-c", "-k", "5")
    assert slices(long)[:-1] == list(range(96, 101)), "the oldest must go, the last five stay"
    assert long.stat().st_size < 1.5 * short.stat().st_size
    for table in ("string", "key"):
        assert rows(long, table) < 12 * 50
    rep = report_json(aiostall, long)
    assert rep["totals"]["sleeps"] == 5 * 200
    assert 5 * 10**9 <= rep["capture"]["duration_ns"] < 6 * 10**9
    files = {g["file"] for g in report_json(aiostall, "--by", "file", long)["groups"]}
    assert {name.rsplit(".", 1)[1] for name in files} == {"95", "96", "97", "98", "99"}


def test_trigger_keeps_what_surrounds_a_long_stall(root, aiostall, tmp_path):
    args = (60, 200, 20, "-t", "100", "-k", "4")
    path = synth(root, tmp_path / "long.db", *args, "-l", "30")
    assert slices(path) == list(range(26, 35))
    rep = report_json(aiostall, path)
    assert rep["totals"]["sleeps"] == 9 * 200
    assert max(fs["sleep_ns"]["max"] for fs in rep["filesystems"]) == 200 * 10**6
    for table in ("sleeps", "counters", "stall"):
        kept = sqlite3.connect(path).execute(f"SELECT DISTINCT slice FROM {table}")
        assert {row[0] for row in kept} <= set(range(26, 35))
    nothing = synth(root, tmp_path / "nothing.db", *args)
    assert not slices(nothing)
    assert report_json(aiostall, nothing)["totals"]["sleeps"] == 0
    text = " ".join(aiostall("report", str(nothing)).stdout.split())
    assert "There is nothing to report:" in text and "100ms" in text, text
    assert "Does the program use" not in text
    # ten seconds, if nothing is said of them
    path = synth(root, tmp_path / "ten.db", 60, 50, 5, "-t", "100", "-l", "30")
    assert slices(path) == list(range(20, 41))


@pytest.fixture(name="events", scope="module")
def events_fixture(tmp_path_factory):
    return synth(ROOT, tmp_path_factory.mktemp("events") / "run.db", 4, 300, 20, "-e", "-l", "3")


def test_filters_of_single_stalls(aiostall, events):
    stalls = sqlite3.connect(events).execute("SELECT tid, blocked_ns FROM stall").fetchall()
    assert len(stalls) == 1200
    for tid in {tid for tid, _ in stalls}:
        rep = report_json(aiostall, "-t", str(tid), events)
        assert rep["totals"]["sleeps"] == sum(t == tid for t, _ in stalls)
        assert rep["totals"]["blocked_ns"] == sum(ns for t, ns in stalls if t == tid)
    long = [ns for _, ns in stalls if ns >= 5 * 10**6]
    rep = report_json(aiostall, "-m", "5ms", events)
    causes = [c for fs in rep["filesystems"] for c in fs["causes"]]
    assert 0 < len(long) < 1200
    assert sum(c["sleeps"] for c in causes if c["id"] != "below_min") == len(long)
    assert sum(c["sleeps"] for c in causes if c["id"] == "below_min") == 1200 - len(long)
    assert max(c["max_ns"] for c in causes) == 200 * 10**6


def test_stalls_of_a_container(aiostall, recording, tmp_path):
    """By the cgroup's path, and by the name that the recorder found in the runtime's files."""
    path, number = tmp_path / "in.db", "0123456789abcdef" * 4
    path.write_bytes(recording.read_bytes())
    with sqlite3.connect(path) as db:
        other, = db.execute("SELECT max(id) + 1 FROM string").fetchone()
        db.execute("INSERT INTO string(id, text) VALUES (?, ?)", (other, f"/system.slice/docker-{number}.scope"))
        db.execute("UPDATE key SET cgroup = ? WHERE cause = (SELECT min(cause) FROM key)", (other,))
    db.close()

    def rows():
        done = aiostall("report", "--by", "container", "--format", "json", str(path))
        assert done.returncode == 0, done.stderr
        return {g["container"]: g["sleeps"] for g in json.loads(done.stdout)["groups"]}
    sleeps = rows()["docker:0123456789ab"]
    assert 0 < sleeps < sum(rows().values())
    for word in ("docker:0123456789ab", number[:8], number):
        assert report_json(aiostall, "--container", word, path)["totals"]["sleeps"] == sleeps
    assert report_json(aiostall, "--container", "web", path)["totals"]["sleeps"] == 0
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO fact(what, of, value) VALUES ('container', ?, 'web')", (number,))
    db.close()
    assert rows()["web"] == sleeps == report_json(aiostall, "--container", "web", path)["totals"]["sleeps"]


def test_timeline_of_a_recording(aiostall, events):
    def spans(*args):
        done = aiostall("report", "--format", "perfetto", *args, str(events))
        assert done.returncode == 0, done.stderr
        assert "--events" not in done.stderr
        return [e for e in json.loads(done.stdout)["traceEvents"] if e["ph"] == "X"]
    whole = spans()
    assert {e["tid"] for e in whole} == {1000, 1001, 1002, 1003, 1004}
    assert sum(e["dur"] == 200000 for e in whole if e["cat"] == "sleep") == 1
    assert all(e["ts"] >= 0 and e["dur"] >= 0 for e in whole)
    part = spans("--since", "1", "--until", "2")
    assert 0 < len(part) < len(whole)
    assert {e["tid"] for e in spans("-t", "1002")} == {1002}
    assert {e["args"]["fstype"] for e in spans("--fs", "xfs") if e["cat"] == "sleep"} == {"xfs"}
    long = [e for e in spans("-m", "100ms") if e["cat"] == "sleep"]
    assert [e["dur"] for e in long] == [200000]


def test_what_the_host_said_is_in_the_report(aiostall, recording, tmp_path):
    path = tmp_path / "here.db"
    path.write_bytes(recording.read_bytes())
    writer = sqlite3.connect(path)
    major, minor, cause = writer.execute(
        "SELECT fs.major, fs.minor, cause.name FROM key JOIN fs ON fs.id = key.fs JOIN cause "
        "ON cause.id = key.cause WHERE fs.fstype = 'ext4'").fetchone()
    writer.execute("INSERT INTO here(fs, cause, text) SELECT id, ?, ? FROM fs WHERE major = ? "
                   "AND minor = ?", (cause, "queue/nr_requests is 64\nand so on", major, minor))
    writer.commit()
    writer.close()
    said = {(fs["fstype"], c["id"]): c["facts"]
            for fs in report_json(aiostall, path)["filesystems"] for c in fs["causes"]}
    assert said.pop(("ext4", cause)) == ["queue/nr_requests is 64", "and so on"]
    assert not any(said.values())
    assert "here: queue/nr_requests is 64" in aiostall("report", "--full", str(path)).stdout
    # once for the filesystem of both
    twice = report_json(aiostall, path, recording)
    assert sum(bool(c["facts"]) for fs in twice["filesystems"] for c in fs["causes"]) == 1
