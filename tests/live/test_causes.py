# SPDX-License-Identifier: GPL-2.0
"""
Every cause that can be provoked on any host: the load that provokes it, the filesystem, and the
causes the report must name. Those that need a kernel module are for the tests in a VM.
"""
import contextlib
import fcntl
import os
import pathlib
import shutil
import subprocess
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
# A cause that only shows now and then. So many runs are made to see it, or the share of another.
RARE = 0
RUNS = 3
# Once per mount, whatever comes first.
ONCE = {"vfs.dio_wq_init"}
RINGOTHERS = helpers.AIOSTALL.parent / "tests" / "ringothers"
FIFREEZE, FITHAW, BLKFLSBUF = 0xC0045877, 0xC0045878, 0x1261

# Places: how each filesystem is made, once for all scenarios that use it.
PLACES = {
    "ext4": {"fstype": "ext4"},
    "ext4-small-groups": {"fstype": "ext4", "mkfs": "-g 1024 -O ^flex_bg,^uninit_bg,^metadata_csum",
                          "mount": "no_prefetch_block_bitmaps"},
    "ext4-no-dioread": {"fstype": "ext4", "mount": "nodioread_nolock"},
    "ext4-orphan-file": {"fstype": "ext4", "mkfs": "-O orphan_file"},
    "ext4-no-journal": {"fstype": "ext4", "mkfs": "-O ^has_journal"},
    "ext3": {"fstype": "ext3"},
    "xfs": {"fstype": "xfs"},
    "xfs-small-blocks": {"fstype": "xfs", "mkfs": "-b size=1024"},
    "btrfs": {"fstype": "btrfs"},
    "ext4-full": {"fstype": "ext4"},
    "xfs-full": {"fstype": "xfs"},
    "ext4-small-journal": {"fstype": "ext4", "mkfs": "-J size=4"},
    "raw": {},
    "fuse": {},
    "swap": {},
}


@dataclass
class Scenario:
    """
    causes: id, or ids of which each will do, to the least share of the sleeps;
    also: causes that may be there besides.
    cold: the filesystem has forgotten the files. queue, bdi: settings of the device in sysfs.
    after: what is done to the prepared file; beside: context that is entered while the load runs.
    memory: limit of its cgroup. A path instead of a file in the place: the file itself.
    others: what ringothers does to the prepared file, instead of aioload.
    """
    name: str
    place: str
    args: str
    causes: dict
    also: tuple = ()
    cold: bool = False
    queue: dict = field(default_factory=dict)
    bdi: dict = field(default_factory=dict)
    after: object = None
    beside: object = None
    memory: int = 0
    path: str = ""
    others: str = ""
    sleeps: int = 10


class Places:
    """Slow filesystems, made when first asked for."""

    def __init__(self):
        self.scratch = helpers.Scratch()
        self.made = {}

    def get(self, name):
        if name not in self.made:
            how = PLACES.get(name)
            helpers.need_slow_device()
            if how is None:
                self.made[name] = getattr(self, name)()
            elif how:
                self.made[name] = self.scratch.fs(name=name, slow=True, **how)
            else:
                self.made[name] = self.scratch.loop(name, slow=True)
        return self.made[name]

    def mounted(self, name, command):
        """What the command mounts on {mnt}, unmounted before what was made until now."""
        mnt = f"{self.scratch.dir}/mnt/{name}"
        self.scratch.do(f"mkdir {mnt} && scratch_undo umount {mnt} && {command.format(mnt=mnt)}")
        return mnt

    def overlay(self):
        ext4 = self.get("ext4")
        dirs = {name: f"{ext4.mnt}/overlay-{name}" for name in ("lower", "upper", "work")}
        for path in dirs.values():
            os.mkdir(path)
        options = ",".join(f"{name}dir={path}" for name, path in dirs.items())
        mnt = self.mounted("overlay", f"mount -t overlay -o {options} overlay {{mnt}}")
        return helpers.Place("ext4", ext4.dev, mnt, ext4.ctl)

    def fuse2fs(self, name="fuse2fs", options="rw"):
        if not shutil.which("fuse2fs"):
            pytest.skip("needs fuse2fs")
        image = f"{self.scratch.dir}/ram/{name}.img"
        self.scratch.do(f"truncate -s 64M {image} && mkfs.ext4 -q -F {image}")
        return helpers.Place(name, "", self.mounted(name, f"fuse2fs -o {options} {image} {{mnt}}"))

    def fuse2fs_fresh(self):
        """It asks for the attributes of a file whenever they are needed."""
        return self.fuse2fs("fuse2fs_fresh", "attr_timeout=0")

    def slow_file(self, place):
        """The file behind that slow device."""
        return f"{self.scratch.dir}/ram/{place.name}.slow/data"

    def delay(self, place, **settings):
        if place.ctl:
            self.scratch.delay(place, **settings)

    def close(self):
        for place in self.made.values():
            self.delay(place, read=0, write=0)
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


