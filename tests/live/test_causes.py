# SPDX-License-Identifier: GPL-2.0
"""
Every cause that can be provoked on any host: the load that provokes it, the filesystem, and the
causes the report must name. Those that need a kernel module are for the tests in a VM.
"""
import contextlib
import fcntl
import os
import pathlib
import threading
import time
from dataclasses import dataclass, field

import pytest

import helpers
import tracing

DELAY = {"read": 2000, "write": 2000}
# Of the sleeps of a scenario, those that have one of the causes it may have.
NAMED = 0.95
# Of all sleeps of all scenarios, those without a cause at most.
UNKNOWN = 0.01
# A cause that only shows now and then: asserted to be possible, not to be there.
RARE = 0
# Once per mount, whatever comes first.
ONCE = {"vfs.dio_wq_init"}
FIFREEZE, FITHAW = 0xC0045877, 0xC0045878

# Places: how each filesystem is made, once for all scenarios that use it.
PLACES = {
    "ext4": {"fstype": "ext4"},
    "ext4-small-groups": {"fstype": "ext4", "mkfs": "-g 1024 -O ^flex_bg,^uninit_bg,^metadata_csum",
                          "mount": "no_prefetch_block_bitmaps"},
    "ext3": {"fstype": "ext3"},
    "xfs": {"fstype": "xfs"},
    "xfs-small-blocks": {"fstype": "xfs", "mkfs": "-b size=1024"},
    "btrfs": {"fstype": "btrfs"},
    "raw": {},
}


@dataclass
class Scenario:
    """
    causes: id to its least share of the sleeps; also: causes that may be there besides.
    cold: the filesystem has forgotten the files. queue, bdi: settings of the device in sysfs.
    beside: context that is entered while the load runs.
    """
    name: str
    place: str
    args: str
    causes: dict
    also: tuple = ()
    cold: bool = False
    queue: dict = field(default_factory=dict)
    bdi: dict = field(default_factory=dict)
    beside: object = None
    sleeps: int = 10


class Places:
    """Slow filesystems, made when first asked for."""

    def __init__(self):
        self.scratch = helpers.Scratch()
        self.made = {}

    def get(self, name):
        if name not in self.made:
            how = PLACES[name]
            helpers.need_slow_device()
            if how:
                self.made[name] = self.scratch.fs(name=name, slow=True, **how)
            else:
                self.made[name] = self.scratch.loop(name, slow=True)
        return self.made[name]

    def close(self):
        for place in self.made.values():
            self.scratch.delay(place, read=0, write=0)
        self.scratch.close()


@pytest.fixture(name="places", scope="module")
def places_fixture():
    places = Places()
    yield places
    places.close()


# All sleeps and those without a cause, of every scenario so far.
SEEN = {}


def sysfs_set(values):
    """Writes the files; returns what they held."""
    before = {path: path.read_text(encoding="ascii").split()[0] for path in values}
    for path, value in values.items():
        path.write_text(str(value), encoding="ascii")
    return before


@contextlib.contextmanager
def sysfs(values):
    missing = [str(path) for path in values if not path.exists()]
    if missing:
        pytest.skip(f"needs {missing[0]}")
    before = sysfs_set(values)
    try:
        yield
    finally:
        sysfs_set(before)


@contextlib.contextmanager
def repeated(what, pause=0.01):
    """Does it again and again in another thread."""
    stop = threading.Event()

    def loop():
        while not stop.wait(pause):
            what()
    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def queue_changes(_places, place):
    """The queue is frozen whenever the number of its requests changes."""
    path = pathlib.Path(f"/sys/block/{os.path.basename(place.dev)}/queue/nr_requests")
    sizes = [64, 128]

    def change():
        sizes.reverse()
        path.write_text(str(sizes[0]), encoding="ascii")
    return repeated(change)


def freezes_of_ext4(places, _place):
    """Freezes the filesystem of the buffers, not that of the I/O."""
    fd = os.open(places.get("ext4").mnt, os.O_RDONLY | os.O_DIRECTORY)

    def freeze():
        fcntl.ioctl(fd, FIFREEZE)
        time.sleep(0.02)
        fcntl.ioctl(fd, FITHAW)

    @contextlib.contextmanager
    def frozen_now_and_then():
        try:
            with repeated(freeze):
                yield
        finally:
            os.close(fd)
    return frozen_now_and_then()


