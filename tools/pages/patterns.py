#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Measures which patterns of submits block on which filesystem, on a slow device, and writes
docs/patterns.tsv (or the file given): the table of docs/causes.md. Needs root.
"""
import pathlib
import platform
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))

import helpers  # pylint: disable=wrong-import-position
import tracing  # pylint: disable=wrong-import-position

DELAY = {"read": 2000, "write": 2000}
PLACES = ("ext4", "ext3", "xfs", "btrfs", "raw")
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
    ("IOCB_CMD_FSYNC", "--pattern fsync", False),
)
# Patterns that a device or a filesystem has no use for.
NOT_ON = {"raw": ("append", "hole", "unwritten", "cold-read", "fsync"), "ext3": ("unwritten",)}


def measure(scratch, place, args, cold):
    """The row of the filesystem in the report."""
    path = f"{place.mnt}/{''.join(args.split())}" if place.mnt else place.dev
    args = [*args.split(), "--calls", "101", "--file", path]
    if place.mnt:
        helpers.aioload("--prepare", *args)
    if place.mnt and cold:
        scratch.remount(place)
    scratch.delay(place, **DELAY)
    try:
        argv = [helpers.AIOLOAD, *(["--no-prepare"] if place.mnt else []), *args]
        report = tracing.trace(scratch.dir, argv).report
    finally:
        scratch.delay(place, read=0, write=0)
    rows = report["filesystems"]
    assert len(rows) == 1, [row["fstype"] for row in rows]
    return rows[0]


def line(name, pattern, row):
    cause = row["causes"][0]["id"] if row["causes"] else ""
    each = row["sleeps"] / row["requests"]
    return f"{pattern}\t{name}\t{100 * row['blocked_share']:.0f}\t{each:.2f}\t{cause}\n"


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "docs" / "patterns.tsv")
    release = ".".join(platform.release().split("-")[0].split(".")[:2])
    text = f"# kernel {release}, {DELAY['write'] // 1000} ms for each read and write\n"
    scratch = helpers.Scratch()
    places = [scratch.fs(name, slow=True) if name != "raw" else scratch.loop(name, slow=True)
              for name in PLACES]
    try:
        for pattern, args, cold in PATTERNS:
            for place in places:
                if args.split()[1] not in NOT_ON.get(place.name, ()):
                    text += line(place.name, pattern, measure(scratch, place, args, cold))
    finally:
        scratch.close()
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