@contextlib.contextmanager
def swap(places, place):
    """Only pages that ask for it go there: it is the last to be used."""
    places.scratch.do(f"trap 'swapoff {place.dev}; scratch_end' EXIT")
    places.scratch.do(f"mkswap -q {place.dev} && swapon -p 0 {place.dev}")
    try:
        yield
    finally:
        places.delay(place, read=0, write=0)
        places.scratch.do(f"swapoff {place.dev} && trap scratch_end EXIT")


@contextlib.contextmanager
def few_background_requests(places, place):
    control = pathlib.Path(places.scratch.dir, "mnt", "fusectl")
    if not control.exists():
        places.mounted("fusectl", "mount -t fusectl fusectl {mnt}")
    device = os.minor(os.stat(places.slow_file(place)).st_dev)
    with sysfs({control / str(device) / "max_background": 4}):
        yield


def preallocate_pieces(path):
    """Eight unwritten blocks, eight missing ones, and so on."""
    for at in range(0, 4 << 20, 64 << 10):
        subprocess.run(["fallocate", "-o", str(at), "-l", "32k", path], check=True)


def take_snapshot(path):
    top = os.path.dirname(path)
    # A load that is run once more shares its blocks with a snapshot of its own.
    name = f"{top}/snapshot{len(list(pathlib.Path(top).glob('snapshot*')))}"
    subprocess.run(["btrfs", "-q", "subvolume", "snapshot", top, name], check=True)


def snapshots_of_it(_places, place):
    """A snapshot after the other; each writes first what is dirty, with whoever lengthens a file kept out."""
    made = [0]

    def take():
        made[0] += 1
        name = f"{place.mnt}/again{made[0]}"
        with open(f"{place.mnt}/dirty", "wb") as dirty:
            dirty.write(bytes(1 << 20))
        subprocess.run(["btrfs", "-q", "subvolume", "snapshot", place.mnt, name], check=True)
        subprocess.run(["btrfs", "-q", "subvolume", "delete", name], check=True)
    return repeated(take)


def forgotten_blocks(_places, place):
    """What the cache of the device holds is written and dropped again and again, the inode itself is not."""
    @contextlib.contextmanager
    def dropped_now_and_then():
        fd = os.open(place.dev, os.O_RDONLY)
        try:
            with repeated(lambda: fcntl.ioctl(fd, BLKFLSBUF)):
                yield
        finally:
            os.close(fd)
    return dropped_now_and_then()


def add_attributes(path):
    """They need a block of their own, beside the inode's."""
    os.setxattr(path, "user.large", bytes(500))


