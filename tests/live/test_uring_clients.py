# SPDX-License-Identifier: GPL-2.0
"""
Programs that use io_uring for what it is used for, and count themselves what they do: QEMU's disks, a
copy of a file, a server of sockets. All that they count is ours, what they waited for is no stall.
"""
import collections
import filecmp
import json
import os
import pathlib
import re
import shutil

import pytest

import helpers
import tracing
from test_uring import URINGLOAD, assert_conserved, fstype_of, row_of

RINGCOPY, RINGECHO = (helpers.AIOSTALL.parent / "tests" / name for name in ("ringcopy", "ringecho"))
# Of QEMU's own trace: enum QEMUAIO_TYPE.
QEMU_READ, QEMU_WRITE, QEMU_FLUSH = 1, 2, 8


@pytest.fixture(autouse=True, scope="module")
def _uring():
    for program in (RINGCOPY, RINGECHO):
        assert program.exists(), f"{program} is missing: make unit"
    tried = helpers.run([URINGLOAD, "--nop"])
    if tried.status:
        pytest.skip(f"needs io_uring and userfaultfd: {tried.stderr.strip()}")


def assert_all_punts_explained(row):
    assert row["punted"] == sum(row[f"punted_{why}"] for why in
                                ("asked", "forced", "unable", "tried")) <= row["requests"]


def need_qemu_img():
    if not shutil.which("qemu-img"):
        pytest.skip("needs qemu-img (qemu-utils)")


def qemu_img_bench(scratch, fmt, image, calls, *options):
    """Its requests by their kind, as its tracepoint says, and the report."""
    own = pathlib.Path(scratch.dir, "qemu.trace")
    out = pathlib.Path(scratch.dir, "report")
    done = helpers.run([helpers.AIOSTALL, "stat", "--format", "json", "-o", out, "--", "qemu-img",
                        "--trace", f"luring_co_submit,file={own}", "bench", "-i", "io_uring", "-t",
                        "none", "-f", fmt, "-c", calls, "-d", 8, "-s", 4096, *options, image])
    assert done.status == 0, done.stderr
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["capture"]["child_status"] == 0, done.stderr
    said = own.read_text(encoding="utf-8") if own.exists() else done.stderr
    kinds = collections.Counter(int(kind) for kind in
                                re.findall(r"^luring_co_submit .* type (\d+)$", said, re.M))
    return kinds, report


def make_image(fmt, path, size="32M"):
    done = helpers.run(["qemu-img", "create", "-q", "-f", fmt, path, size])
    assert done.status == 0, done.stderr


@pytest.mark.parametrize("fmt", ("raw", "qcow2"))
@pytest.mark.parametrize("fstype", ("ext4", "xfs"))
def test_qemu_writes_a_disk(scratch, fstype, fmt):
    """QEMU waits in ppoll, never in the call; of qcow2 requests for tables come between."""
    need_qemu_img()
    place = scratch.fs(fstype)
    make_image(fmt, f"{place.mnt}/disk")
    kinds, report = qemu_img_bench(scratch, fmt, f"{place.mnt}/disk", 1009, "-w")
    row, totals = row_of(report, fstype), report["totals"]
    helpers.assert_no_loss(report)
    assert kinds[QEMU_WRITE] == 1009 if fmt == "raw" else kinds[QEMU_WRITE] > 1009, kinds
    assert row["requests"] == totals["requests"] == sum(kinds.values())
    assert row["ops"]["preadv"] + row["ops"]["pread"] == kinds[QEMU_READ]
    assert row["ops"]["pwritev"] + row["ops"]["pwrite"] == kinds[QEMU_WRITE]
    assert row["ops"]["fsync"] == kinds[QEMU_FLUSH] > 0
    assert_all_punts_explained(row)
    assert row["punted_ops"]["fsync"] == row["punted_forced"] == kinds[QEMU_FLUSH]
    assert totals["waits"] == 0
    assert_conserved(totals)


def test_qemu_reads_a_disk(scratch):
    need_qemu_img()
    image = f"{scratch.fs('ext4').mnt}/disk"
    pathlib.Path(image).write_bytes(os.urandom(16 << 20))
    kinds, report = qemu_img_bench(scratch, "raw", image, 1009)
    row, totals = row_of(report, "ext4"), report["totals"]
    helpers.assert_no_loss(report)
    assert kinds[QEMU_READ] == row["ops"]["preadv"] == 1009
    assert row["requests"] == totals["requests"] == sum(kinds.values())
    assert totals["waits"] == 0
    assert_conserved(totals)


def test_a_copy_from_one_filesystem_to_another(tmp_path, scratch):
    source, target = tmp_path / "from", f"{scratch.fs('ext4').mnt}/to"
    source.write_bytes(os.urandom((8 << 20) + 4711))
    traced = tracing.trace(tmp_path, [RINGCOPY, source, target])
    figures, totals = traced.load, traced.report["totals"]
    assert filecmp.cmp(source, target, shallow=False)
    helpers.assert_no_loss(traced.report)
    written = helpers.filesystem(traced.report, "ext4", pathlib.Path(target).parent.as_posix())
    if fstype_of(tmp_path) != "ext4":
        read = row_of(traced.report, fstype_of(tmp_path))
        assert (read["ops"]["pread"], read["ops"]["pwrite"]) == (figures["reads"], 0)
    assert (written["ops"]["pread"], written["ops"]["pwrite"]) == (0, figures["writes"])
    assert totals["requests"] == figures["reads"] + figures["writes"] == figures["completed"]
    assert figures["bytes_read"] == figures["bytes_written"] == source.stat().st_size
    # a request that came back short is asked for again
    assert totals["bytes"] >= 2 * source.stat().st_size
    assert written["bytes"] >= figures["bytes_written"]
    assert totals["submits"] + totals["wait_calls"] == figures["enters"]
    assert totals["sleeps"] + totals["taskwork_sleeps"] + totals["waits"] == figures["nvcsw"]
    assert_all_punts_explained(written)
    assert_conserved(totals)


@pytest.mark.parametrize("shots", ("multishot", "single"))
def test_a_server_of_sockets_only_waits(tmp_path, shots):
    """Its sleeps are for completions, all of them; no request of it blocks or goes to a worker."""
    flags = ("--single",) if shots == "single" else ()
    traced = tracing.trace(tmp_path, [RINGECHO, "--clients", "8", "--rounds", "211", *flags])
    figures, totals = traced.load, traced.report["totals"]
    helpers.assert_no_loss(traced.report)
    assert (figures["accepted"], figures["echoed"]) == (8, 8 * 211 * 64)
    if shots == "multishot":
        assert figures["accepts"] == 1 and figures["receives"] < figures["sends"]
    of_sockets = figures["accepts"] + figures["receives"] + figures["sends"]
    assert row_of(traced.report, "sockfs")["requests"] == of_sockets
    assert row_of(traced.report, "(provide_buffers)")["requests"] == figures["provides"]
    assert totals["requests"] == of_sockets + figures["provides"]
    assert totals["submits"] + totals["wait_calls"] == figures["enters"]
    assert totals["waits"] == figures["nvcsw"] > 0 and totals["waited_ns"] > 0
    assert totals["sleeps"] == totals["submits_blocked"] == totals["taskwork_sleeps"] == 0
    assert totals["worker_sleeps"] == totals["punted"] == totals["blocked_ns"] == 0
    assert not any(f["causes"] for f in traced.report["filesystems"])
    assert_conserved(totals)
