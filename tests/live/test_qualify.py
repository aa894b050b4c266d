# SPDX-License-Identifier: GPL-2.0
"""
qualify on real filesystems over a device of fixed delay: what the source of every kernel of today
says is asserted, and that it is said again in each run. Times are not.
"""
import json
import os

import helpers
import pytest

DELAY_US = 2000
# The same for all of them, on every kernel.
ALWAYS = {"read": "async", "read-d32": "async", "read-cold": "synchronous",
          "read-cached": "cached", "poll": "async", "overwrite-buffered": "cached"}
EXPECTED = {
    "ext4": {"append": "synchronous", "append-d4": "synchronous", "fill-hole": "async",
             "fill-hole-lba": "blocks", "overwrite": "async", "overwrite-d32": "async"},
    "xfs": {"append": "async", "append-d4": "blocks", "fill-hole": "async",
            "overwrite": "async", "overwrite-d32": "async"},
    "btrfs": {},
}
CAUSES = {("ext4", "append"): "ext4.dio_sync", ("ext4", "read-cold"): "buf.read_miss",
          ("xfs", "read-cold"): "buf.read_miss", ("btrfs", "read-cold"): "buf.read_miss"}


def qualify(place, *args):
    done = helpers.run([helpers.AIOSTALL, "qualify", place, "--time", "2s", "--format",
                        "json", *args])
    assert done.status == 0, done.stderr
    return json.loads(done.stdout)


def verdicts(result):
    return {(cell["row"], cell["engine"]): cell["verdict"] for cell in result["cells"]}


@pytest.fixture(name="slow")
def slow_fixture(scratch):
    """slow(fstype): a folder of a filesystem on a device of fixed delay."""
    helpers.need_slow_device()
    made = []

    def make(fstype):
        place = scratch.fs(fstype, slow=True, size="400M",
                           mkfs="-b 4096" if fstype == "ext4" else "")
        scratch.delay(place, read=DELAY_US, write=DELAY_US)
        made.append(place)
        return place.mnt
    yield make
    for place in made:
        scratch.delay(place, read=0, write=0)


@pytest.mark.parametrize("fstype", EXPECTED)
def test_rows(slow, fstype):
    folder = slow(fstype)
    expected = ALWAYS | EXPECTED[fstype]
    rows = ",".join(expected)

    def said_by(result):
        assert result["traced"] is True, result["untraced_why"]
        return {row: verdict for (row, _), verdict in verdicts(result).items() if row in expected}

    results = []
    for _ in range(3 if fstype == "ext4" else 2):
        # one sleep in a hundred calls, for a lock that a preempted worker holds, is "rare", as it should be
        for _ in range(3):
            result = qualify(folder, "--rows", rows, "--engine", "aio")
            said = said_by(result)
            if "rare" not in said.values():
                break
        assert said == expected
        results.append(result)
    for cell in results[0]["cells"]:
        want = CAUSES.get((fstype, cell["row"]))
        if want:
            assert cell["cause"]["id"] == want
            # each sleep that the thread counted was traced
            assert cell["cause"]["traced_sleeps"] == cell["sleeps"]
    assert [name for name in os.listdir(folder) if name != "lost+found"] == []


def test_engines(slow):
    folder = slow("ext4")
    result = qualify(folder, "--rows", "append-d4,read-cold-d4", "--engine", "all")
    said = verdicts(result)
    # the thread itself does it, or is refused, or another thread does it
    assert said["append-d4", "aio"] == "synchronous"
    assert said["append-d4", "nowait"] == "refuses"
    assert said["read-cold-d4", "aio"] == "synchronous"
    for engine in ("posix-aio", "threads", "uring-async", "uring"):
        for row in ("append-d4", "read-cold-d4"):
            assert said[row, engine] in ("async", "rare", "n/a"), (row, engine)
            reason = [c.get("reason") for c in result["cells"]
                      if (c["row"], c["engine"]) == (row, engine)][0]
            assert said[row, engine] != "n/a" or reason.startswith("not available")


def test_the_same_without_tracing(slow):
    folder = slow("ext4")
    rows = ("--rows", "append,overwrite,read-cold", "--engine", "aio")
    traced, untraced = qualify(folder, *rows), qualify(folder, *rows, "--no-trace")
    assert verdicts(traced) == verdicts(untraced)
    assert not any("cause" in cell for cell in untraced["cells"])
    assert untraced["untraced_why"] == "--no-trace"


def test_a_device_is_not_taken_by_mistake(scratch):
    # One that takes its time: a request that is over when the call returns was done in the call.
    helpers.need_slow_device()
    place = scratch.loop("raw", "64M", slow=True)
    scratch.delay(place, read=1000, write=1000)
    refused = helpers.run([helpers.AIOSTALL, "qualify", place.dev])
    assert refused.status == 1
    assert "--destructive" in refused.stderr
    result = qualify(place.dev, "--destructive", "--rows", "overwrite,append,read-d4")
    said = verdicts(result)
    assert said["overwrite", "aio"] == said["read-d4", "aio"] == "async"
    assert said["append", "aio"] == "n/a"


def test_a_device_in_use_is_refused(scratch):
    place = scratch.fs("ext4", size="64M")
    refused = helpers.run([helpers.AIOSTALL, "qualify", place.dev, "--destructive"])
    assert refused.status == 1
    assert "is in use" in refused.stderr