def want_stable_pages(path):
    """Of the next mount on that device."""
    number = os.stat(path).st_dev
    pathlib.Path(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/queue/stable_writes") \
        .write_text("1", encoding="ascii")


def fill_up(path):
    """Leaves a few megabytes."""
    top = os.statvfs(os.path.dirname(path))
    size = top.f_bavail * top.f_frsize - (6 << 20)
    subprocess.run(["fallocate", "-l", str(size), f"{path}.rest"], check=True)


# Parts of unwritten blocks, with writes of whole ones in flight in the same file.
BESIDE = "--pattern unaligned --bs 4k --batch 8 --qd 16 --calls 60 --state unwritten " \
    "--file overwrite={{{fs}}}/beside --file unaligned={{{fs}}}/beside"
SCENARIOS = [
    # memory
    Scenario("memory limit", "ext4", "--pattern buffered-write --bs 64k --batch 4 --calls 200 "
             "--size 64M", {"mem.reclaim_throttle|mem.memcg_reclaim": 0.2},
             ("wb.balance_dirty", "buf.rmw_read"), memory=8 << 20),
    Scenario("memory limit xfs", "xfs", "--pattern buffered-write --bs 64k --batch 4 --calls 200 "
             "--size 64M", {"mem.reclaim_throttle|mem.memcg_reclaim": 0.2},
             ("wb.balance_dirty", "buf.rmw_read"), memory=8 << 20),
    # user buffers
    Scenario("uffd buffer", "raw", "--pattern read --buffers uffd --uffd-delay-us 2000",
             {"ubuf.uffd": 0.95}),
    Scenario("buffer of a cold file", "raw",
             "--pattern read --buffers cold --buffer-file {ext4}/buffer", {"ubuf.file_read": 0.9}),
    Scenario("shared file buffer", "raw",
             "--pattern read --buffers shared --buffer-file {ext4}/buffer",
             {"ubuf.page_mkwrite": 0.9}, beside=freezes_of_ext4, sleeps=3),
    Scenario("swapped buffer", "swap", "--pattern read --buffers swapped --bs 128k --batch 32 "
             "--calls 8 --file {raw}", {"ubuf.swapin": 0.5},
             ("mem.memcg_reclaim", "mem.reclaim_throttle"), beside=swap, memory=3 << 20),
    Scenario("swapped shared buffer", "swap", "--pattern read --buffers swapped-shared --bs 64k "
             "--batch 4 --calls 31 --file {raw}", {"ubuf.swapin": 0.5},
             ("mem.memcg_reclaim", "mem.reclaim_throttle"), beside=swap, memory=3 << 20),
    Scenario("mmap_lock", "raw",
             "--pattern read --buffers fresh --side mapper --side mapper --side mapper "
             "--side-us 10 --calls 60",
             {"ubuf.mmap_lock": 0.9}, sleeps=3),
    # block layer
    Scenario("few tags", "raw", "--pattern overwrite --batch 16 --calls 40", {"blk.tag": 0.95},
             queue={"nr_requests": 4}),
    Scenario("queue freeze", "raw", "--pattern overwrite --calls 300 --qd 4",
             {"blk.queue_freeze": 0.9}, beside=queue_changes, sleeps=5),
    Scenario("wbt", "xfs", "--pattern dsync --buffered --bs 512k --calls 20",
             {"blk.wbt": RARE}, ("sync.data", "sync.flush", "buf.rmw_read", "blk.tag"),
             queue={"wbt_lat_usec": 1, "max_sectors_kb": 4}),
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
    Scenario("ext4 unaligned beside", "ext4", BESIDE.format(fs="ext4"),
             {"ext4.unaligned_wait": 0.3, "ext4.dio_sync": 0.3}),
    Scenario("ext4 fragmented", "ext4", "--pattern cold-read --calls 2000",
             {"ext4.extent_read": 0.8}, cold=True, sleeps=5),
    Scenario("ext4 bitmaps", "ext4-small-groups", "--pattern append --bs 256k --calls 200",
             {"ext4.bitmap_read": RARE, "ext4.dio_sync": 0.8}, ("blk.tag",),
             cold=True),
    Scenario("ext4 zeroout", "ext4-no-dioread", "--pattern dsync --buffered --state empty "
             "--size 4M --calls 100", {"ext4.zeroout": 0.05, "sync.data": 0.2},
             ("sync.flush", "ext4.fsync_commit", "ext4.jbd2_shadow", "buf.rmw_read",
              "ext4.jbd2_commit_wait"), after=preallocate_pieces),
    Scenario("ext4 shadow", "ext4", "--pattern append --side sync --side creator --calls 300",
             {"ext4.jbd2_shadow": RARE, "ext4.dio_sync": 0.5},
             ("ext4.jbd2_commit_wait", "ext4.jbd2_log_space")),
    Scenario("ext3 indirect", "ext3", "--pattern read --size 64M --calls 200",
             {"ext4.indirect_read": 0.8}, ("ext4.extent_read",), cold=True,
             sleeps=5),
    Scenario("ext3 hole", "ext3", "--pattern hole --calls 200", {"dio.fallback_buffered": 0.8},
             ("ext4.indirect_read", "ext4.bitmap_read", "ext4.jbd2_shadow")),
    Scenario("ext4 mixed", "ext4", "--pattern read --side buffered-writer --calls 1000 "
             "--size 1M --side-us 200", {"dio.flush_cache": 0.5}, ("lock.inode", "blk.wbt")),
    # what the truncated block waits for comes as often as it is truncated, the lock as the host has it
    Scenario("ext4 truncate", "ext4", "--pattern overwrite --side truncate --side-us 100 "
             "--size 64k --calls 1000", {"lock.inode": 0.1},
             ("ext4.dio_sync", "ext4.jbd2_shadow", "dio.flush_cache"), sleeps=3),
    Scenario("ext4 orphans", "ext4", "--pattern append --threads 16 --qd 8 --calls 60 --side sync "
             "--side truncate --side-us 200", {"ext4.orphan": RARE, "ext4.dio_sync": 0.3},
             ("ext4.jbd2_shadow", "ext4.jbd2_commit_wait", "ext4.jbd2_log_space", "ext4.alloc",
              "ext4.bitmap_read", "lock.inode")),
    Scenario("ext4 allocations", "ext4-no-journal", "--pattern append --threads 8 --calls 60 "
             "--drop-caches", {"ext4.alloc": RARE, "ext4.dio_sync": 0.5}, ("ext4.bitmap_read",)),
    Scenario("ext4 inode block", "ext4-no-journal", "--pattern append --calls 600",
             {"ext4.inode_read": RARE, "ext4.dio_sync": 0.9},
             ("ext4.bitmap_read", "ext4.alloc", "ext4.extent_read"), beside=forgotten_blocks),
    Scenario("ext4 journal", "ext4-small-journal",
             "--pattern append --side creator --side sync --side-us 100 --calls 600",
             {"ext4.jbd2_log_space|ext4.jbd2_commit_wait": RARE},
             ("ext4.dio_sync", "ext4.jbd2_shadow", "ext4.bitmap_read", "ext4.zeroout")),
    Scenario("ext4 full", "ext4-full", "--pattern buffered-write --state hole --size 64M "
             "--bs 64k --batch 4 --calls 250", {"ext4.nonda_flush": RARE},
             ("ext4.bitmap_read", "wb.balance_dirty", "ext4.jbd2_commit_wait",
              "ext4.i_data_sem", "ext4.jbd2_shadow", "lock.inode", "buf.folio_lock",
              "buf.stable_page"),
             after=fill_up, sleeps=0),
    Scenario("ext4 unwritten", "ext4", "--pattern unwritten --qd 16 --calls 3000",
             {}, ("ext4.i_data_sem", "ext4.jbd2_shadow", "ext4.jbd2_commit_wait",
                  "ext4.bitmap_read"), sleeps=0),
    Scenario("ext4 commit", "ext4", "--pattern dsync --buffered --state hole --size 8M --side sync "
             "--side creator --calls 100", {"ext4.fsync_commit": 0.1, "sync.data": 0.1},
             ("ext4.jbd2_shadow", "ext4.jbd2_commit_wait", "sync.flush", "buf.rmw_read",
              "ext4.bitmap_read")),
    Scenario("ext4 no journal", "ext4-no-journal", "--pattern dsync --buffered --state hole "
             "--size 8M --calls 60", {"sync.data": 0.5}, ("sync.flush", "ext4.bitmap_read",
                                                          "buf.rmw_read")),
    Scenario("ext4 punch", "ext4", "--pattern buffered-read --side punch --side-us 50 --size 1M "
             "--calls 400", {"lock.invalidate": RARE}, ("buf.read_miss",), cold=True, sleeps=1),
    Scenario("ext4 attributes", "ext4", "--pattern overwrite --calls 1 --size 64k",
             {"vfs.killpriv": RARE}, after=add_attributes, cold=True, sleeps=1),
    Scenario("ext4 stable pages", "ext4", "--pattern buffered-write --size 256k --side sync "
             "--side-us 100 --calls 120000", {"buf.stable_page": 0.2},
             ("buf.rmw_read", "ext4.jbd2_shadow", "ext4.jbd2_commit_wait"), after=want_stable_pages,
             cold=True),
    # xfs
    Scenario("xfs log force", "xfs", "--pattern dsync --buffered --state hole --size 8M "
             "--side sync --side creator --calls 100", {"xfs.log_force": 0.2, "sync.data": 0.1},
             ("sync.flush", "xfs.alloc_btree", "xfs.ag_header", "xfs.ilock", "buf.rmw_read",
              "xfs.time_lock", "buf.folio_lock")),
    Scenario("xfs cold allocation", "xfs", "--pattern hole --calls 20",
             {"xfs.ag_header|xfs.alloc_btree": RARE}, ("xfs.buf", "xfs.ilock"), cold=True,
             sleeps=1),
    Scenario("xfs full", "xfs-full", "--pattern buffered-write --state hole --size 64M "
             "--bs 64k --batch 4 --calls 250", {"xfs.enospc_flush": RARE},
             ("wb.balance_dirty", "xfs.iolock", "xfs.ilock", "xfs.ag_header", "buf.folio_lock",
              "buf.stable_page"), after=fill_up, sleeps=0),
    Scenario("xfs append", "xfs", "--pattern append --qd 4 --calls 300", {"xfs.append_wait": 0.9},
             ("xfs.ilock",)),
    Scenario("xfs unaligned", "xfs", "--pattern unaligned --calls 300", {"xfs.dio_sync": 0.9},
             ("xfs.ilock", "xfs.iolock")),
    Scenario("xfs unaligned beside", "xfs", BESIDE.format(fs="xfs"),
             {"xfs.unaligned_wait": 0.3, "xfs.dio_sync": 0.3}, ("xfs.split_worker",)),
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
             {"btrfs.tree_read": 0.2, "btrfs.csum_read": RARE}, ("btrfs.tree_lock", "btrfs.extent_lock"),
             cold=True, sleeps=5),
    Scenario("btrfs mixed", "btrfs", "--pattern read --nocow --side buffered-writer --calls 1000 "
             "--size 1M --side-us 200", {"dio.flush_cache|btrfs.ordered": 0.3},
             ("btrfs.extent_lock", "lock.inode", "btrfs.tree_read")),
    Scenario("btrfs nocow", "btrfs", "--pattern overwrite --nocow --side buffered-writer "
             "--calls 500 --size 1M --side-us 200", {"btrfs.ordered": 0.1},
             ("btrfs.dio_fallback", "dio.flush_cache", "btrfs.extent_lock", "lock.inode",
              "btrfs.tree_read",
              "btrfs.crossref", "btrfs.csum_read", "btrfs.tree_lock"), cold=True),
    Scenario("btrfs snapshot", "btrfs", "--pattern overwrite --nocow --size 4M",
             {"btrfs.crossref": RARE},
             ("btrfs.tree_read", "btrfs.csum_read", "btrfs.tree_lock", "btrfs.extent_lock",
              "btrfs.ordered", "btrfs.reserve", "btrfs.block_group", "btrfs.dio_fallback"),
             after=take_snapshot, cold=True, sleeps=1),
    Scenario("btrfs overlap", "btrfs", "--pattern overwrite --nocow --size 4k --qd 8 --calls 200",
             {"btrfs.extent_lock|btrfs.ordered": 0.3},
             ("btrfs.tree_read", "btrfs.csum_read", "btrfs.tree_lock", "btrfs.crossref",
              "btrfs.dio_fallback")),
    Scenario("btrfs commits", "btrfs", "--pattern dsync --calls 200 --threads 4 --side sync "
             "--side creator --side-us 100", {"btrfs.trans": RARE, "btrfs.log_sync": 0.05},
             ("btrfs.dio_fallback", "btrfs.ordered", "btrfs.reserve", "sync.data", "btrfs.tree_lock",
              "btrfs.tree_read", "lock.inode", "btrfs.extent_lock", "btrfs.csum_read")),
    # requests of io_uring
    Scenario("lease", "ext4", "--pattern read --size 1M", {"vfs.lease": 0.9}, others="lease {} 11"),
    Scenario("fallocate beside", "ext4", "--pattern read --size 1M", {"dio.drain": 0.9},
             others="fallocate {} 101"),
    Scenario("longer beside snapshots", "btrfs", "--pattern read --size 1M",
             {"btrfs.snapshot_lock": RARE},
             ("btrfs.trans", "btrfs.reserve", "btrfs.tree_lock", "btrfs.tree_read", "btrfs.ordered",
              "btrfs.extent_lock", "btrfs.log_sync"), beside=snapshots_of_it,
             others="truncate {} 2003", sleeps=0),
    Scenario("full ring", "ext4", "--pattern read --size 1M", {"uring.sq_wait": 0.01},
             ("ubuf.uffd", "uring.ring_lock", "dio.flush_cache", "ext4.extent_read"),
             others="full {} 101 8"),
    # FUSE, overlayfs
    Scenario("fuse write", "fuse", "--pattern buffered-write --bs 4k --size 16M",
             {"fuse.request": 0.9}, ("fuse.killpriv", "buf.rmw_read"), path="slow file"),
    Scenario("fuse background", "fuse", "--pattern read --batch 16 --calls 40 --size 16M",
             {"fuse.bg_limit": 0.95}, path="slow file", beside=few_background_requests),
    Scenario("fuse2fs", "fuse2fs", "--pattern overwrite --size 4M",
             {"fuse.request": 0.3, "fuse.killpriv": 0.3}),
    Scenario("fuse2fs attributes", "fuse2fs_fresh", "--pattern buffered-read --size 4M",
             {"fuse.getattr": 0.3}, ("fuse.request", "buf.read_miss", "fuse.killpriv"),
             after=lambda path: os.truncate(path, 0)),
    Scenario("overlay append", "overlay", "--pattern append", {"ext4.dio_sync": 0.95}),
    Scenario("overlay truncate", "overlay", "--pattern overwrite --side truncate --side-us 100 "
             "--size 64k --calls 1000", {"ovl.lock": RARE},
             ("ext4.dio_sync", "lock.inode", "dio.flush_cache", "ext4.jbd2_shadow"), sleeps=3),
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
    Scenario("raw O_DSYNC buffered", "raw", "--pattern dsync --buffered --calls 60",
             {"sync.data": 0.2}, ("sync.flush", "buf.rmw_read")),
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
    if not (scenario.queue or scenario.bdi):
        return {}
    number = os.stat(place.dev).st_rdev
    queue = pathlib.Path("/sys/block", os.path.basename(place.dev), "queue")
    bdi = pathlib.Path(f"/sys/class/bdi/{os.major(number)}:{os.minor(number)}")
    values = {queue / name: value for name, value in scenario.queue.items()}
    values.update({bdi / name: value for name, value in scenario.bdi.items()})
    return values


def target_path(scenario, places, place):
    if scenario.path:
        return places.slow_file(place)
    return f"{place.mnt}/{scenario.name.replace(' ', '-')}" if place.mnt else place.dev


def load_args(scenario, places, path):
    named = {name: places.get(name).mnt or places.get(name).dev
             for name in ("ext4", "xfs", "raw") if f"{{{name}}}" in scenario.args}
    words = scenario.args.format(**named)
    own = any(word in words for word in ("pipe", "socket", "--file"))
    args = words.split() + ([] if own else ["--file", path])
    return args if "--calls" in words else [*args, "--calls", "101"]


@contextlib.contextmanager
def memory_cgroup(limit):
    """The words before a command that make it run within that much memory."""
    if not limit:
        yield []
        return
    for top, name in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
                      ("/sys/fs/cgroup", "memory.max")):
        group = pathlib.Path(top, f"aiostall-test-{os.getpid()}")
        if os.path.isdir(top) and os.access(top, os.W_OK):
            group.mkdir()
            if (group / name).exists():
                break
            group.rmdir()
    else:
        pytest.skip("needs the memory controller")
    try:
        (group / name).write_text(str(limit), encoding="ascii")
        yield ["sh", "-c", f'echo $$ >{group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        helpers.remove_cgroup(group)


def run_slow(scenario, places, place, args):
    with contextlib.ExitStack() as stack:
        stack.enter_context(sysfs(sysfs_values(scenario, place)))
        prefix = stack.enter_context(memory_cgroup(scenario.memory))
        if scenario.beside:
            stack.enter_context(scenario.beside(places, place))
        places.delay(place, **DELAY)
        argv = [helpers.AIOLOAD, "--no-prepare", *args]
        if scenario.others:
            argv = [RINGOTHERS, *scenario.others.format(target_path(scenario, places, place)).split()]
        return tracing.trace(places.scratch.dir, [*prefix, *argv])


def provoke(scenario, places):
    """Prepares on a fast device, runs on a slow one."""
    place = places.get(scenario.place)
    path = target_path(scenario, places, place)
    args = load_args(scenario, places, path)
    if place.mnt:
        helpers.aioload("--prepare", *args)
    if scenario.after:
        scenario.after(path)
    if scenario.cold:
        places.scratch.remount(place)
    other = places.get("ext4") if "{ext4}" in scenario.args else place
    places.delay(other, **DELAY)
    try:
        return run_slow(scenario, places, place, args)
    finally:
        places.delay(place, read=0, write=0)
        places.delay(other, read=0, write=0)


def short_of(scenario, counts):
    """What has less than its share; of what must show, but only now and then, what does not."""
    total = sum(counts.values())
    for causes, share in scenario.causes.items():
        named = sum(counts.get(cause, 0) for cause in causes.split("|"))
        if named < share * total or (share == RARE and not named):
            yield causes


def check_names(scenario, report):
    """Every sleep has a cause that it may have; returns how many each has."""
    counts = sleeps_by_cause(report)
    total = sum(counts.values())
    seen = SEEN.setdefault(scenario.name, [0, 0])
    seen[0] += total
    seen[1] += counts.get("unknown", 0)
    expected = set("|".join(scenario.causes).split("|"))
    allowed = expected | set(scenario.also)
    # the same lock, by the name that it has where an update of the file's times takes it
    if "xfs.ilock" in allowed:
        allowed.add("xfs.time_lock")
    unnamed = set(counts) - allowed - ONCE
    shown = (counts, stacks_of(report, unnamed))
    assert not counts.get("unknown"), shown
    assert sum(counts[cause] for cause in unnamed) <= (1 - NAMED) * total, shown
    return counts


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_the_cause_is_named(places, scenario):
    """Who comes first for a lock, and how slow a device is, the host decides: not every run has all."""
    missing, runs = set(scenario.causes), []
    while len(runs) < RUNS and (missing or max(runs, default=-1) < scenario.sleeps):
        counts = check_names(scenario, provoke(scenario, places).report)
        missing &= set(short_of(scenario, counts))
        runs.append(sum(counts.values()))
    assert max(runs) >= scenario.sleeps, runs
    assert all(scenario.causes[causes] == RARE for causes in missing), (missing, counts)
    if missing:
        pytest.skip(f"{', '.join(missing)} did not show in {RUNS} runs")


def test_sleeps_in_spite_of_nowait_are_counted(places):
    """ext4 reads its extents whatever the request asked for."""
    # Whoever else has the filesystem mounted keeps its caches over an unmount.
    place = places.get("ext4-small-journal")
    args = ["--pattern", "cold-read", "--nowait", "--calls", "500", "--file", f"{place.mnt}/nowait"]
    helpers.aioload("--prepare", *args)
    places.scratch.remount(place)
    places.delay(place, **DELAY)
    try:
        argv = [helpers.AIOLOAD, "--no-prepare", "--drop-caches", *args]
        report = tracing.trace(places.scratch.dir, argv).report
    finally:
        places.delay(place, read=0, write=0)
    causes = {cause["id"]: cause for row in report["filesystems"] for cause in row["causes"]}
    assert "ext4.extent_read" in causes, (sorted(causes), report["totals"])
    extents = causes["ext4.extent_read"]
    # A sleep whose request is not known cannot be told to be one of them.
    known = extents["sleeps"] - extents["request_how"]["unknown"]
    assert extents["sleeps"] >= 3, extents
    assert NAMED * known <= extents["nowait_sleeps"] <= extents["sleeps"], extents


def test_hardly_anything_is_unknown():
    if not SEEN:
        pytest.skip("needs the scenarios before it")
    total = sum(sleeps for sleeps, _ in SEEN.values())
    unknown = sum(count for _, count in SEEN.values())
    assert total > 100 and unknown <= UNKNOWN * total, SEEN
