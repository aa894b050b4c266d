# SPDX-License-Identifier: GPL-2.0
"""A device that takes 5 ms for each write: that is how long an ext4 append sleeps, and why."""
import statistics

import helpers

DELAY_US = 5000
CALLS = 101


def append(tmp_path, scratch, verb):
    helpers.need_slow_device()
    # No journal commit of its own in between: it would be a stall with another cause.
    place = scratch.fs("ext4", slow=True, size="128M", mount="commit=300")
    args = ["--pattern", "append", "--calls", str(CALLS), "--file", f"{place.mnt}/file"]

    def slow(_pid):
        scratch.delay(place, read=DELAY_US, write=DELAY_US, fsync=DELAY_US)

    traced = helpers.trace_pid(tmp_path, verb, args, before=slow)
    assert traced.status == 0, traced.stderr
    return place, traced


def near_delay(ns):
    return abs(ns - DELAY_US * 1000) <= DELAY_US * 1000 * 0.2


def test_stalls_take_the_delay(tmp_path, scratch):
    place, traced = append(tmp_path, scratch, "trace")
    stalls = traced.of_type("stall")
    assert len(stalls) == traced.load["nvcsw"] >= CALLS
    assert near_delay(statistics.median(s["blocked_ns"] for s in stalls))

    dio = [s for s in stalls if s["cause"] == "ext4.dio_sync"]
    assert len(dio) >= CALLS
    assert all(s["path"] == f"{place.mnt}/file" for s in stalls)
    named = [s for s in stalls if s["waker"]["kind"] == "interrupt" or
             (s["waker"]["kind"] == "task" and s["waker"]["comm"] and s["waker"]["tid"])]
    assert len(named) >= 0.95 * len(stalls)


def test_report_names_delay_cause_and_waker(tmp_path, scratch):
    _, traced = append(tmp_path, scratch, "stat")
    helpers.assert_no_loss(traced.report)
    row = helpers.filesystem(traced.report, "ext4")
    assert near_delay(row["sleep_ns"]["p50"])
    cause = row["causes"][0]
    assert cause["id"] == "ext4.dio_sync"
    assert cause["sleeps"] >= CALLS
    assert cause["blocked_ns"] >= CALLS * DELAY_US * 1000
    assert "ext4_file_write_iter" in cause["stacks"][0]["frames"]
    named = sum(w["sleeps"] for w in cause["wakers"] if w["comm"] not in ("", "?", "(unknown)"))
    assert named >= 0.95 * cause["sleeps"]
