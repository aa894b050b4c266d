# SPDX-License-Identifier: GPL-2.0
"""
A device that takes 5 ms for each write: that is how long an ext4 append sleeps, and why. How much
longer it takes on a host that is busy, the load measures itself around each call.
"""
import statistics

import helpers

DELAY_US = 5000
CALLS = 101
# By how much the middle of the sleeps may differ from what the load's clocks leave for them.
NEAR_NS = 1_000_000


def append(tmp_path, scratch, verb):
    helpers.need_slow_device()
    # No journal commit of its own in between: it would be a stall with another cause.
    place = scratch.fs("ext4", slow=True, size="128M", mount="commit=300")
    args = ["--pattern", "append", "--calls", str(CALLS), "--file", f"{place.mnt}/file", "--per-call"]

    def slow(_pid):
        scratch.delay(place, read=DELAY_US, write=DELAY_US, fsync=DELAY_US)

    traced = helpers.trace_pid(tmp_path, verb, args, before=slow)
    assert traced.status == 0, traced.stderr
    # who is kept from his CPU between the request and the wait finds that it is done
    assert traced.load["nvcsw"] >= 0.9 * CALLS
    return place, traced


def off_cpu_ns(load):
    """Of each call with one sleep, by the load's own clocks: neither on a CPU nor waiting for one."""
    calls = load["threads"][0]["per_call"]
    return [wall - cpu - delay for wall, cpu, delay, sleeps in
            zip(calls["wall_ns"], calls["cpu_ns"], calls["run_delay_ns"], calls["nvcsw"]) if sleeps == 1]


def assert_near(median_ns, load):
    assert median_ns >= 0.8 * DELAY_US * 1000
    assert abs(median_ns - statistics.median(off_cpu_ns(load))) <= NEAR_NS


def test_stalls_take_the_delay(tmp_path, scratch):
    place, traced = append(tmp_path, scratch, "trace")
    stalls = traced.of_type("stall")
    assert len(stalls) == traced.load["nvcsw"]
    assert_near(statistics.median(s["blocked_ns"] for s in stalls), traced.load)

    dio = [s for s in stalls if s["cause"] == "ext4.dio_sync"]
    assert len(dio) >= 0.9 * CALLS
    assert all(s["path"] == f"{place.mnt}/file" for s in stalls)
    named = [s for s in stalls if s["waker"]["kind"] == "interrupt" or
             (s["waker"]["kind"] == "task" and s["waker"]["comm"] and s["waker"]["tid"])]
    assert len(named) >= 0.95 * len(stalls)


def test_report_names_delay_cause_and_waker(tmp_path, scratch):
    _, traced = append(tmp_path, scratch, "stat")
    helpers.assert_no_loss(traced.report)
    row = helpers.filesystem(traced.report, "ext4")
    assert row["sleeps"] == traced.load["nvcsw"]
    assert_near(row["sleep_ns"]["p50"], traced.load)
    cause = row["causes"][0]
    assert cause["id"] == "ext4.dio_sync"
    assert cause["sleeps"] >= 0.9 * CALLS
    # one that begins late, its request being under way, is shorter
    assert cause["blocked_ns"] >= 0.8 * cause["sleeps"] * DELAY_US * 1000
    assert "ext4_file_write_iter" in cause["stacks"][0]["frames"]
    named = sum(w["sleeps"] for w in cause["wakers"] if w["comm"] not in ("", "?", "(unknown)"))
    assert named >= 0.95 * cause["sleeps"]
