# SPDX-License-Identifier: GPL-2.0
"""
Batches of 16 requests that go round the files of four filesystems, two of which make them sleep.
Which request slept is known without the tracer: every request of a load has its own offset.
"""
import math
import os
from dataclasses import dataclass

import pytest

import helpers

CALLS, BATCH, FILES = 23, 16, 4
BS = 4096
SIZE_MB = 2
DELAY_US = 2000


@dataclass
class Target:
    """One file of the batch: where the tracer must see it, and what its requests look like."""
    fstype: str
    pattern: str
    path: str
    place: helpers.Place
    turn: int

    @property
    def spec(self):
        return f"{self.pattern}={self.path}"

    @property
    def device(self):
        """That of mountinfo: stat(2) tells the device of the subvolume on btrfs."""
        if self.fstype == "blockdev":
            number = os.stat(self.path).st_rdev
            return f"{os.major(number)}:{os.minor(number)}"
        with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
            return next(f[2] for f in map(str.split, mounts) if f[4] == self.place.mnt)

    def nth_offsets(self, count):
        """Offsets of its requests in the order of their submission, as aioload lays them out."""
        if self.pattern == "append":
            return [n * BS for n in range(count)]
        blocks = (SIZE_MB << 20) // BS
        stride = blocks * 618 // 1000 + 1
        while math.gcd(stride, blocks) != 1:
            stride += 1
        return [(1 + n * stride) % blocks * BS for n in range(count)]

    def requests(self):
        """(call from 1, index from 0) of each of its requests, by offset."""
        per_call = BATCH // FILES
        places = {}
        for n, offset in enumerate(self.nth_offsets(CALLS * per_call)):
            places[offset] = (n // per_call + 1, n % per_call * FILES + self.turn)
        assert len(places) == CALLS * per_call
        return places


# Of the requests to a slow device, those that sleep at the least: one whose thread is kept from its CPU
# on the way from the request to the wait, for as long as the device takes, finds that it is done.
LEAST = 0.9
# Each in the order of the batch; a slow device makes the listed ones sleep.
CASES = {
    "ext4 append, btrfs checksummed write": (
        [("ext4", "append"), ("xfs", "overwrite"), ("btrfs", "append"), ("blockdev", "overwrite")],
        {"ext4", "btrfs"}),
    "buffered reads of xfs and of the raw device": (
        [("ext4", "overwrite"), ("xfs", "buffered-read"), ("btrfs", "read"),
         ("blockdev", "buffered-read")],
        {"xfs", "blockdev"}),
}


def make_targets(scratch, wanted, sleepers):
    targets = []
    for turn, (fstype, pattern) in enumerate(wanted):
        slow = fstype in sleepers
        if fstype == "blockdev":
            place = scratch.loop(size=f"{SIZE_MB}M", slow=slow)
            path = place.dev
        else:
            # A journal commit of its own would stall the quiet ones.
            place = scratch.fs(fstype, slow=slow, mount="commit=300" if fstype != "xfs" else "")
            path = f"{place.mnt}/file"
        targets.append(Target(fstype, pattern, path, place, turn))
    return targets


def trace(tmp_path, scratch, verb, case):
    helpers.need_slow_device()
    wanted, sleepers = CASES[case]
    targets = make_targets(scratch, wanted, sleepers)
    args = ["--batch", str(BATCH), "--size", f"{SIZE_MB}M", "--per-call"]
    for target in targets:
        args += ["--file", target.spec]

    # The first direct I/O of a mount makes a workqueue, and waits for its thread to start.
    helpers.aioload(*args, "--calls", "1")

    def slow(_pid):
        for target in targets:
            if target.place.ctl:
                scratch.delay(target.place, read=DELAY_US, write=DELAY_US, fsync=DELAY_US)

    traced = helpers.trace_pid(tmp_path, verb, [*args, "--calls", str(CALLS)], before=slow)
    assert traced.status == 0, (traced.stderr, traced.report and traced.report["loss"])
    assert traced.load["submits"] == CALLS
    assert traced.load["requests"] == CALLS * BATCH
    return targets, {t.fstype for t in targets if t.fstype in sleepers}, traced


@pytest.mark.parametrize("case", CASES)
def test_each_stall_is_its_requests(tmp_path, scratch, case):
    targets, sleepers, traced = trace(tmp_path, scratch, "trace", case)
    by_path = {t.path: t for t in targets}
    requests = {t.path: t.requests() for t in targets}
    slept = {t.fstype: set() for t in targets}

    stalls = traced.of_type("stall")
    # as many in each call as the kernel counted there
    of_calls = [0] * CALLS
    for stall in stalls:
        of_calls[stall["call_seq"] - 1] += 1
    assert of_calls == traced.load["threads"][0]["per_call"]["nvcsw"]
    for stall in stalls:
        assert stall["path"] in by_path, stall
        target = by_path[stall["path"]]
        assert stall["request"] in ("exact", "scanned"), stall
        assert (stall["call_seq"], stall["index"]) == requests[target.path][stall["offset"]], stall
        assert (stall["nr"], stall["length"]) == (BATCH, BS), stall
        assert stall["held_up_requests"] == BATCH - 1 - stall["index"], stall
        assert stall["fs"]["fstype"] == target.fstype, stall
        assert stall["fs"]["device"] == target.device, stall
        assert stall["fs"]["mount"] == target.place.mnt, stall
        assert stall["op"] == ("pread" if "read" in target.pattern else "pwrite"), stall
        slept[target.fstype].add((stall["call_seq"], stall["index"]))

    for target in targets:
        expected = set(requests[target.path].values()) if target.fstype in sleepers else set()
        assert slept[target.fstype] <= expected, target
        assert len(slept[target.fstype]) >= LEAST * len(expected), target


@pytest.mark.parametrize("case", CASES)
def test_each_row_has_its_own(tmp_path, scratch, case):
    targets, sleepers, traced = trace(tmp_path, scratch, "stat", case)
    report = traced.report
    helpers.assert_no_loss(report)
    assert len(report["filesystems"]) == FILES
    assert report["totals"]["submits"] == CALLS
    assert report["totals"]["sleeps"] == traced.load["nvcsw"]
    assert sum(fs["sleeps"] for fs in report["filesystems"]) == traced.load["nvcsw"]
    for target in targets:
        row = helpers.filesystem(report, target.fstype, target.place.mnt)
        own = CALLS * BATCH // FILES
        assert row["device"] == target.device
        assert row["device_name"] == os.path.basename(target.place.dev)
        assert (row["submits"], row["requests"], row["bytes"]) == (CALLS, own, own * BS)
        if target.fstype not in sleepers:
            assert (row["sleeps"], row["submits_blocked"], row["files"]) == (0, 0, []), target
            continue
        assert LEAST * CALLS <= row["submits_blocked"] <= CALLS
        assert row["sleeps"] >= LEAST * own
        assert [f["path"] for f in row["files"]] == [target.path]
        behind = sum(BATCH - 1 - index for _, index in target.requests().values())
        # One sleep for each request at most, but btrfs sleeps several times for one.
        if target.fstype != "btrfs":
            assert row["sleeps"] <= own and row["held_up_requests"] <= behind
            assert row["sleeps"] < own or row["held_up_requests"] == behind
        assert row["held_up_requests"] >= LEAST * behind
