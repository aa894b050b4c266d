# SPDX-License-Identifier: GPL-2.0
"""Requests that are not asynchronous are told on every way of attaching, blocked or not."""
import subprocess

import pytest

import helpers
import tracing
from helpers import AIOLOAD, AIOSTALL

CALLS = 211
TRACEPOINT = ("--probe", "submit=tracepoint", "--probe", "complete=none")


def load(scratch, fstype, *args):
    return [AIOLOAD, "--file", f"{scratch.fs(fstype).mnt}/data", "--size", "4M", "--calls",
            str(CALLS), *args]


@pytest.mark.parametrize("pattern", ["buffered-read", "buffered-write"])
@pytest.mark.parametrize("batch", ["1", "7"])
def test_buffered_is_known_from_the_flags(tmp_path, scratch, pattern, batch):
    traced = tracing.trace(tmp_path, load(scratch, "ext4", "--pattern", pattern, "--batch", batch),
                           *TRACEPOINT)
    row = helpers.filesystem(traced.report, "ext4")
    assert row["requests"] == CALLS * int(batch)
    assert row["done_inside"] == {"buffered": row["requests"], "direct": None}


@pytest.mark.parametrize("args", [("--pattern", "read"), ("--pattern", "fsync"),
                                  ("--pattern", "nowait", "--buffered")])
def test_what_may_be_asynchronous_is_not_counted(tmp_path, scratch, args):
    traced = tracing.trace(tmp_path, load(scratch, "ext4", *args), *TRACEPOINT)
    row = helpers.filesystem(traced.report, "ext4")
    # fsync's own pattern writes buffered with write(2), not with io_submit
    assert row["done_inside"] == {"buffered": 0, "direct": None}


def test_vectored(tmp_path, scratch):
    traced = tracing.trace(tmp_path, load(scratch, "ext4", "--pattern", "buffered-read",
                                          "--vectored"), *TRACEPOINT)
    assert helpers.filesystem(traced.report, "ext4")["done_inside"]["buffered"] == CALLS


@pytest.mark.parametrize("pattern,all_buffered", [("buffered-read", True), ("overwrite", False)])
def test_the_text_says_so(scratch, pattern, all_buffered):
    """What is not known of direct requests is no question where there were none."""
    done = subprocess.run([AIOSTALL, *TRACEPOINT, "--", *load(scratch, "ext4", "--pattern",
                                                              pattern)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          check=False, env=helpers.environment())
    text = " ".join(done.stdout.split())
    assert (f"{CALLS} of {CALLS} requests were buffered" in text) == all_buffered
    assert ("is not known: completions were not watched" in text) != all_buffered


@pytest.mark.parametrize("align,unaligned", [("512", True), ("4096", False)])
def test_alignment_of_memory(tmp_path, scratch, align, unaligned):
    """btrfs reads through the page cache for it: the request in the report shows why."""
    fio = helpers.shutil.which("fio")
    if not fio:
        pytest.skip("fio is not installed")
    place = scratch.fs("btrfs", slow=True)
    argv = [fio, "--name=x", f"--filename={place.mnt}/data", "--size=8M", "--ioengine=libaio",
            "--direct=1", "--rw=randread", "--bs=128k", "--iodepth=4", f"--iomem_align={align}",
            "--fadvise_hint=0"]
    subprocess.run([*argv, "--create_only=1"], stdout=subprocess.DEVNULL, timeout=60, check=True)
    scratch.remount(place)
    traced = tracing.trace(tmp_path, [*argv, "--output=/dev/null"], verb="trace")
    stalls = [line for line in traced.lines if line["type"] == "stall" and
              line["path"].endswith("/data")]
    assert stalls
    for stall in stalls:
        assert "direct" in stall["shape"]
        assert ("unaligned_memory" in stall["shape"]) == unaligned
        assert stall["memory_alignment"] >= 512
        assert (stall["memory_alignment"] < 4096) == unaligned
