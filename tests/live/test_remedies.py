# SPDX-License-Identifier: GPL-2.0
"""
The advice of the rules, tried: a load that stalls by a cause, then the same load with what the
advice says. Stalls of that cause per 1000 submits, before and after; each row here has a `tried:`
line in the rules. It takes five minutes, make check-remedies; AIOSTALL_REMEDIES=FILE keeps what was
measured. That each has its line is checked with the other tests.
"""
import contextlib
import dataclasses
import os
import pathlib
import re
import subprocess

import pytest

import test_causes
from test_causes import SCENARIOS, places_fixture  # noqa: F401 pylint: disable=unused-import

RULES = pathlib.Path(__file__).resolve().parents[2] / "src" / "cause" / "causes.rules"
NAMED = {scenario.name: scenario for scenario in SCENARIOS}
# With the remedy at most this part of the stalls without it is left, where the row says that it helps.
LEFT = 0.1


def load_extents(places, place):
    """Reads the map of the file in, as FIEMAP after open does."""
    @contextlib.contextmanager
    def loaded():
        for path in pathlib.Path(place.mnt).iterdir():
            if path.is_file() and path.name.startswith(("ext4-fragmented", "xfs-fragmented")):
                subprocess.run(["filefrag", str(path)], check=True, stdout=subprocess.DEVNULL)
        yield
    del places
    return loaded()


def read_once(_places, place):
    """Reads the files through, so that they are cached."""
    @contextlib.contextmanager
    def cached():
        for path in pathlib.Path(place.mnt).iterdir():
            if path.is_file():
                path.read_bytes()
        yield
    return cached()


def no_zeroout(_places, place):
    name = os.path.basename(place.dev)
    return test_causes.sysfs({pathlib.Path(f"/sys/fs/ext4/{name}/extent_max_zeroout_kb"): 0})


def many_background_requests(places, place):
    control = pathlib.Path(places.scratch.dir, "mnt", "fusectl")
    if not control.exists():
        places.mounted("fusectl", "mount -t fusectl fusectl {mnt}")
    device = os.minor(os.stat(places.slow_file(place)).st_dev)
    return test_causes.sysfs({control / str(device) / "max_background": 64})


@dataclasses.dataclass
class Remedy:
    """
    cause of the scenario, who is advised (operator or author), what is done, and what that changes
    in the scenario. helps: False for advice that was found not to help and is not given any more.
    """
    cause: str
    who: str
    what: str
    scenario: str
    changes: dict
    helps: bool = True


def same_args(name, *edits):
    """The scenario's arguments with words replaced."""
    args = NAMED[name].args
    for old, new in edits:
        assert old in args, (args, old)
        args = args.replace(old, new)
    return {"args": args}


