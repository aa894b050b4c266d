# SPDX-License-Identifier: GPL-2.0
"""A device's number is used again: rows are of superblocks, live and in a recording."""
import contextlib
import csv
import fcntl
import io
import json
import os
import stat as stat_module
import subprocess

import pytest

import helpers
import tracing
from helpers import AIOLOAD, AIOSTALL, run

CALLS = {"a": 5, "b": 7}
# A device is looked at when the tracer reads of it first. It does so ten times a second, and sleeps
# between two looks and a few times in one: this waits until it has done so after what was before.
SEEN = """
sleeps() { sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' /proc/$PPID/status; }
attach() {  # to a device that the tracer may still have open, so that its last image is not gone yet
	for _ in $(seq 1000); do losetup "$1" "$2" && return; sleep 0.02; done
	return 1
}
seen() { until=$(($(sleeps) + 6)); while [ "$(sleeps)" -lt "$until" ]; do sleep 0.02; done; }
"""

LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4C80, 0x4C81


@pytest.fixture(name="device")
def device_fixture():
    """A loop device of a number that `losetup -f` gives to nobody while it is free."""
    number = 1000 + os.getpid() % 1000
    path = f"/dev/loop{number}"
    with open("/dev/loop-control", "rb") as control:
        with contextlib.suppress(FileExistsError):
            fcntl.ioctl(control, LOOP_CTL_ADD, number)
        made = not os.path.exists(path)
        if made:
            os.mknod(path, 0o600 | stat_module.S_IFBLK, os.makedev(7, number))
        yield path
        subprocess.run(["losetup", "-d", path], stderr=subprocess.DEVNULL, check=False)
        if made:
            os.unlink(path)
        fcntl.ioctl(control, LOOP_CTL_REMOVE, number)


@pytest.fixture(name="images")
def images_fixture(scratch, device):
    """Makes images, and a script that mounts some in turn on one device at one place."""
    mnt = f"{scratch.dir}/mnt/turns"

    def make(fstype, order, size, copies=False, dwell=False):
        """dwell: each is mounted until the tracer, whose command this is, has looked at it."""
        helpers.need_fs(fstype)
        for name in sorted(set(order)):
            image = f"$SCRATCH/ram/{name}.img"
            scratch.do(f"rm -f {image}; cp $SCRATCH/ram/a.img {image}" if copies and name != "a" else
                       f"rm -f {image}; truncate -s {size} {image}; "
                       f"mkfs.{fstype} {image} >$SCRATCH/mkfs.txt 2>&1")
        scratch.do(f"mkdir -p {mnt}")
        script = ["set -e", SEEN]
        for name in order:
            script += [f"attach {device} {scratch.dir}/ram/{name}.img",
                       f"mount -t {fstype} {device} {mnt}",
                       f"{AIOLOAD} --pattern append --bs 4k --batch 1 --file {mnt}/f "
                       f"--calls {CALLS[name]} >{scratch.dir}/load.txt", "seen" if dwell else ":",
                       f"umount {mnt}", f"losetup -d {device}"]
        return ["sh", "-c", "\n".join(script)]

    yield make
    subprocess.run(["umount", "-q", mnt], check=False)


def stat(scratch, command, *options):
    out = f"{scratch.dir}/stat.json"
    done = run([AIOSTALL, "stat", "--format", "json", "-o", out, *options, "--", *command])
    assert done.status in (0, 3), done.stderr
    with open(out, encoding="utf-8") as file:
        report = json.load(file)
    assert report["capture"]["child_status"] == 0, done.stderr
    return report


def record(scratch, command):
    database = f"{scratch.dir}/turns.db"
    done = run([AIOSTALL, "record", "-o", database, "--", *command])
    assert done.status in (0, 3), done.stderr
    report = json.loads(run([AIOSTALL, "report", "--format", "json", database]).stdout)
    assert report["capture"]["child_status"] == 0, done.stderr
    return report


def rows(report, fstype):
    return sorted((fs.get("generation", 1), fs["submits"], fs["bytes"])
                  for fs in report["filesystems"] if fs["fstype"] == fstype)


TURNS = {"ext4": "32M", "btrfs": "128M"}
TYPES = {"ext4": "32M", "xfs": "300M", "btrfs": "128M"}


@pytest.mark.parametrize("seen", [stat, record])
@pytest.mark.parametrize("fstype", TYPES)
def test_another_image_on_the_same_device_is_another_row(scratch, images, fstype, seen):
    report = seen(scratch, images(fstype, "ab", TYPES[fstype]))
    assert rows(report, fstype) == [(1, 5, 5 * 4096), (2, 7, 7 * 4096)]
    assert len({(fs["device_name"], fs["mount"]) for fs in report["filesystems"]
                if fs["fstype"] == fstype}) == 1
    sleeps = sum(fs["sleeps"] for fs in report["filesystems"])
    assert sleeps == report["totals"]["sleeps"]
    helpers.assert_no_loss(report)


def test_an_image_mounted_again_is_the_same_row(scratch, images):
    report = stat(scratch, images("ext4", "aba", "32M", dwell=True))
    assert rows(report, "ext4") == [(1, 10, 10 * 4096), (2, 7, 7 * 4096)]
    text = run([AIOSTALL, "stat", "--", *images("ext4", "ab", "32M")]).stdout
    assert "ext4 #2 " in text