SCENARIOS = [
    # user buffers
    Scenario("uffd buffer", "raw", "--pattern read --buffers uffd --uffd-delay-us 2000",
             {"ubuf.uffd": 0.95}),
    Scenario("buffer of a cold file", "raw",
             "--pattern read --buffers cold --buffer-file {ext4}/buffer", {"ubuf.file_read": 0.9}),
    Scenario("shared file buffer", "raw",
             "--pattern read --buffers shared --buffer-file {ext4}/buffer",
             {"ubuf.page_mkwrite": 0.9}, beside=freezes_of_ext4, sleeps=3),
    Scenario("mmap_lock", "raw",
             "--pattern read --buffers fresh --side mapper --side mapper --side mapper "
             "--side-us 10 --calls 60",
             {"ubuf.mmap_lock": 0.9}, sleeps=3),
    # block layer
    Scenario("few tags", "raw", "--pattern overwrite --batch 16 --calls 40", {"blk.tag": 0.95},
             queue={"nr_requests": 4}),
    Scenario("queue freeze", "raw", "--pattern overwrite --calls 300 --qd 4",
             {"blk.queue_freeze": 0.9}, beside=queue_changes, sleeps=5),
    Scenario("wbt", "xfs", "--pattern dsync --buffered --batch 8 --bs 64k --calls 20",
             {"blk.wbt": RARE}, ("sync.data", "sync.flush", "buf.rmw_read"),
             queue={"wbt_lat_usec": 1}),
    # VFS
    Scenario("freeze", "ext4", "--pattern overwrite --side freeze --calls 300 --side-us 20000 "
             "--freeze-us 20000", {"vfs.freeze": 0.9}, ("lock.inode",), sleeps=3),
    Scenario("freeze xfs", "xfs", "--pattern overwrite --side freeze --calls 300 --side-us 20000 "
             "--freeze-us 20000", {"vfs.freeze": 0.9}, sleeps=3),
    Scenario("first direct read", "ext4", "--pattern read --calls 1 --size 4k",
             {"vfs.dio_wq_init": RARE}, ("ext4.extent_read",), cold=True, sleeps=0),
    Scenario("pipe", "raw", "--pattern pipe", {"pipe.empty": 0.95}),
    Scenario("full pipe", "raw", "--pattern pipe --dir write", {"pipe.empty": 0.95}),
    Scenario("socket", "raw", "--pattern socket", {"pipe.empty": 0.95}),
    # ext4
    Scenario("ext4 append", "ext4", "--pattern append --calls 300", {"ext4.dio_sync": 0.95},
             ("ext4.bitmap_read",)),
    Scenario("ext4 unaligned", "ext4", "--pattern unaligned --bs 4k", {"ext4.dio_sync": 0.95}),
    Scenario("ext4 fragmented", "ext4", "--pattern cold-read --calls 2000",
             {"ext4.extent_read": 0.8}, cold=True, sleeps=5),
    Scenario("ext4 bitmaps", "ext4-small-groups", "--pattern append --bs 256k --calls 200",
             {"ext4.bitmap_read": 0.02, "ext4.dio_sync": 0.8}, ("blk.tag",),
             cold=True),
    Scenario("ext4 zeroout", "ext4",
             "--pattern append --side fallocate --calls 300", {"ext4.zeroout": RARE},
             ("ext4.dio_sync", "lock.inode", "ext4.jbd2_shadow", "ext4.jbd2_commit_wait")),
    Scenario("ext4 shadow", "ext4", "--pattern append --side sync --side creator --calls 300",
             {"ext4.jbd2_shadow": 0.02, "ext4.dio_sync": 0.5},
             ("ext4.jbd2_commit_wait", "ext4.jbd2_log_space")),
    Scenario("ext3 indirect", "ext3", "--pattern read --size 64M --calls 200",
             {"ext4.indirect_read": 0.8}, ("ext4.extent_read",), cold=True,
             sleeps=5),
    Scenario("ext3 hole", "ext3", "--pattern hole --calls 200", {"dio.fallback_buffered": 0.8},
             ("ext4.indirect_read", "ext4.bitmap_read", "ext4.jbd2_shadow")),
    Scenario("ext4 mixed", "ext4", "--pattern read --side buffered-writer --calls 1000 "
             "--size 1M --side-us 200", {"dio.flush_cache": 0.5}, ("lock.inode", "blk.wbt")),
    Scenario("ext4 truncate", "ext4", "--pattern overwrite --side truncate --side-us 100 "
             "--size 64k --calls 1000", {"lock.inode": 0.5},
             ("ext4.dio_sync", "ext4.jbd2_shadow", "dio.flush_cache"), sleeps=3),
    # xfs
    Scenario("xfs append", "xfs", "--pattern append --qd 4 --calls 300", {"xfs.append_wait": 0.9},
             ("xfs.ilock",)),
    Scenario("xfs unaligned", "xfs", "--pattern unaligned --calls 300", {"xfs.dio_sync": 0.9},
             ("xfs.ilock", "xfs.iolock")),
    Scenario("xfs fragmented", "xfs", "--pattern cold-read --calls 2000",
             {"xfs.extent_read": 0.8}, cold=True, sleeps=5),
    Scenario("xfs unwritten", "xfs", "--pattern unwritten --qd 16 --calls 3000",
             {"xfs.ilock": RARE}, ("xfs.split_worker", "xfs.iolock"), sleeps=0),
    Scenario("xfs truncate", "xfs", "--pattern overwrite --side truncate --side-us 100 "
             "--size 64k --calls 1000", {"xfs.iolock": 0.5},
             ("xfs.append_wait", "xfs.ilock", "xfs.log_force", "dio.flush_cache"), sleeps=3),
    Scenario("xfs splits", "xfs-small-blocks", "--pattern cold-read --dir write --bs 1k "
             "--state hole --calls 3000 --qd 8", {"xfs.split_worker": 0.05},
             ("xfs.ilock", "xfs.ag_header", "xfs.alloc_btree"), sleeps=5),
    Scenario("xfs mixed", "xfs", "--pattern read --side buffered-writer --calls 1000 --size 1M "
             "--side-us 200", {"dio.flush_cache": 0.3}, ("xfs.iolock", "xfs.ilock", "blk.wbt")),
    # btrfs
    Scenario("btrfs checksums", "btrfs", "--pattern overwrite --calls 100",
             {"btrfs.dio_fallback": 0.8},
             ("btrfs.tree_read", "btrfs.csum_read", "btrfs.tree_lock", "btrfs.ordered",
              "btrfs.reserve")),
    Scenario("btrfs dsync", "btrfs", "--pattern dsync --calls 40",
             {"btrfs.log_sync": 0.2, "btrfs.dio_fallback": 0.05},
             ("btrfs.ordered", "btrfs.reserve", "sync.data", "btrfs.tree_lock", "btrfs.tree_read")),
    Scenario("btrfs fragmented", "btrfs", "--pattern cold-read --calls 2000",
             {"btrfs.tree_read": 0.2, "btrfs.csum_read": RARE}, ("btrfs.tree_lock",),
             cold=True, sleeps=5),
    Scenario("btrfs mixed", "btrfs", "--pattern read --nocow --side buffered-writer --calls 1000 "
             "--size 1M --side-us 200", {"btrfs.ordered": RARE},
             ("dio.flush_cache", "btrfs.extent_lock", "lock.inode", "btrfs.tree_read")),
    # page cache
    Scenario("ext4 buffered read", "ext4", "--pattern buffered-read --calls 200",
             {"buf.read_miss": 0.95}, cold=True),
    Scenario("xfs buffered read", "xfs", "--pattern buffered-read --calls 200",
             {"buf.read_miss": 0.9}, ("xfs.extent_read",), cold=True),
    Scenario("btrfs buffered read", "btrfs", "--pattern buffered-read --calls 200",
             {"buf.read_miss": 0.8}, ("btrfs.csum_read", "btrfs.tree_read"), cold=True),
    Scenario("raw buffered read", "raw", "--pattern buffered-read --calls 200",
             {"buf.read_miss": 0.95}),
    Scenario("ext4 partial block", "ext4", "--pattern buffered-write --bs 512 --calls 200",
             {"buf.rmw_read": 0.9}, ("ext4.bitmap_read",), cold=True),
    Scenario("xfs partial block", "xfs", "--pattern buffered-write --bs 512 --calls 200",
             {"buf.rmw_read": 0.9}, ("xfs.extent_read",), cold=True),
    Scenario("ext4 O_DSYNC buffered", "ext4", "--pattern dsync --buffered --calls 60",
             {"sync.data": 0.2, "sync.flush": 0.2}, ("ext4.fsync_commit", "buf.rmw_read")),
    Scenario("xfs O_DSYNC buffered", "xfs", "--pattern dsync --buffered --calls 60",
             {"sync.data": 0.2, "sync.flush": 0.2}, ("xfs.log_force", "buf.rmw_read")),
    Scenario("dirty limit", "ext4", "--pattern buffered-write --bs 64k --calls 100 --batch 4",
             {"wb.balance_dirty": 0.5}, ("buf.rmw_read", "buf.stable_page", "buf.folio_lock",
                                         "lock.inode"),
             bdi={"strict_limit": 1, "max_ratio_fine": 100}),
]