APPEND = ("--pattern append", "--pattern overwrite")
REMEDIES = [
    Remedy("ext4.dio_sync", "author", "write into blocks written before", "ext4 append",
           same_args("ext4 append", APPEND)),
    Remedy("ext4.dio_sync", "operator", "preallocate with fallocate and its size", "ext4 append",
           same_args("ext4 append", ("--pattern append", "--pattern unwritten"))),
    Remedy("ext4.dio_sync", "author", "align to the block size", "ext4 unaligned",
           same_args("ext4 unaligned", ("--pattern unaligned", "--pattern unwritten"))),
    Remedy("xfs.append_wait", "operator", "set the file's size with truncate", "xfs append",
           same_args("xfs append", ("--pattern append", "--pattern hole"))),
    Remedy("xfs.append_wait", "author", "keep one append in flight", "xfs append",
           same_args("xfs append", ("--qd 4", "--qd 1"))),
    Remedy("xfs.dio_sync", "author", "align to the block size", "xfs unaligned",
           same_args("xfs unaligned", ("--pattern unaligned", "--pattern unwritten"))),
    Remedy("ext4.unaligned_wait", "author", "align to the block size", "ext4 unaligned beside",
           same_args("ext4 unaligned beside", ("--file unaligned=", "--file unwritten="))),
    Remedy("xfs.unaligned_wait", "author", "align to the block size", "xfs unaligned beside",
           same_args("xfs unaligned beside", ("--file unaligned=", "--file unwritten="))),
    Remedy("btrfs.dio_fallback", "operator", "chattr +C on the empty file", "btrfs checksums",
           same_args("btrfs checksums", ("--pattern overwrite", "--pattern overwrite --nocow"))),
    Remedy("btrfs.log_sync", "author", "IOCB_CMD_FSYNC instead of O_DSYNC", "btrfs dsync",
           same_args("btrfs dsync", ("--pattern dsync", "--pattern fsync"))),
    Remedy("sync.data", "author", "O_DIRECT with O_DSYNC", "ext4 O_DSYNC buffered",
           same_args("ext4 O_DSYNC buffered", ("dsync --buffered", "dsync"))),
    Remedy("sync.data", "author", "IOCB_CMD_FDSYNC after the writes", "xfs O_DSYNC buffered",
           same_args("xfs O_DSYNC buffered", ("dsync --buffered", "fdsync"))),
    Remedy("sync.flush", "author", "IOCB_CMD_FDSYNC after the writes", "ext4 O_DSYNC buffered",
           same_args("ext4 O_DSYNC buffered", ("dsync --buffered", "fdsync"))),
    Remedy("buf.read_miss", "author", "O_DIRECT", "xfs buffered read",
           same_args("xfs buffered read", ("--pattern buffered-read", "--pattern read"))),
    Remedy("buf.read_miss", "operator", "keep the file cached", "ext4 buffered read",
           {"beside": read_once}),
    Remedy("buf.rmw_read", "author", "write whole, aligned blocks", "ext4 partial block",
           same_args("ext4 partial block", ("--bs 512", "--bs 4k"))),
    Remedy("buf.rmw_read", "operator", "keep the file cached", "xfs partial block",
           {"beside": read_once}),
    Remedy("blk.tag", "operator", "queue/nr_requests from 4 to 64", "few tags",
           {"queue": {"nr_requests": 64}}),
    Remedy("blk.tag", "author", "two requests in flight instead of 16", "few tags",
           same_args("few tags", ("--batch 16", "--batch 2"))),
    Remedy("ext4.extent_read", "author", "FIEMAP after open", "ext4 fragmented",
           {"beside": load_extents}),
    Remedy("xfs.extent_read", "author", "FIEMAP after open", "xfs fragmented",
           {"beside": load_extents}),
    Remedy("ext4.indirect_read", "operator", "a file with extents", "ext3 indirect",
           {"place": "ext4"}),
    Remedy("dio.fallback_buffered", "operator", "a file with extents", "ext3 hole",
           {"place": "ext4"}),
    Remedy("dio.fallback_buffered", "author", "write the file before", "ext3 hole",
           same_args("ext3 hole", ("--pattern hole", "--pattern overwrite"))),
    Remedy("dio.flush_cache", "author", "no buffered writer beside", "ext4 mixed",
           same_args("ext4 mixed", ("--side buffered-writer ", ""), (" --side-us 200", ""))),
    Remedy("ext4.orphan", "operator", "the feature orphan_file", "ext4 orphans",
           {"place": "ext4-orphan-file"}),
    Remedy("ext4.orphan", "author", "write into blocks written before", "ext4 orphans",
           same_args("ext4 orphans", APPEND)),
    Remedy("ext4.alloc", "author", "preallocate with fallocate", "ext4 allocations",
           same_args("ext4 allocations", ("--pattern append", "--pattern unwritten"))),
    Remedy("ext4.zeroout", "operator", "extent_max_zeroout_kb 0", "ext4 zeroout",
           {"beside": no_zeroout}),
    Remedy("ext4.inode_read", "operator", "a cache that keeps metadata", "ext4 inode block",
           {"beside": None}),
    Remedy("wb.balance_dirty", "author", "O_DIRECT", "dirty limit",
           same_args("dirty limit", ("--pattern buffered-write", "--pattern overwrite"))),
    Remedy("fuse.bg_limit", "operator", "max_background from 4 to 64", "fuse background",
           {"beside": many_background_requests}),
    Remedy("pipe.empty", "author", "IOCB_CMD_POLL first", "pipe",
           same_args("pipe", ("--pattern pipe", "--pattern poll"))),
    Remedy("ubuf.uffd", "author", "touch the buffers before", "uffd buffer",
           same_args("uffd buffer", (" --buffers uffd --uffd-delay-us 2000", ""))),
    Remedy("ubuf.file_read", "author", "anonymous buffers", "buffer of a cold file",
           same_args("buffer of a cold file",
                     (" --buffers cold --buffer-file {ext4}/buffer", ""))),
    Remedy("xfs.split_worker", "author", "preallocate", "xfs splits",
           same_args("xfs splits", ("--state hole", "--state unwritten"))),
    Remedy("uring.sq_wait", "author", "a ring of 128 entries", "full ring",
           {"others": "full {} 101 128"}),
    Remedy("btrfs.trans", "operator", "no sync beside", "btrfs commits",
           same_args("btrfs commits", ("--side sync ", ""))),
    Remedy("btrfs.trans", "author", "IOCB_CMD_FSYNC instead of O_DSYNC", "btrfs commits",
           same_args("btrfs commits", ("--pattern dsync", "--pattern fsync"))),
    Remedy("mem.memcg_reclaim", "operator", "a limit that holds the load", "memory limit",
           {"memory": 512 << 20}),
    Remedy("ubuf.swapin", "operator", "a limit that holds the buffers", "swapped buffer",
           {"memory": 512 << 20}),
    Remedy("ubuf.swapin", "author", "buffers that stay in memory", "swapped shared buffer",
           same_args("swapped shared buffer", (" --buffers swapped-shared", ""))),
]


