# SPDX-License-Identifier: GPL-2.0
"""
A ring buffer that nobody empties. Its 64 kB hold some 200 stalls; the others are summed up in the
kernel, so that no report misses one of them or of its causes, stacks and files. The reader is
stopped while the load runs, so that it does not depend on the host how many there are.
"""
import os

import pytest

import helpers

CALLS = 1009
RING = 64 << 10
EVENT_BYTES = 280
OPTIONS = ("--ring", "64k", "--self")

# fstype: aioload's pattern, its arguments, what its causes begin with
LOADS = {
    "pipefs": ("pipe", ("--feed-delay-us", "100"), "pipe."),
    "ext4": ("append", ("--size", "8M"), "ext4."),
}


def load_args(scratch, fstype):
    pattern, args, cause = LOADS[fstype]
    args = ["--pattern", pattern, "--calls", str(CALLS), *args]
    if fstype != "pipefs":
        args += ["--file", f"{scratch.fs(fstype).mnt}/file"]
    return args, cause


def total(rows, key="sleeps"):
    return sum(row[key] for row in rows)


def check_report(report, load, cause):
    """All of it is there, in every grouping."""
    row = helpers.filesystem(report, report["filesystems"][0]["fstype"])
    sleeps = load["nvcsw"]
    assert sleeps > 2 * RING // EVENT_BYTES, "the load did not block, so it shows nothing"
    helpers.assert_no_loss(report)
    assert 0 < report["loss"]["spilled"] < sleeps
    assert report["totals"]["sleeps"] == row["sleeps"] == sleeps
    assert total(row["causes"]) == sleeps
    assert total(row["causes"], "blocked_ns") == row["blocked_ns"]
    assert total(row["causes"], "held_up_requests") == row["held_up_requests"]
    assert max(c["max_ns"] for c in row["causes"]) == row["sleep_ns"]["max"]
    assert all(c["id"].startswith(cause) or c["sleeps"] < sleeps // 4 for c in row["causes"]), [
        (c["id"], c["sleeps"]) for c in row["causes"]]
    for c in row["causes"]:
        assert total(c["stacks"]) == total(c["files"]) == total(c["wakers"]) == c["sleeps"]
        assert sum(c["request_how"].values()) == c["sleeps"]
        assert all(s["frames"] for s in c["stacks"])
        assert c["worst"]["comm"] == "aioload"
    assert total(row["files"]) == sleeps


@pytest.mark.parametrize("fstype", LOADS)
def test_stat_is_complete(tmp_path, scratch, fstype):
    args, cause = load_args(scratch, fstype)
    traced = helpers.trace_pid(tmp_path, "stat", args, OPTIONS, stopped=True)
    check_report(traced.report, traced.load, cause)
    assert traced.status == 0, traced.stderr
    assert traced.report["loss"]["spilled"] >= traced.load["nvcsw"] - RING // EVENT_BYTES
    assert traced.report["self"]["ring_peak_bytes"] <= RING - RING // 8 + EVENT_BYTES


@pytest.mark.parametrize("verb", ("stat", "record"))
def test_each_stall_counts_once(tmp_path, verb):
    """The reader takes sums out of the kernel again and again, while several CPUs add to them."""
    args = ["--pattern", "pipe", "--calls", "2003", "--feed-delay-us", "100", "--threads", "5"]
    traced = helpers.trace_pid(tmp_path, verb, args, ("--ring", "64k"), halting=True)
    check_report(traced.report, traced.load, "pipe.")
    assert traced.status == 0, traced.stderr


def test_record_is_complete(tmp_path, scratch):
    args, cause = load_args(scratch, "ext4")
    traced = helpers.trace_pid(tmp_path, "record", args, ("--ring", "64k"), stopped=True)
    check_report(traced.report, traced.load, cause)
    assert traced.status == 0, traced.stderr


def test_events_are_not(tmp_path, scratch):
    """With --events every single stall is asked for."""
    args, _ = load_args(scratch, "ext4")
    traced = helpers.trace_pid(tmp_path, "record", args, ("--ring", "64k", "--events"), stopped=True)
    assert traced.status == 3
    assert "came too fast for --events" in traced.stderr


def test_trace_says_what_it_did_not_show(tmp_path, scratch):
    args, cause = load_args(scratch, "pipefs")
    traced = helpers.trace_pid(tmp_path, "trace", args, ("--ring", "64k"), stopped=True)
    shown, rest, end = len(traced.of_type("stall")), traced.of_type("stalls"), traced.of_type("end")[0]
    assert 0 < shown <= RING // EVENT_BYTES
    assert shown + total(rest, "stalls") == traced.load["nvcsw"] == end["stalls"]
    assert all(line["cause"].startswith(cause) and line["frames"] for line in rest)
    assert end["loss"]["spilled"] == total(rest, "stalls")
    assert end["loss"]["any"] and traced.status == 3
    assert f"{end['loss']['spilled']} of them came too fast" in traced.stderr


def test_full_table_is_a_loss(tmp_path, scratch):
    """More places at once than the table holds: what is beyond it is counted, and said."""
    table = max(1024, 64 * os.sysconf("SC_NPROCESSORS_CONF"))
    batch = 61
    # an append that is done before its thread gets to wait does not sleep
    threads = 2 * (table + RING // EVENT_BYTES) // batch
    args = ["--pattern", "append", "--calls", "1", "--batch", str(batch), "--size", "8k",
            "--threads", str(threads)]
    mnt = scratch.fs("ext4").mnt
    for i in range(batch):
        args += ["--file", f"{mnt}/file{i}"]
    traced = helpers.trace_pid(tmp_path, "stat", args, ("--ring", "64k"), stopped=True)
    loss, sleeps = traced.report["loss"], traced.report["totals"]["sleeps"]
    assert loss["spilled"] >= table
    assert 0 < loss["events"] <= sleeps - loss["spilled"]
    assert loss["any"] and traced.status == 3
    row = helpers.filesystem(traced.report, "ext4")
    assert total(row["causes"]) == row["sleeps"] == sleeps == traced.load["nvcsw"]