@pytest.mark.parametrize("seen", [stat, record])
@pytest.mark.parametrize("fstype", TURNS)
def test_a_copy_on_the_same_device_is_another_row(scratch, images, fstype, seen):
    """Same number, same UUID, same place: what tells them apart is what was attached."""
    report = seen(scratch, images(fstype, "aba", TURNS[fstype], copies=True, dwell=True))
    assert rows(report, fstype) == [(1, 10, 10 * 4096), (2, 7, 7 * 4096)]
    helpers.assert_no_loss(report)


def test_a_copy_that_is_gone_at_once_is_another_row(scratch, images):
    """Nobody has looked at what was attached before the next one is: the kernel numbers them."""
    report = stat(scratch, images("ext4", "ab", "32M", copies=True))
    assert [row[1] for row in rows(report, "ext4")] == [5, 7]


COPIES = {"ext4": ("64M", ""), "xfs": ("300M", "-o nouuid")}


@pytest.fixture(name="copies")
def copies_fixture(scratch):
    """An image and its copy, which has the same UUID, mounted at once: two places."""
    places = []

    def mount(fstype):
        size, options = COPIES[fstype]
        helpers.need_fs(fstype)
        first, second = f"{scratch.dir}/ram/one.img", f"{scratch.dir}/ram/two.img"
        scratch.do(f"rm -f {first} {second}; truncate -s {size} {first}; "
                   f"mkfs.{fstype} {first} >$SCRATCH/mkfs.txt 2>&1; cp {first} {second}")
        for image in (first, second):
            place = f"{scratch.dir}/mnt/copy{len(places)}"
            scratch.do(f"mkdir -p {place}; mount {options} -o loop -t {fstype} {image} {place}")
            places.append(place)
        return places

    yield mount
    for place in places:
        subprocess.run(["umount", "-q", place], check=False)


@pytest.mark.parametrize("seen", [stat, record])
@pytest.mark.parametrize("fstype", COPIES)
def test_copies_of_an_image_are_two_rows(scratch, copies, fstype, seen):
    """The UUID alone would make them one. One of them mounted again stays its row."""
    one, two = copies(fstype)
    options = COPIES[fstype][1]
    device = subprocess.run(["findmnt", "-no", "SOURCE", two], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.strip()
    # the loop device must outlive its mount
    loads = [f"{AIOLOAD} --pattern append --bs 4k --batch 1 --file {where}/f --calls {calls}"
             for where, calls in ((one, 5), (two, 7), (two, 11))]
    report = seen(scratch, ["sh", "-c", f"set -e; exec 9<{device}\n{loads[0]}; {loads[1]}\n"
                            f"umount {two}; mount {options} -t {fstype} {device} {two}\n{loads[2]}"])
    found = {fs["mount"]: (fs["submits"], fs.get("generation", 1))
             for fs in report["filesystems"] if fs["fstype"] == fstype}
    assert found == {one: (5, 1), two: (18, 1)}
    assert len({fs["device"] for fs in report["filesystems"] if fs["fstype"] == fstype}) == 2
    helpers.assert_no_loss(report)


def test_csv_tells_filesystems_of_a_device_apart(scratch, images):
    done = run([AIOSTALL, "stat", "--format", "csv", "--", *images("ext4", "ab", "32M")])
    rows_of = [row for row in csv.DictReader(io.StringIO(done.stdout))
               if row["fstype"] == "ext4" and not row["cause"]]
    assert [(row["generation"], row["submits"]) for row in
            sorted(rows_of, key=lambda row: row["generation"])] == [("1", "5"), ("2", "7")]


# More filesystems than the kernel's table of counters has rows, each for a moment.
MANY = 700
PODS = """
import ctypes, time
where, many = sys.argv[1], int(sys.argv[2])
ctx = aio.setup(1)
libc = ctypes.CDLL(None, use_errno=True)
for i in range(many):
    assert not libc.mount(b"pod", where.encode(), b"tmpfs", 0, b"size=64k")
    for path in (where + "/file", sys.argv[3]):
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        aio.submit(ctx, aio.iocb(fd, aio.PWRITE, aio.buffer(), 4096, 0))
        aio.reap(ctx, 1)
        os.close(fd)
    assert not libc.umount(where.encode())
    time.sleep(0.015)
"""


def test_filesystems_that_come_and_go_make_room_for_others(scratch):
    place = scratch.fs("ext4", "stays", "32M")
    where = f"{scratch.dir}/mnt/pod"
    scratch.do(f"mkdir -p {where}")
    report = stat(scratch, tracing.script(PODS, where, str(MANY), f"{place.mnt}/file"), "--self")
    assert report["totals"]["submits"] == 2 * MANY
    assert sum(fs["submits"] for fs in report["filesystems"]) == 2 * MANY
    assert helpers.filesystem(report, "ext4", place.mnt)["submits"] == MANY
    assert {fs["fstype"] for fs in report["filesystems"]} == {"ext4", "tmpfs"}
    assert report["self"]["names_recycled"] > MANY - 512
    helpers.assert_no_loss(report)
