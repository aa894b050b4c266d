# SPDX-License-Identifier: GPL-2.0
"""What Prometheus reads of a fixture: by its own lint, by a strict parser, against the JSON report."""
import json
import math
import re
import subprocess

import pytest

FIXTURES = ["mixed", "uring", "hostile", "empty", "unwatched", "loss", "spilled"]


def run(root, *argv):
    return subprocess.run([str(a) for a in argv], cwd=root, capture_output=True, text=True, timeout=60,
                          check=False)


def scrape(root, fixture, *options):
    done = run(root, root / "build/tests/scrape", *options, root / f"tests/replay/{fixture}.fix")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def families(text):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser",
                                 reason="needs python3-prometheus-client")
    return {family.name: family for family in parser.text_string_to_metric_families(text)}


def samples(found, name, family=None):
    """{labels without api: value}"""
    return {tuple(v for k, v in sorted(s.labels.items()) if k != "api"): s.value
            for s in found[family or name].samples if s.name in (name, f"{name}_total")}


@pytest.mark.parametrize("fixture", FIXTURES)
def test_lint(root, fixture):
    promtool = root / "build/prometheus/usr/bin/promtool"
    if not promtool.exists():
        pytest.skip("needs promtool: sh tools/prometheus.sh")
    done = subprocess.run([promtool, "check", "metrics"], input=scrape(root, fixture),
                          capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("fixture", FIXTURES)
def test_strict_parser(root, fixture):
    found = families(scrape(root, fixture, "-o"))
    assert len(found) > 15
    assert all(name.startswith(("aiostall_", "process_")) for name in found)


@pytest.mark.parametrize("fixture", FIXTURES)
def test_both_forms_say_the_same(root, fixture):
    def lines(*options):
        return [line for line in scrape(root, fixture, *options).splitlines() if line[0] != "#"]
    assert lines() == lines("-o")


def test_harmless_on_a_terminal(root):
    text = scrape(root, "hostile")
    assert text.replace("\n", "").isprintable()


def test_labels_are_these_and_no_others(root):
    """
    No process, path or stack ever is one: each would be a series of its own. Nor is it in an exemplar, which
    whoever may read metrics could read.
    """
    for fixture in ("hostile", "uring"):
        for family in families(scrape(root, fixture, "-o")).values():
            for sample in family.samples:
                assert sample.exemplar is None
                if family.type != "info" and family.name != "aiostall_lost_events":
                    assert set(sample.labels) <= {"api", "fstype", "device", "cause", "op", "mode",
                                                  "plane", "why", "le"}


def test_who_sleeps_most(root):
    """By program: so many with series of their own, the rest in one; together they are all sleeps."""
    text = scrape(root, "mixed", "-o", "-l", "comm:2")
    found = families(text)
    whole = samples(found, "aiostall_sleeps")
    mine = found["aiostall_comm_sleeps"].samples
    names = {s.labels["comm"] for s in mine}
    assert len(names - {"other", "unknown"}) == 2 and "other" in names
    for fs in {(s.labels["fstype"], s.labels["device"]) for s in mine}:
        assert sum(s.value for s in mine if (s.labels["fstype"], s.labels["device"]) == fs) == \
            sum(value for key, value in whole.items()
                if key[1:] == (fs[1], fs[0]) and key[0] != "below_min")
    assert sum(s.value for s in found["aiostall_label_overflow"].samples) > 0
    assert sum(s.value for s in found["aiostall_comm_blocked_seconds"].samples) > 0
    assert {s.labels["cgroup"] for s in families(scrape(root, "mixed", "-o", "-l", "cgroup"))
            ["aiostall_cgroup_sleeps"].samples} >= {"/system.slice/loaddb.service"}
    assert scrape(root, "hostile", "-l", "comm").replace("\n", "").isprintable()


def test_agrees_with_the_report(root):
    found = families(scrape(root, "mixed", "-o"))
    report = json.loads(run(root, "build/tests/replay", "tests/replay/mixed.fix", "json").stdout)
    for row in report["filesystems"]:
        key = (row["device_name"], row["fstype"])
        assert samples(found, "aiostall_submits")[key] == row["submits"]
        assert samples(found, "aiostall_held_up_requests")[key] == row["held_up_requests"]
        assert math.isclose(samples(found, "aiostall_runqueue_seconds")[key],
                            row["runqueue_ns"] / 1e9)
        causes = {cause["id"]: cause for cause in row["causes"] if cause["id"] != "lost"}
        sleeps = {key[0]: v for key, v in samples(found, "aiostall_sleeps").items()
                  if key[1:] == (row["device_name"], row["fstype"])}
        assert sleeps == {name: cause["sleeps"] for name, cause in causes.items()}
        histogram = {s.name.rsplit("_", 1)[1]: s.value
                     for s in found["aiostall_sleep_duration_seconds"].samples
                     if s.labels["device"] == row["device_name"] and
                     s.labels["fstype"] == row["fstype"] and not s.name.endswith("_bucket")}
        assert histogram == {"count": row["sleeps"], "sum": row["blocked_ns"] / 1e9}


def test_planes_are_not_added_up(root):
    """What a worker sleeps is neither the caller's nor a cause of it; aio has no planes."""
    found = families(scrape(root, "uring", "-o"))
    report = json.loads(run(root, "build/tests/replay", "tests/replay/uring.fix", "json").stdout)
    rows = {(row["device_name"], row["fstype"]): row for row in report["filesystems"]
            if row["api"] == "io_uring"}
    assert len(rows) == 2

    def of(name, key, **labels):
        return next(s.value for s in found[name].samples
                    if (s.labels["device"], s.labels["fstype"]) == key and
                    {"api": "io_uring", **labels}.items() <= s.labels.items())
    for key, row in rows.items():
        assert of("aiostall_sleep_duration_seconds", key) is not None
        for plane in ("taskwork", "worker", "sqpoll"):
            causes = [c for c in row["causes"] if c["plane"] == plane]
            assert of("aiostall_plane_sleeps", key, plane=plane) == sum(c["sleeps"] for c in causes)
            assert math.isclose(of("aiostall_plane_blocked_seconds", key, plane=plane),
                                sum(c["blocked_ns"] for c in causes) / 1e9)
    key = ("nvme0n1p3", "ext4")
    assert [of("aiostall_punted_requests", key, why=why)
            for why in ("asked", "forced", "unable", "tried", "unknown")] == [50, 0, 150, 300, 0]
    assert [of("aiostall_punted_detail_requests", key, why=why)
            for why in ("refused", "reissued", "device", "serial")] == [180, 20, 90, 400]
    assert [(of("aiostall_punted_queue_requests", key, op=op), of("aiostall_punted_queue_seconds", key, op=op))
            for op in ("read", "write", "fsync", "other")] == [(0, 0), (470, 0.9), (10, 0.06), (0, 0)]
    assert (of("aiostall_waits", key), of("aiostall_waited_seconds", key)) == (900, 4.5)
    sleeps = sum(s.value for s in found["aiostall_sleeps"].samples
                 if s.labels["api"] == "io_uring" and s.labels["device"] == "nvme0n1p3")
    assert sleeps == rows[key]["sleeps"] == 40
    assert not any(s.labels["api"] == "aio" for s in found["aiostall_plane_sleeps"].samples)
    assert "aiostall_plane_sleeps" not in families(scrape(root, "mixed", "-o"))


def test_buckets(root):
    """Each bound takes in what is at most one bucket of the ledger longer."""
    found = families(scrape(root, "mixed", "-o"))["aiostall_sleep_duration_seconds"]
    ext4 = {s.labels["le"]: s.value for s in found.samples
            if s.name.endswith("_bucket") and s.labels["fstype"] == "ext4" and s.labels["device"] != "sdb1"}
    assert len(ext4) == 15
    # 12 of 4 us, 2 of 50 us, 40 of 1 ms, 300 of 2 ms, one of 18 ms
    assert (ext4["0.0001"], ext4["0.001"], ext4["0.0025"], ext4["0.01"], ext4["0.025"],
            ext4["+Inf"]) == (14, 54, 354, 354, 355, 355)


def test_what_is_mounted_has_series_before_anything_happens(root):
    found = families(scrape(root, "mixed", "-o"))
    quiet = ("sdb1", "ext4")
    assert samples(found, "aiostall_submits")[quiet] == 0
    assert samples(found, "aiostall_oldest_unfinished_sleep_seconds")[quiet] == 0
    assert samples(found, "aiostall_sleeps")[("ext4.alloc", *quiet)] == 0


def test_what_is_not_known_is_left_out(root):
    """Calls that nobody watched are no calls that there were none of."""
    found = families(scrape(root, "unwatched", "-o"))
    assert "aiostall_submits" not in found and "aiostall_requests" not in found
    assert "aiostall_sleeps" in found
    assert "aiostall_requests_done_in_submit" not in found


def test_who_sleeps(root):
    found = families(scrape(root, "loss", "-o"))
    oldest = samples(found, "aiostall_oldest_unfinished_sleep_seconds")
    asleep = samples(found, "aiostall_unfinished_sleeps")
    report = json.loads(run(root, "build/tests/replay", "tests/replay/loss.fix", "json").stdout)
    assert report["unfinished"]
    assert sum(asleep.values()) == len(report["unfinished"])
    assert max(oldest.values()) == max(u["age_ns"] for u in report["unfinished"]) / 1e9


def test_names_in_the_man_page(root):
    """And none that is not there any more."""
    man = (root / "man/aiostall.8").read_text(encoding="utf-8").replace("\\-", "-").replace("\\_", "_")
    section = re.search(r"^\.SH METRICS\n(.*?)(?=^\.SH )", man, re.M | re.S).group(1)
    said = {re.sub(r"_(total|info|sum)$", "", name)
            for name in re.findall(r"\baiostall_[a-z_]+[a-z]\b", section)}
    there = {name for label in ("cgroup", "comm")
             for name in families(scrape(root, "uring", "-o", "-l", label))}
    assert said == {name for name in there if name.startswith("aiostall_")}