def per_thousand(places, scenario, cause):
    """
    Stalls of that cause per 1000 submits, or per 1000 requests where a thread of the kernel submits;
    reclaim counts as one, however it slept.
    """
    report = test_causes.provoke(scenario, places).report
    also = {"mem.memcg_reclaim": {"mem.reclaim_throttle"}}.get(cause, set())
    counts = test_causes.sleeps_by_cause(report)
    stalls = sum(counts.get(name, 0) for name in {cause} | also)
    totals = report["totals"]
    return round(1000 * stalls / (totals["submits"] or totals["requests"]))


def keep(remedy, before, after):
    if "AIOSTALL_REMEDIES" in os.environ:
        with open(os.environ["AIOSTALL_REMEDIES"], "a", encoding="utf-8") as out:
            print(remedy.cause, remedy.who, remedy.what, before, after, sep="\t", file=out)


def test_every_remedy_is_in_the_rules():
    rules = RULES.read_text(encoding="utf-8")
    for remedy in REMEDIES:
        block = re.search(rf"^id: {re.escape(remedy.cause)}\n(?:.+\n)*", rules, re.M).group(0)
        assert f"tried: {remedy.who}; 6.18; {remedy.what}; " in block, remedy


@pytest.mark.remedies
@pytest.mark.parametrize("remedy", REMEDIES, ids=lambda r: f"{r.cause}: {r.what}")
def test_the_advice_helps(places, remedy):
    scenario = NAMED[remedy.scenario]
    before = after = 0
    for _ in range(3):
        before = per_thousand(places, scenario, remedy.cause)
        if before:
            break
    if not before:
        pytest.skip(f"{remedy.cause} did not show")
    # The same file, unless the load makes another.
    name = f"{scenario.name}, {remedy.what}" if "args" in remedy.changes else scenario.name
    changed = dataclasses.replace(scenario, name=name, **remedy.changes)
    after = per_thousand(places, changed, remedy.cause)
    keep(remedy, before, after)
    assert (after <= LEFT * before) == remedy.helps, (before, after)