def sleeps_by_cause(report):
    """Sleeps per cause, over all filesystems of the report."""
    counts = {}
    for row in report["filesystems"]:
        for cause in row["causes"]:
            counts[cause["id"]] = counts.get(cause["id"], 0) + cause["sleeps"]
    return counts


def stacks_of(report, ids):
    return [(cause["id"], stack["sleeps"], " < ".join(stack["frames"]))
            for row in report["filesystems"] for cause in row["causes"] if cause["id"] in ids
            for stack in cause["stacks"]]


def sysfs_values(scenario, place):
    """Files and values of the settings of its device."""
    number = os.stat(place.dev).st_rdev
    queue = pathlib.Path("/sys/block", os.path.basename(place.dev), "queue")
    bdi = pathlib.Path(f"/sys/class/bdi/{os.major(number)}:{os.minor(number)}")
    values = {queue / name: value for name, value in scenario.queue.items()}
    values.update({bdi / name: value for name, value in scenario.bdi.items()})
    return values


def load_args(scenario, places, place):
    words = scenario.args.format(ext4=places.get("ext4").mnt if "{ext4}" in scenario.args else "")
    path = f"{place.mnt}/{scenario.name.replace(' ', '-')}" if place.mnt else place.dev
    args = words.split() + ([] if "pipe" in words or "socket" in words else ["--file", path])
    return args if "--calls" in words else [*args, "--calls", "101"]


