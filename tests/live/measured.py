# SPDX-License-Identifier: GPL-2.0
"""Which patterns of requests block, and where: the cells of docs/patterns.md, each measured."""
import collections
import os

import helpers
import tracing

DELAY = {"read": 2000, "write": 2000}
CALLS = 101
PLACES = ("ext4", "ext3", "xfs", "btrfs", "raw")
# By name of the api, the engine of the load.
ENGINES = {"aio": "aio", "io_uring": "uring"}
# What the row is called, the load, and whether the filesystem has forgotten the file.
PATTERNS = (
    ("direct overwrite", "--pattern overwrite", False),
    ("direct append, one in flight", "--pattern append", False),
    ("direct append, four in flight", "--pattern append --qd 4", False),
    ("direct write into a hole", "--pattern hole", False),
    ("direct write of preallocated blocks", "--pattern unwritten", False),
    ("direct write of one sector into a hole", "--pattern unaligned --state hole", False),
    ("direct write with O_DSYNC", "--pattern dsync", False),
    ("direct read", "--pattern read", False),
    ("direct read, fragmented, not cached", "--pattern cold-read", True),
    ("direct read beside a buffered writer",
     "--pattern read --size 1M --side buffered-writer --side-us 500", False),
    ("buffered read, not cached", "--pattern buffered-read", True),
    ("buffered write, cached", "--pattern buffered-write --size 1M", False),
    ("buffered write of half a block, not cached", "--pattern buffered-write --bs 512", True),
    ("buffered write with O_DSYNC", "--pattern dsync --buffered", False),
    ("fsync", "--pattern fsync", False),
)
# Patterns that a device or a filesystem has no use for.
NOT_ON = {"raw": ("append", "hole", "unwritten", "cold-read", "fsync"), "ext3": ("unwritten",)}
# From this share of calls or requests on, or so many sleeps per request, a cell is called so.
OFTEN = 0.1

Cell = collections.namedtuple("Cell", "verdict blocked sleeps punted worker_sleeps cause")


def make_place(scratch, name):
    return scratch.loop(name, slow=True) if name == "raw" else scratch.fs(name, slow=True)


def is_run(args, place):
    return args.split()[1] not in NOT_ON.get(place.name, ())


def verdict(blocked, punted, worker_sleeps):
    """In words that say whose time a request costs."""
    words = ["blocks"] if blocked >= OFTEN else []
    if worker_sleeps >= OFTEN:
        words.append("workers sleep")
    elif punted >= OFTEN:
        words.append("punted")
    return ", ".join(words) or "asynchronous"


def cell_of(row):
    """Of a filesystem's row in a report."""
    requests = row["requests"]
    punted, worker_sleeps = (row.get(key, 0) / requests for key in ("punted", "worker_sleeps"))
    figures = (row["blocked_share"], row["sleeps"] / requests, punted, worker_sleeps)
    # those of the submitter come first
    cause = row["causes"][0]["id"] if row["causes"] else ""
    return Cell(verdict(figures[0], punted, worker_sleeps), *figures, cause)


def measure(scratch, place, api, args, cold):
    """The cell of one pattern, on a device that takes its time meanwhile."""
    path = f"{place.mnt}/{api}{''.join(args.split())}" if place.mnt else place.dev
    args = [*args.split(), "--calls", CALLS, "--file", path]
    if place.mnt:
        helpers.aioload("--prepare", *args)
    if place.mnt and cold:
        scratch.remount(place)
    scratch.delay(place, **DELAY)
    try:
        report = tracing.trace(scratch.dir, [
            helpers.AIOLOAD, "--engine", ENGINES[api], *(["--no-prepare"] if place.mnt else []),
            *args]).report
    finally:
        scratch.delay(place, read=0, write=0)
    if place.mnt:
        os.unlink(path)
    # what of io_uring has no filesystem, its name in brackets, is no cell
    rows = [r for r in report["filesystems"] if r["api"] == api and not r["fstype"].startswith("(")]
    assert len(rows) == 1, [row["fstype"] for row in report["filesystems"]]
    return cell_of(rows[0])


def middle(cells):
    """Of several runs: the middle of each figure, and whether all of them said the same."""
    ordered = [sorted(values)[len(values) // 2] for values in zip(*(c[1:5] for c in cells))]
    verdicts = {cell.verdict for cell in cells}
    (cause, _), = collections.Counter(cell.cause for cell in cells).most_common(1)
    return Cell(verdicts.pop() if len(verdicts) == 1 else "varies", *ordered, cause)
