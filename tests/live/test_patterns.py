# SPDX-License-Identifier: GPL-2.0
"""
Which patterns block where, through io_submit and through io_uring: some cells of docs/patterns.md,
measured anew, say the same in each of three runs, and what the page says.

The patterns are those whose every request goes one way: no cell is near a limit.
"""
import pathlib

import pytest

import helpers
import measured

RUNS = 3
PAGE = helpers.ROOT / "docs" / "patterns.tsv"
# By pattern and filesystem: through io_submit and through io_uring.
KNOWN = {
    ("direct append, one in flight", "ext4"): ("blocks", "workers sleep"),
    ("direct write of one sector into a hole", "xfs"): ("blocks", "workers sleep"),
    ("buffered read, not cached", "ext4"): ("blocks", "asynchronous"),
    ("buffered write with O_DSYNC", "ext4"): ("blocks", "workers sleep"),
    ("fsync", "xfs"): ("asynchronous", "workers sleep"),
}


@pytest.mark.parametrize("fstype", ("ext4", "xfs"))
def test_three_runs_say_the_same(scratch, fstype):
    place = measured.make_place(scratch, fstype)
    loads = {name: (args, cold) for name, args, cold in measured.PATTERNS}
    for (pattern, where), known in KNOWN.items():
        if where != fstype:
            continue
        for api, verdict in zip(measured.ENGINES, known):
            cells = [measured.measure(scratch, place, api, *loads[pattern]) for _ in range(RUNS)]
            assert [c.verdict for c in cells] == [verdict] * RUNS, (pattern, api, cells)
            if api == "aio":
                assert all(c.punted == c.worker_sleeps == 0 for c in cells), cells


def test_the_page_says_what_is_known():
    rows = [line.split("\t") for line in
            pathlib.Path(PAGE).read_text(encoding="utf-8").splitlines()[1:]]
    page = {(pattern, name, api): verdict for pattern, api, name, verdict, *_ in rows}
    for (pattern, fstype), known in KNOWN.items():
        for api, verdict in zip(measured.ENGINES, known):
            assert page[pattern, fstype, api] == verdict, (pattern, fstype, api)
    assert {api for _, _, api in page} == set(measured.ENGINES)
