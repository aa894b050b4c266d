# SPDX-License-Identifier: GPL-2.0
"""fio's own counts of what it did, against ours."""
import json
import os
import pathlib
import shutil

import pytest

import helpers

LONG = os.environ.get("CI") == "true" or os.environ.get("AIOSTALL_LONG") == "1"
SECONDS = 30 if LONG else 8

JOBS = """
[global]
ioengine=libaio
direct=1
bs=4k
size=24m
iodepth=8
iodepth_batch_submit=1
time_based=1
runtime={seconds}
group_reporting=0
rw=randrw
[ext4-append]
directory={ext4}
rw=write
overwrite=0
[ext4-mixed]
directory={ext4}
[xfs-mixed]
directory={xfs}
[xfs-write]
directory={xfs}
rw=randwrite
"""


def total(jobs, key):
    return sum(job[kind][key] for job in jobs for kind in ("read", "write"))


def same(row, jobs):
    """A row against the jobs that went there, which submit one request at a time."""
    assert row["requests"] == total(jobs, "total_ios")
    assert row["ops"]["pread"] == sum(job["read"]["total_ios"] for job in jobs)
    assert row["ops"]["pwrite"] == sum(job["write"]["total_ios"] for job in jobs)
    assert row["bytes"] == total(jobs, "io_bytes")
    # fio tries again when the kernel has no room: a failed call without a request
    assert row["submits"] - row["submit_errors"] == row["requests"]


# 7 MB a second and CPU were seen.
def test_four_jobs_on_two_filesystems(scratch):
    if not shutil.which("fio"):
        pytest.skip("needs fio")
    helpers.need_fs("ext4", "xfs")
    ext4, xfs = scratch.fs("ext4", size="128M"), scratch.fs("xfs")
    tmp = pathlib.Path(scratch.dir)
    job, own, out = tmp / "jobs.fio", tmp / "fio.json", tmp / "report"
    job.write_text(JOBS.format(seconds=SECONDS, ext4=ext4.mnt, xfs=xfs.mnt), encoding="ascii")
    done = helpers.run([helpers.AIOSTALL, "stat", "--format", "json", "-o", out, "--", "fio",
                        "--output-format=json", f"--output={own}", f"--aux-path={tmp}", job],
                       timeout=SECONDS + helpers.TIMEOUT)
    assert done.status == 0, done.stderr + done.stdout
    report = json.loads(out.read_text(encoding="utf-8"))
    text = own.read_text(encoding="utf-8")
    jobs = json.loads(text[text.index("{"):])["jobs"]
    assert len(jobs) == 4 and all(job["error"] == 0 for job in jobs)
    assert total(jobs, "total_ios") > 1000
    helpers.assert_no_loss(report)
    same(report["totals"], jobs)
    same(helpers.filesystem(report, "ext4", ext4.mnt), [j for j in jobs if "ext4" in j["jobname"]])
    same(helpers.filesystem(report, "xfs", xfs.mnt), [j for j in jobs if "xfs" in j["jobname"]])
    assert report["capture"]["child_status"] == 0
