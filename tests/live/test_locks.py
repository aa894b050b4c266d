# SPDX-License-Identifier: GPL-2.0
"""Who holds the lock that a sleeping submit waits for."""
import pytest

import helpers
import tracing
from helpers import AIOLOAD, Program

# Of so many calls some find the lock taken, whichever of the two a busy host lets run in streaks.
WAITER = ("--pattern", "append", "--calls", "300", "--no-prepare")
HOLDER = ("--pattern", "append", "--calls", "1000000")


def need_holders():
    check = helpers.run([helpers.AIOSTALL, "check"]).stdout
    if "tp_btf       used" not in check.split("lock:")[1]:
        pytest.skip("needs the tracepoint contention_begin (5.19)")


def test_holder_of_the_inode_lock(scratch):
    """Two processes append to one file: each waits for the other, and is told so."""
    need_holders()
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    scratch.delay(place, write=2000)
    with tracing.waiting(scratch, (*HOLDER, "--file", f"{place.mnt}/f"), "holder") as holder:
        holder.go()
        traced = tracing.trace(scratch.dir, [AIOLOAD, *WAITER, "--file", f"{place.mnt}/f"],
                               verb="trace")
    waits = [s for s in traced.of_type("stall") if s["cause"] == "lock.inode"]
    assert len(waits) > 20, [s["cause"] for s in traced.of_type("stall")]
    assert all(s["lock"]["kind"] == "rwsem" for s in waits)
    held = [s["lock"] for s in waits if s["lock"]["holder_pid"]]
    assert len(held) > len(waits) / 2
    for lock in held:
        assert (lock["holder_pid"], lock["holder_comm"]) == (holder.pid, "aioload"), lock
    # a wait for the device is none for a lock
    assert all("lock" not in s for s in traced.of_type("stall") if s["cause"] == "ext4.dio_sync")


def test_holder_in_the_report(scratch):
    need_holders()
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    scratch.delay(place, write=2000)
    with Program([AIOLOAD, *HOLDER, "--file", f"{place.mnt}/f"]) as holder:
        tracing.wait_path(f"{place.mnt}/f")
        traced = tracing.trace(scratch.dir, [AIOLOAD, *WAITER, "--file", f"{place.mnt}/f"])
    row = helpers.filesystem(traced.report, "ext4", place.mnt)
    (cause,) = [c for c in row["causes"] if c["id"] == "lock.inode"]
    assert [(h["pid"], h["comm"]) for h in cause["lock_holders"]] == [(holder.pid, "aioload")]
    assert cause["lock_holders"][0]["sleeps"] > cause["sleeps"] / 2