def provoke(scenario, places):
    """Prepares on a fast device, runs on a slow one."""
    place = places.get(scenario.place)
    args = load_args(scenario, places, place)
    if place.mnt:
        helpers.aioload("--prepare", *args)
    if scenario.cold:
        places.scratch.remount(place)
    slow = [place] + ([places.get("ext4")] if "{ext4}" in scenario.args else [])
    for one in slow:
        places.scratch.delay(one, **DELAY)
    try:
        with sysfs(sysfs_values(scenario, place)), contextlib.ExitStack() as stack:
            if scenario.beside:
                stack.enter_context(scenario.beside(places, place))
            argv = [helpers.AIOLOAD, "--no-prepare", *args]
            return tracing.trace(places.scratch.dir, argv)
    finally:
        for one in slow:
            places.scratch.delay(one, read=0, write=0)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_the_cause_is_named(places, scenario):
    traced = provoke(scenario, places)
    counts = sleeps_by_cause(traced.report)
    total = sum(counts.values())
    SEEN[scenario.name] = (total, counts.get("unknown", 0))
    unnamed = set(counts) - set(scenario.causes) - set(scenario.also) - ONCE
    shown = (counts, stacks_of(traced.report, unnamed))
    assert total >= scenario.sleeps, shown
    assert not counts.get("unknown"), shown
    assert sum(counts[cause] for cause in unnamed) <= (1 - NAMED) * total, shown
    for cause, share in scenario.causes.items():
        assert counts.get(cause, 0) >= share * total, (cause, shown)


def test_hardly_anything_is_unknown():
    if not SEEN:
        pytest.skip("needs the scenarios before it")
    total = sum(sleeps for sleeps, _ in SEEN.values())
    unknown = sum(count for _, count in SEEN.values())
    assert total > 100 and unknown <= UNKNOWN * total, SEEN
