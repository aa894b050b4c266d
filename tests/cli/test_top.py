# SPDX-License-Identifier: GPL-2.0
"""The screen of top over fixtures, without a terminal: goldens in tests/replay/top.

GOLDEN=write makes them anew; look at the difference before it is committed.
"""
import json
import os
import subprocess

import pytest

SHOTS = [
    # name, fixture, width, height, --by, keys
    ("rows-80x24", "mixed", 80, 24, "fs", ""),
    ("rows-60x10", "mixed", 60, 10, "fs", ""),
    ("rows-200x50", "mixed", 200, 50, "fs", ""),
    ("asleep-80x24", "loss", 80, 24, "fs", ""),
    ("asleep-60x10", "loss", 60, 10, "fs", ""),
    ("asleep-200x50", "loss", 200, 50, "fs", ""),
    ("causes-80x24", "mixed", 80, 24, "fs", "v$"),
    ("causes-60x10", "mixed", 60, 10, "fs", "v$"),
    ("detail-80x24", "mixed", 80, 24, "fs", "v$$"),
    ("detail-60x10", "mixed", 60, 10, "fs", "v$$vvv"),
    ("detail-200x50", "mixed", 200, 50, "fs", "v$$"),
    ("back-80x24", "mixed", 80, 24, "fs", "v$$!!"),
    ("comm-80x24", "mixed", 80, 24, "comm", ""),
    ("comm-causes-80x24", "mixed", 80, 24, "comm", "v$"),
    ("comm-detail-80x24", "mixed", 80, 24, "comm", "v$$"),
    ("sorted-80x24", "mixed", 80, 24, "fs", "<"),
    ("reversed-80x24", "mixed", 80, 24, "fs", "r"),
    ("filter-80x24", "mixed", 80, 24, "fs", "/FS"),
    ("filtered-80x24", "mixed", 80, 24, "fs", "/xfs$"),
    ("filtered-out-80x24", "mixed", 80, 24, "fs", "/nothing like that$"),
    ("paused-80x24", "mixed", 80, 24, "fs", " "),
    ("zero-80x24", "mixed", 80, 24, "fs", "z"),
    ("help-80x24", "mixed", 80, 24, "fs", "?"),
    ("help-60x10", "mixed", 60, 10, "fs", "?"),
    ("empty-80x24", "empty", 80, 24, "fs", ""),
    ("unwatched-80x24", "unwatched", 80, 24, "fs", ""),
    ("hostile-80x24", "hostile", 80, 24, "fs", ""),
    ("hostile-detail-80x24", "hostile", 80, 24, "fs", "$$"),
    ("batch", "loss", 132, 0, "fs", ""),
    ("json", "mixed", 0, 0, "fs", ""),
]


def shoot(root, fixture, *args):
    done = subprocess.run([root / "build/tests/topshot", f"tests/replay/{fixture}.fix", *map(str, args)],
                          cwd=root, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b""), done.stderr
    return done.stdout.decode()


def masked(shot, name):
    """Without the words of the report, which have goldens of their own: the verdict, a cause."""
    if not shot.startswith(("#|", "aiostall top")):
        return shot
    lines = shot.splitlines(keepends=True)
    lines[1] = "(verdict)\n" if lines[1].strip(" *|\n") else lines[1]
    if "detail" in name:
        asleep = next(i for i, line in enumerate(lines) if "ASLEEP NOW" in line)
        lines[4:asleep] = ["(cause)\n"] * (asleep - 4)
    return "".join(lines)


@pytest.mark.parametrize("name,fixture,width,height,by,keys", SHOTS, ids=[s[0] for s in SHOTS])
def test_golden(root, name, fixture, width, height, by, keys):
    shot = masked(shoot(root, fixture, width, height, by, keys), name)
    golden = root / "tests/replay/top" / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(shot, encoding="utf-8")
    assert shot == golden.read_text(encoding="utf-8")


def test_no_golden_is_left_over(root):
    assert {g.stem for g in (root / "tests/replay/top").iterdir()} == {s[0] for s in SHOTS}


@pytest.mark.parametrize("size", [(60, 10), (61, 11), (133, 40)])
@pytest.mark.parametrize("fixture", ["hostile", "loss"])
def test_every_key_at_every_size(root, fixture, size):
    """Nothing is drawn outside, whatever was pressed; the sanitizers see the rest."""
    for keys in ("vvvvv$vvvv$vvvvvvv!!!^^<<<>>>r/a/b!!gadzw ?q", "r>>$$$$!!!!!<<<<<<<<</i$", "vv?$$<"):
        lines = shoot(root, fixture, *size, "fs", keys).splitlines()
        assert len(lines) == size[1]
        assert max(len(line) for line in lines) <= size[0] + 2
        assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("keys,scrolled", [("v$$", 0), ("v$$vvv", 3)])
def test_cause_reads_as_in_the_report(root, keys, scrolled):
    report = subprocess.run([root / "build/tests/replay", "-f", "tests/replay/mixed.fix", "text", "80"],
                            cwd=root, capture_output=True, text=True, timeout=60, check=True).stdout
    said = report[report.index("\next4 /data"):].splitlines()
    first = next(i for i, line in enumerate(said) if "time: ext4.dio_sync" in line) + scrolled
    shown = [line[2:] for line in shoot(root, "mixed", 80, 24, "fs", keys).splitlines()]
    assert shown[4:15] == said[first:first + 11]


def test_ascii(root, tmp_path):
    """The same screen, with a question mark for each column of another character."""
    fixture = tmp_path / "other.fix"
    mixed = (root / "tests/replay/mixed.fix").read_text(encoding="utf-8")
    fixture.write_text(mixed.replace("/data", "/d\u00e4ta\u8868"), encoding="utf-8")

    def screen(*args):
        done = subprocess.run([root / "build/tests/topshot", fixture, "100", "24", "fs", *args], cwd=root,
                              capture_output=True, text=True, timeout=60, check=True)
        return done.stdout
    assert "/d\u00e4ta\u8868" in screen("")
    assert screen("", "ascii") == screen("").replace("\u00e4", "?").replace("\u8868", "??")


def test_json_is_one_line(root):
    text = shoot(root, "hostile", 0, 0, "fs", "")
    assert text.count("\n") == 1
    assert json.loads(text)["schema"] == "aiostall-top/1"


def test_json_agrees_with_the_report(root):
    top = json.loads(shoot(root, "mixed", 0, 0, "fs", ""))
    report = json.loads(subprocess.run([root / "build/tests/replay", "tests/replay/mixed.fix", "json"],
                                       cwd=root, capture_output=True, timeout=60, check=True).stdout)
    assert [(r["submits"], r["sleeps"], r["blocked_ns"]) for r in top["rows"]] == \
        [(f["submits"], f["sleeps"], f["blocked_ns"]) for f in report["filesystems"]]
    assert [[c["id"] for c in r.get("causes", [])] for r in top["rows"]] == \
        [[c["id"] for c in f["causes"]] for f in report["filesystems"]]
