# SPDX-License-Identifier: GPL-2.0
"""diff on recordings of a made-up host."""
import json
import os
import re
import subprocess

import pytest

STACKS = "tests/replay/stacks"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(name="make", scope="module")
def make_fixture(tmp_path_factory):
    """make(name, key=value...): the path of a recording, the same for the same words."""
    folder = tmp_path_factory.mktemp("recordings")

    def make(name, *stacks, **words):
        path = folder / name
        if not path.exists():
            stacks = [f"stack={STACKS}/{s}.stack" for s in stacks or ["blk.tag"]]
            subprocess.run(["build/tests/make_recording", str(path), *stacks,
                            *(f"{k}={v}" for k, v in words.items())], cwd=ROOT, check=True)
        return str(path)
    return make


def diff(aiostall, *args):
    done = aiostall("diff", *args, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["diffs"]


def rows(group):
    return {m["measure"]: m for m in group["measures"]}


def causes(found):
    return {g["cause"]: g for g in found["groups"] if g["scope"] == "cause"}


def test_identical_workloads_do_not_differ(aiostall, make):
    different = 0
    for i in range(20):
        found = diff(aiostall, make(f"a{i}", seed=2 * i + 1), make(f"b{i}", seed=2 * i + 2))
        different += found[0]["different"] > 0
        assert found[0]["tests"] > 10
        assert found[0]["warnings"] == []
    assert different <= 1


def test_a_slower_device_is_found(aiostall, make):
    right = 0
    for i in range(20):
        found = diff(aiostall, make(f"a{i}", seed=2 * i + 1),
                     make(f"slow{i}", seed=100 + i, sleep_us=1500))
        row = rows(found[0]["groups"][1])["blocked_per_1k"]
        right += row["different"] and 1.2 < row["ratio"] < 1.8
        assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert right >= 19


def test_figures_are_those_of_the_recording(aiostall, make):
    found = diff(aiostall, make("a0", seed=1), make("long", seed=2, seconds=40, submits=400))[0]
    row = rows(found["groups"][0])
    assert found["new"]["submits"] > 3 * found["old"]["submits"]
    assert row["stalls_per_1k"]["new"] == pytest.approx(300, rel=0.05)
    assert row["ctxsw_per_io"]["new"] == pytest.approx(0.3 / 8, rel=0.05)
    # of eight requests the one that slept holds up those behind it: 3.5 on average
    assert row["held_up_per_1k"]["new"] == pytest.approx(300 * 3.5, rel=0.1)
    # exp(0.4^2 / 2) is the mean over the median, and the speed varies by a tenth
    assert row["blocked_per_1k"]["new"] == pytest.approx(300 * 1.088e6, rel=0.15)
    assert row["sleep_p50"]["new"] == pytest.approx(1e6, rel=0.15)
    assert row["sleep_max"]["new"] > row["sleep_p99"]["new"] > row["sleep_p50"]["new"]
    assert not row["sleep_max"]["tested"]


def test_causes_appear_and_vanish(aiostall, make):
    old = make("old", "btrfs.reserve", fstype="btrfs", seed=3, kernel="6.1.0", sleep_us=300)
    new = make("new", "btrfs.reserve", "btrfs.dio_fallback", fstype="btrfs", seed=4, stalls=0.9,
               kernel="6.12.0")
    found = diff(aiostall, old, new)[0]
    assert causes(found)["btrfs.dio_fallback"]["appeared"]
    assert causes(found)["btrfs.reserve"]["present"] == "both"
    assert {f["what"]: (f["old"], f["new"]) for f in found["environment"]}["kernel"] == \
        ("6.1.0", "6.12.0")
    text = aiostall("diff", old, new).stdout
    assert "APPEARED: btrfs.dio_fallback on btrfs /data: " in text
    assert text.index("kernel: 6.1.0 -> 6.12.0") < text.index("APPEARED")
    assert "only in NEW" in text
    back = diff(aiostall, new, old)[0]
    assert causes(back)["btrfs.dio_fallback"]["vanished"]
    assert "VANISHED: btrfs.dio_fallback" in aiostall("diff", new, old).stdout


def test_surroundings_of_devices_in_use(aiostall, make):
    """The made-up host has two devices; requests went to one of them."""
    found = diff(aiostall, make("a0", seed=1), make("other", seed=2, scheduler="mq-deadline"))
    assert found[0]["environment"] == [
        {"what": "scheduler", "of": "loop0", "old": "none", "new": "mq-deadline"}]


def test_workloads_that_cannot_be_compared(aiostall, make):
    done = aiostall("diff", make("a0", seed=1), make("reads", seed=2, op=0, len=65536, batch=32))
    for word in ("mix of operations, pread", "requests of another size", "queue depth"):
        assert word in " ".join(done.stdout.split())
    assert done.stdout.index("WARNING") < done.stdout.index("stalls per 1000")


def test_apis_are_not_added_up(aiostall, make):
    """One filesystem that both use is compared with each by its own."""
    found = diff(aiostall, make("both1", seed=1, uring=0.5), make("both2", seed=2, uring=0.5))[0]
    figures = {g["api"]: rows(g) for g in found["groups"] if g["scope"] == "filesystem"}
    assert set(figures) == {"aio", "io_uring"}
    assert figures["aio"]["ctxsw_per_io"]["new"] == pytest.approx(0.3 / 8, rel=0.1)
    assert figures["io_uring"]["ctxsw_per_io"]["new"] == 0
    assert "all_sleeps_per_io" not in figures["aio"]
    assert figures["io_uring"]["submitter_sleeps_per_io"]["new"] == 0
    assert figures["io_uring"]["all_sleeps_per_io"]["new"] == pytest.approx(0.3 / 8, rel=0.1)
    assert {(g["api"], g["plane"]) for g in found["groups"] if g["scope"] == "cause"} == \
        {("aio", "submit"), ("io_uring", "worker")}
    text = aiostall("diff", make("both1"), make("both2")).stdout
    assert "ext4 /data by io_uring" in text
    assert "blk.tag in threads of io-wq, on ext4 /data by io_uring" in text
    alone = diff(aiostall, "--api", "aio", make("both1"), make("both2"))[0]
    assert {g["api"] for g in alone["groups"] if g["scope"] != "all"} == {"aio"}
    assert alone["new"]["submits"] == pytest.approx(found["new"]["submits"] / 2, rel=0.1)


@pytest.mark.parametrize("files", [("both1",), ("a0", "ring")])
def test_across_apis(aiostall, make, files):
    """What io_uring moves to workers is gone for the submitter, and as much for all of them."""
    words = {"both1": {"uring": 0.5}, "a0": {}, "ring": {"uring": 1}}
    paths = [make(name, seed=1 + i, **words[name]) for i, name in enumerate(files)]
    found = diff(aiostall, "--across", "api", *paths)[0]
    assert found["across_api"] and found["stacks"] == []
    assert (found["old"]["api"], found["new"]["api"]) == ("aio", "io_uring")
    [group] = [g for g in found["groups"] if g["scope"] == "filesystem"]
    assert group["present"] == "both"
    of = rows(group)
    assert of["submitter_sleeps_per_io"]["old"] == pytest.approx(0.3 / 8, rel=0.1)
    assert of["submitter_sleeps_per_io"]["new"] == 0 and of["submitter_sleeps_per_io"]["different"]
    assert of["all_sleeps_per_io"]["new"] == pytest.approx(0.3 / 8, rel=0.1)
    assert not of["all_sleeps_per_io"]["different"] and not of["all_time_per_io"]["different"]
    text = aiostall("diff", "--across", "api", *paths).stdout
    assert f"OLD {paths[0]}, by io_submit: " in "".join(text.split("\n  "))
    assert "ONLY BY IO_SUBMIT: blk.tag on ext4 /data" in text
    assert max(len(line) for line in text.splitlines()) <= 80 or str(paths[0]) in text


def test_across_apis_needs_both(aiostall, make):
    done = aiostall("diff", "--across", "api", make("a0", seed=1))
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no request by io_uring" in done.stderr
    done = aiostall("diff", "--across", "api", make("ring", seed=2, uring=1), make("a0", seed=1))
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no request by io_submit" in done.stderr and "first recording" in done.stderr


def test_several_against_the_first(aiostall, make):
    found = diff(aiostall, make("a0", seed=1), make("b0", seed=2),
                 make("slow0", seed=100, sleep_us=1500))
    assert len(found) == 2
    assert all(f["old"]["file"].endswith("/a0") for f in found)
    assert found[0]["different"] == 0
    assert found[1]["different"] > 0


@pytest.mark.parametrize("expr,status", [
    ("blocked_per_1k>+20%", 1), ("blocked_per_1k>+90%", 0), ("appeared", 0),
    ("ext4:sleep_p50>1ms", 1), ("xfs:sleep_p50>1ms", 0), ("appeared,blk.tag:sleep_p50>+20%", 1),
    ("nonsense>+20%", 2), ("blocked_per_1k>20%", 2), ("", 2),
])
def test_fail_on(aiostall, make, expr, status):
    done = aiostall("diff", "--fail-on", expr, make("a0", seed=1),
                    make("slow0", seed=100, sleep_us=1500))
    assert done.returncode == status, done.stderr
    if status == 2:
        assert "--fail-on" in done.stderr and done.stdout == ""
    else:
        assert f"{'FAILED' if status else 'passed'}: " in done.stdout


def test_text_is_plain_and_narrow(aiostall, make, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    done = aiostall("diff", make("a0", seed=1), make("slow0", seed=100, sleep_us=1500))
    assert done.returncode == 0
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    assert "\033" not in done.stdout
    assert re.search(r"^\* blocked per 1000 submits +\S+ms? +\S+ms? +\+[0-9.]+%", done.stdout, re.M)
    assert re.search(r"^  stalls per 1000 submits ", done.stdout, re.M)


def test_the_same_file_is_the_same(aiostall, make):
    found = diff(aiostall, make("a0", seed=1), make("a0", seed=1))[0]
    assert (found["different"], found["environment"]) == (0, [])
    assert "No difference in any of" in aiostall("diff", make("a0"), make("a0")).stdout


@pytest.mark.parametrize("args", [
    [], ["one"], ["--across", "api"], ["--across", "fs", "a", "b"],
    ["--across", "api", "--api", "aio", "a"], ["--margin", "x", "a", "b"], ["--format", "csv", "a", "b"], ["--nonsense", "a", "b"],
    ["--fail-on"], ["a"] * 33,
])
def test_misuse(aiostall, args):
    done = aiostall("diff", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert "aiostall diff --help" in done.stderr


def test_what_is_no_recording(aiostall, make, tmp_path):
    text = tmp_path / "text"
    text.write_text("this is none\n" * 1000, encoding="utf-8")
    for bad in (text, tmp_path / "missing", tmp_path):
        done = aiostall("diff", make("a0", seed=1), str(bad))
        assert (done.returncode, done.stdout) == (1, "")
        assert str(bad) in done.stderr


def test_output_file(aiostall, make, tmp_path):
    out = tmp_path / "diff.json"
    done = aiostall("diff", make("a0", seed=1), make("b0", seed=2), "--format", "json", "-o", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert json.loads(out.read_text(encoding="utf-8"))["schema"] == "aiostall-diff/1"


def test_stacks_that_differ_in_suffixes_are_one(aiostall, tmp_path):
    """Also within a recording: a compiler may have made two functions of one."""
    for name, suffix in (("plain", ""), ("cut", ".isra.0")):
        (tmp_path / name).write_text(f"schedule\nio_schedule\nblk_mq_get_tag{suffix}\n"
                                     "submit_bio_noacct\nio_submit_one\n")
    path = tmp_path / "two.db"
    subprocess.run(["build/tests/make_recording", path, f"stack={tmp_path}/plain",
                    f"stack={tmp_path}/cut"], cwd=ROOT, check=True)
    stacks = diff(aiostall, path, path)[0]["stacks"]
    assert [(s["old_share"], s["new_share"]) for s in stacks] == [(1, 1)]


def test_a_trifle_of_loss_is_a_note(aiostall, make):
    """As in a report: the status says so from --max-loss on, JSON and the text always."""
    few = make("few", seconds=60, submits=200, lost=2, seed=1)
    other = make("other", seconds=60, submits=200, seed=2)
    assert aiostall("diff", few, other).returncode == 0
    assert "lower bounds" in aiostall("diff", few, other).stdout
    assert aiostall("diff", "--max-loss", "0.001%", few, other).returncode == 3
    many = make("many", seconds=60, submits=200, lost=900, seed=1)
    assert aiostall("diff", many, other).returncode == 3
    assert aiostall("diff", "--max-loss", "50%", many, other).returncode == 0


def test_a_gate_takes_what_stands_on_the_screen(aiostall, make):
    old, new = make("o", seconds=60, seed=3), make("n", seconds=60, seed=4)
    assert aiostall("diff", old, new, "--fail-on", "sleep p99>0us").returncode == 1
    for name in ("ctxsw/io", "ctxsw_per_io", "stalls per 1000 submits"):
        assert aiostall("diff", old, new, "--fail-on", f"{name}>0").returncode == 1, name
