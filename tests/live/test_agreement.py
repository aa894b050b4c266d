# SPDX-License-Identifier: GPL-2.0
"""
Sleeps are what the kernel says they are: the report's count equals the growth of ru_nvcsw that
the program itself read around exactly its io_submit calls. The number of calls is a prime, so
that no batch or buffer size divides it.
"""
import pytest

import helpers

CALLS = 1009

# fstype of the row, aioload's pattern, its arguments, sleeps to be there at the least
LOADS = {
    # an append waits for its own I/O
    "ext4": ("append", ("--size", "8M"), CALLS // 2),
    # a checksummed file is written through the page cache, which is then waited for
    "btrfs": ("append", ("--size", "8M"), CALLS // 2),
    # not one page in the cache
    "xfs": ("buffered-read", ("--size", "8M", "--drop-caches"), CALLS // 10),
    # the peer writes only when a read waits
    "pipefs": ("pipe", ("--feed-delay-us", "300"), CALLS - CALLS // 10),
}
# Microseconds that a write to its device takes: one that is done before it is waited for is no sleep.
SLOW = {"btrfs": 1000}
TRACERS = {"pid": helpers.trace_pid, "command": helpers.trace_command}


@pytest.mark.parametrize("way", TRACERS)
@pytest.mark.parametrize("fstype", LOADS)
def test_sleeps_are_voluntary_switches(tmp_path, scratch, fstype, way):
    pattern, args, least = LOADS[fstype]
    args = ["--pattern", pattern, "--calls", str(CALLS), *args]
    if fstype != "pipefs":
        place = scratch.fs(fstype, slow=fstype in SLOW)
        args += ["--file", f"{place.mnt}/file"]
    if fstype in SLOW:
        scratch.delay(place, write=SLOW[fstype])

    traced = TRACERS[way](tmp_path, "stat", args)
    load, totals = traced.load, traced.report["totals"]
    row = helpers.filesystem(traced.report, fstype)

    assert traced.status == 0, traced.stderr
    helpers.assert_no_loss(traced.report)
    assert load["submits"] == load["requests"] == CALLS
    assert load["nvcsw"] >= least, "the load did not block, so it shows nothing"
    for figures in (totals, row):
        assert figures["sleeps"] == load["nvcsw"]
        assert figures["submits"] == CALLS
        assert figures["requests"] == CALLS
        assert figures["submits_blocked"] == load["submits_blocked"]
        assert figures["bytes"] == load["bytes"]
        assert sum(count for _, count in figures["sleep_ns"]["buckets"]) == load["nvcsw"]
    assert sum(cause["sleeps"] for cause in row["causes"]) == load["nvcsw"]
    assert len(traced.report["filesystems"]) == 1
    assert not traced.report["unfinished"]
