# SPDX-License-Identifier: GPL-2.0
"""Recordings of many hosts: merged, as rows, and in a SQL engine, where the figures are the same."""
import glob
import json
import os
import pathlib
import pty
import shutil
import sqlite3
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[2]
STACKS = ROOT / "tests/replay/stacks"
OLD, NEW = "6.1.0", "6.12.0"
# of one host each, since diff compares one recording with one
BEFORE, AFTER = "6.18.1", "6.18.2"


def make(path, *stacks, **words):
    subprocess.run([ROOT / "build/tests/make_recording", path, *(f"stack={STACKS}/{s}.stack" for s in stacks),
                    *(f"{k}={v}" for k, v in words.items())], cwd=ROOT, check=True, timeout=120)
    return path


@pytest.fixture(name="fleet", scope="module")
def fleet_fixture(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fleet")
    return [make(folder / f"{host}.db", *stacks, host=host, kernel=kernel, seed=i + 1, sleep_us=us, seconds=5)
            for i, (host, kernel, us, stacks) in enumerate([
                ("alpha", OLD, 1000, ["blk.tag", "ext4.dio_sync"]),
                ("beta", OLD, 1500, ["blk.tag"]),
                ("gamma", NEW, 4000, ["blk.tag", "xfs.ilock"]),
                ("delta\n\"x\"", NEW, 700, ["blk.tag"]),
                ("epsilon", BEFORE, 1000, ["blk.tag", "ext4.dio_sync"]),
                ("zeta", AFTER, 3000, ["blk.tag", "ext4.dio_sync"])])]


def groups(aiostall, by, *paths):
    done = aiostall("report", "--by", by, "--format", "json", *map(str, paths))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["groups"]


# ---- many of them ----

@pytest.fixture(name="many", scope="module")
def many_fixture(tmp_path_factory):
    """Of so many hosts that what one keeps in memory would not do for all."""
    folder = tmp_path_factory.mktemp("many")
    first = make(folder / "first", "blk.tag", "xfs.ilock", seconds=600, submits=50)
    paths = []
    for i in range(250):
        paths.append(folder / f"{i:03}.db")
        shutil.copyfile(first, paths[-1])
        with sqlite3.connect(paths[-1]) as db:
            db.execute("PRAGMA synchronous=OFF")
            db.execute("UPDATE info SET value = ? WHERE name = 'hostname'", (f"host{i:03}",))
        db.close()
    yield paths
    shutil.rmtree(folder)


def test_many_hosts_in_bounded_memory(binary, many):
    with subprocess.Popen([binary, "report", "--by", "host", "--format", "json", *many],
                          stdout=subprocess.PIPE, text=True) as reader:
        rows = json.loads(reader.stdout.read())["groups"]
        _, status, used = os.wait4(reader.pid, 0)
        reader.returncode = os.waitstatus_to_exitcode(status)
    assert reader.returncode == 0
    assert {r["host"] for r in rows} == {f"host{i:03}" for i in range(250)}
    assert len({(r["sleeps"], r["blocked_ns"]) for r in rows}) == 1
    # each has half a megabyte of pages
    assert used.ru_maxrss < 64 << 10


def test_how_far_it_is(binary, many):
    """On a terminal, and gone before anything else is said."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([binary, "report", "--by", "kernel", *many], stdout=subprocess.DEVNULL,
                          stderr=theirs) as reader:
        os.close(theirs)
        said = b""
        try:
            while piece := os.read(ours, 4096):
                said += piece
        except OSError:  # the other end is closed
            pass
        assert reader.wait(60) == 0
    os.close(ours)
    assert b"reading " in said and b" of 250: " in said
    assert said.endswith(b"\r\x1b[K")


def test_stacks_of_two_recordings_of_one_host(aiostall, tmp_path):
    """Each numbers its stacks as it meets them."""
    paths = [make(tmp_path / "a", "blk.tag", "xfs.ilock", seed=1, seconds=2),
             make(tmp_path / "b", "xfs.ilock", "blk.tag", "ext4.dio_sync", seed=2, seconds=2)]
    done = aiostall("report", "--format", "json", *map(str, paths))
    causes = {c["id"]: c for fs in json.loads(done.stdout)["filesystems"] for c in fs["causes"]}
    assert len(causes) == 3
    for cause, stacks in ((c, causes[c]["stacks"]) for c in causes):
        alone = make(tmp_path / cause, cause, seed=3, seconds=1)
        rows = json.loads(aiostall("report", "--format", "json", str(alone)).stdout)["filesystems"]
        assert [s["frames"] for s in stacks] == [s["frames"] for s in rows[0]["causes"][0]["stacks"]], cause


# ---- one file after the other ----

def test_rotated_files_are_together_what_one_file_is(aiostall, tmp_path):
    words = {"seconds": 9, "seed": 5, "events": 1}
    whole = make(tmp_path / "whole", "blk.tag", "ext4.dio_sync", "xfs.ilock", **words)
    make(tmp_path / "part", "blk.tag", "ext4.dio_sync", "xfs.ilock", rotate=2, **words)
    parts = sorted(tmp_path.glob("part*"))
    assert len(parts) == 5

    def report(*paths):
        done = aiostall("report", "--format", "json", *map(str, paths))
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        for fs in told["filesystems"]:
            # of a maximum that did not grow in a file, its bucket is known
            assert fs["submit_ns"].pop("max") and fs["sleep_ns"].pop("max")
        return {name: told[name] for name in told if name not in ("capture", "host")}
    assert report(*parts) == report(whole)
    for path in parts:
        info = json.loads(aiostall("report", "--info", "--format", "json", str(path)).stdout)
        assert info["complete"] and info["slices"] <= 3
        assert all(c["stacks"][0]["frames"] for fs in report(path)["filesystems"] for c in fs["causes"])
    starts = [json.loads(aiostall("report", "--format", "json", str(p)).stdout)["capture"]["started"] for p in parts]
    assert len(set(starts)) == len(parts)


# ---- rows ----

def rows_of(aiostall, *args):
    done = aiostall("report", "--format", "ndjson", *map(str, args))
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_rows_add_up_to_the_report(aiostall, fleet):
    rows = rows_of(aiostall, *fleet)
    for group in groups(aiostall, "host,cause", *fleet):
        of = [r for r in rows if r["row"] == "stalls"
              and (r["host"], r["cause"]) == (group["host"], group["cause"])]
        for name in ("sleeps", "blocked_ns", "held_up_requests"):
            assert sum(r[name] for r in of) == group[name]
        assert max(r["max_sleep_ns"] for r in of) == group["sleep_ns"]["max"]
        assert sum(n for r in of for _, _, n in r["sleep_hist"]) == group["sleeps"]
    frames = {r["stack"]: r["frames"] for r in rows if r["row"] == "stack"}
    assert {r["stack"] for r in rows if r["row"] == "stalls"} == set(frames)
    assert all(frames.values())
    done = aiostall("report", "--format", "json", *map(str, fleet))
    totals = json.loads(done.stdout)["totals"]
    for kind in ("total", "calls"):
        for name in ("submits", "submits_blocked", "requests", "sleeps", "blocked_ns"):
            assert sum(r[name] for r in rows if r["row"] == kind) == totals[name]


def test_rows_of_a_part(aiostall, fleet):
    rows = rows_of(aiostall, "--since", "1", "--until", "3", fleet[0])
    assert {r["slice"] for r in rows if r["row"] == "calls"} == {2, 3}
    assert {r["row"] for r in rows_of(aiostall, "-c", "made", fleet[0])} == {"stack", "stalls"}
    assert {r["row"] for r in rows_of(aiostall, "--fs", "btrfs", fleet[0])} <= {"loss"}
    done = aiostall("report", "--format", "ndjson", "-m", "1ms", str(fleet[0]))
    assert done.returncode == 2 and "--min" in done.stderr


def test_each_column_is_documented(aiostall, fleet):
    page = (ROOT / "docs/fleet.md").read_text()
    names = {name for row in rows_of(aiostall, *fleet) for name in row}
    assert [name for name in sorted(names) if f"`{name}`" not in page
            and not name.startswith(("op_", "lost_"))] == []


# ---- a SQL engine ----

@pytest.fixture(name="psql", scope="module")
def psql_fixture():
    """psql(SQL, stdin): rows, of a server that nobody else can reach and that is gone afterwards."""
    bins = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
    if not bins:
        pytest.skip("needs PostgreSQL (postgresql)")
    # the path of a socket may be 107 bytes long
    folder = pathlib.Path(subprocess.run(["mktemp", "-d", "/tmp/fleet.XXXXXX"], capture_output=True, text=True,
                                         check=True).stdout.strip())
    who = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    if who:
        shutil.chown(folder, "nobody", "nogroup")
    env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC", HOME=str(folder))

    def run(tool, *args, **more):
        return subprocess.run([*who, f"{bins[-1]}/{tool}", *map(str, args)], cwd=folder, env=env, check=True,
                              text=True, timeout=120, **more)
    run("initdb", "-D", folder / "data", "-U", "fleet", "-A", "trust", "-N", stdout=subprocess.DEVNULL)
    run("pg_ctl", "-D", folder / "data", "-w", "-l", folder / "log", "-o",
        f"-k {folder} -c listen_addresses= -c fsync=off", "start", stdout=subprocess.DEVNULL)

    def ask(sql, stdin=None):
        done = run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "fleet", "-d", "postgres",
                   "-At", "-c", sql, input=stdin, stdout=subprocess.PIPE)
        return done.stdout
    yield ask
    run("pg_ctl", "-D", folder / "data", "-m", "immediate", "stop", stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)


@pytest.fixture(name="lines", scope="module")
def lines_fixture(fleet):
    """The same rows for each engine."""
    return subprocess.run([ROOT / "build/aiostall", "report", "--format", "ndjson", *fleet], capture_output=True,
                          text=True, check=True, timeout=60).stdout


@pytest.fixture(name="in_postgresql", scope="module")
def in_postgresql_fixture(psql, lines):
    script = (ROOT / "contrib/fleet.sql").read_text()
    copy = script.split('psql -c "')[1].split('"\n')[0]
    psql(script)
    psql(copy, lines)
    return lambda query: [json.loads(line) for line in
                          psql(f"SELECT to_jsonb(q) FROM ({query}) q").splitlines()]


@pytest.fixture(name="in_duckdb", scope="module")
def in_duckdb_fixture(lines, tmp_path_factory):
    module = ROOT / "build/duckdb/node_modules/@duckdb/node-api"
    if not module.is_dir() or not shutil.which("node"):
        pytest.skip("needs DuckDB: sh tools/duckdb.sh (npm, node)")
    folder = tmp_path_factory.mktemp("duckdb")
    (folder / "rows.ndjson").write_text(lines)

    def ask(sql):
        done = subprocess.run(["node", ROOT / "tests/cli/duckdb.js", module, "fleet.duckdb"], input=sql, text=True,
                              cwd=folder, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    ask((ROOT / "contrib/fleet.duckdb.sql").read_text())
    return lambda query: [json.loads(line) for line in ask(f"SELECT to_json(q) FROM ({query}) q").splitlines()]


@pytest.fixture(name="loaded", scope="module", params=["postgresql", "duckdb"])
def loaded_fixture(request):
    """select(QUERY): its rows as objects, with the fleet loaded as the engine's file in contrib says."""
    return request.getfixturevalue(f"in_{request.param}")


def test_worst_hosts_are_those_of_the_report(aiostall, fleet, loaded):
    found = loaded("SELECT * FROM aiostall_worst_hosts")
    expected = groups(aiostall, "host", *fleet)
    assert [r["host"] for r in found] == [g["host"] for g in expected]
    for row, group in zip(found, expected):
        for name in ("sleeps", "blocked_ns", "held_up_requests", "submits", "requests"):
            if name in group:
                assert row[name] == group[name], name
        assert row["max_ns"] == group["sleep_ns"]["max"]
        assert row["share"] == pytest.approx(group["share"])


def test_causes_by_kernel_are_those_of_the_report(aiostall, fleet, loaded):
    found = {(r["kernel"], r["cause"]): r for r in loaded("SELECT * FROM aiostall_causes_by_kernel")}
    expected = {(g["kernel"], g["cause"]): g for g in groups(aiostall, "kernel,cause", *fleet)}
    assert set(found) == set(expected) and len(found) == 8
    for key, group in expected.items():
        row = found[key]
        assert (row["sleeps"], row["blocked_ns"]) == (group["sleeps"], group["blocked_ns"])
        assert row["max_ns"] == group["sleep_ns"]["max"]
        assert row["p99_ns"] == pytest.approx(group["sleep_ns"]["p99"], abs=2)
        assert row["share"] == pytest.approx(group["share"])


def test_regressions_are_those_of_diff(aiostall, fleet, loaded):
    done = aiostall("diff", "--format", "json", *map(str, fleet[-2:]))
    compared, = json.loads(done.stdout)["diffs"]
    causes = {g["cause"]: {m["measure"]: m for m in g["measures"]}
              for g in compared["groups"] if g["scope"] == "cause"}
    found = loaded(f"SELECT * FROM aiostall_regressions('{BEFORE}', '{AFTER}')")
    assert {r["cause"] for r in found} == set(causes) and len(causes) == 2
    grown = [r["blocked_per_1k_new"] - r["blocked_per_1k_old"] for r in found]
    assert grown == sorted(grown, reverse=True) and grown[-1] > 0
    for row in found:
        for name in ("stalls_per_1k", "blocked_per_1k"):
            for side in ("old", "new"):
                assert row[f"{name}_{side}"] == pytest.approx(causes[row["cause"]][name][side])
