# SPDX-License-Identifier: GPL-2.0
"""Whatever a request can be for gets a row that says what it is; and calls of every form."""
import os
import re
import subprocess

import pytest

import helpers
import tracing

# Writes that wait: sleeps of the calls as the kernel counts them, and what io_submit returned.
SYNC = """
import resource
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_DSYNC, 0o600)
ctx, buf = aio.setup(4), aio.buffer()
requests = [aio.iocb(fd, aio.PWRITE, buf, 4096, 4096 * i) for i in range(3)]
returned, sleeps = [], 0
for request in requests:
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    returned.append(aio.submit(ctx, request))
    sleeps += resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before
print(json.dumps({"returned": returned, "sleeps": sleeps}))
"""


def only_row(report):
    (row,) = report["filesystems"]
    return row


def sync_writes(scratch, path, fstype, mount, device_name):
    """Three synchronous writes to path, and the row that they must give."""
    traced = tracing.trace_script(scratch.dir, SYNC, path)
    row = only_row(traced.report)
    assert (row["fstype"], row["mount"], row["device_name"]) == (fstype, mount, device_name)
    assert traced.load["returned"] == [1, 1, 1]
    assert (row["submits"], row["requests"], row["bytes"]) == (3, 3, 3 * 4096)
    assert row["ops"]["pwrite"] == 3
    assert row["sleeps"] == traced.load["sleeps"]
    # every sleep was for that file
    assert sum(file["sleeps"] for file in row["files"]) == row["sleeps"]
    assert {file["path"] for file in row["files"]} <= {path}
    helpers.assert_no_loss(traced.report)
    return row


def loop_name(place):
    return os.path.basename(place.dev)


def add_mount(scratch, name, how):
    """Mounts something more below the scratch directory, which is removed with it."""
    target = f"{scratch.dir}/mnt/{name}"
    scratch.do(f"mkdir -p {target}; scratch_undo umount {target}; mount {how} {target}")
    return target


def number(path):
    dev = os.stat(path).st_dev
    return f"{os.major(dev)}:{os.minor(dev)}"


def test_block_device(scratch):
    raw = scratch.loop()
    row = sync_writes(scratch, raw.dev, "blockdev", "", loop_name(raw))
    rdev = os.stat(raw.dev).st_rdev
    assert row["device"] == f"{os.major(rdev)}:{os.minor(rdev)}"
    assert row["sleeps"] > 0


def test_filesystem(scratch):
    place = scratch.fs("ext4", size="64M", mount="noatime")
    row = sync_writes(scratch, f"{place.mnt}/file", "ext4", place.mnt, loop_name(place))
    assert row["device"] == number(place.mnt)
    assert "noatime" in row["mount_options"].split(",")
    assert row["sleeps"] > 0


def test_bind_mount(scratch):
    """The mount that the file was opened through, not the first of its filesystem."""
    place = scratch.fs("ext4", size="64M")
    os.mkdir(f"{place.mnt}/dir")
    bound = add_mount(scratch, "bound", f"--bind {place.mnt}/dir")
    row = sync_writes(scratch, f"{bound}/file", "ext4", bound, loop_name(place))
    assert row["sleeps"] > 0


def test_btrfs_subvolume(scratch):
    """Its files have a device number that is in no mount table."""
    place = scratch.fs("btrfs", size="128M")
    subprocess.run(["btrfs", "-q", "subvolume", "create", f"{place.mnt}/vol"], check=True)
    mounted = add_mount(scratch, "vol", f"-o subvol=vol {place.dev}")
    row = sync_writes(scratch, f"{mounted}/file", "btrfs", mounted, loop_name(place))
    assert "subvol=/vol" in row["mount_options"].split(",")
    row = sync_writes(scratch, f"{place.mnt}/vol/file", "btrfs", place.mnt, loop_name(place))
    assert row["sleeps"] > 0


def test_overlayfs(scratch):
    if "overlay" not in open("/proc/filesystems", encoding="ascii").read().split():
        pytest.skip("needs overlayfs in the kernel")
    place = scratch.fs("ext4", size="64M")
    for name in ("lower", "upper", "work"):
        os.mkdir(f"{place.mnt}/{name}")
    options = f"lowerdir={place.mnt}/lower,upperdir={place.mnt}/upper,workdir={place.mnt}/work"
    mounted = add_mount(scratch, "overlay", f"-t overlay -o {options} overlay")
    row = sync_writes(scratch, f"{mounted}/file", "overlay", mounted, "")
    assert row["sleeps"] > 0


def test_tmpfs(scratch):
    row = sync_writes(scratch, f"{scratch.dir}/ram/file", "tmpfs", f"{scratch.dir}/ram", "")
    assert row["sleeps"] == 0 and row["causes"] == []


def test_fuse(scratch):
    helpers.need_slow_device()
    place = scratch.loop("slow", slow=True)
    mount = f"{scratch.dir}/ram/slow.slow"
    # so long that a wait that begins late, its write being under way, takes 2 ms too
    scratch.delay(place, write=20000)
    row = sync_writes(scratch, f"{mount}/data", "fuse", mount, "")
    assert row["causes"][0]["id"].startswith("fuse.")
    assert row["causes"][0]["wakers"][0]["comm"].startswith("slowdev")
    assert row["blocked_ns"] >= 3 * 2_000_000


ENDS = """
import socket
def ends():
    if sys.argv[1] == "pipe":
        return os.pipe()
    pair = socket.socketpair()
    return [end.detach() for end in pair]
r, w = ends()
ctx, buf = aio.setup(2), aio.buffer()
returned = [aio.submit(ctx, aio.iocb(w, aio.PWRITE, buf, 100)),
            aio.submit(ctx, aio.iocb(r, aio.PREAD, buf, 100))]
aio.feed_sleeper(w, bytes(50), 0.05)
returned.append(aio.submit(ctx, aio.iocb(r, aio.PREAD, buf, 50)))
print(json.dumps(returned))
"""


@pytest.mark.parametrize("kind,fstype,name", [("pipe", "pipefs", r"pipe:\[\d+\]"),
                                              ("socket", "sockfs", r"socket:\[\d+\]")])
def test_pipe_and_socket(scratch, kind, fstype, name):
    traced = tracing.trace_script(scratch.dir, ENDS, kind)
    row = only_row(traced.report)
    assert (row["fstype"], row["mount"], row["device_name"]) == (fstype, "", "")
    assert traced.load == [1, 1, 1]
    assert (row["submits"], row["bytes"], row["sleeps"]) == (3, 250, 1)
    (file,) = row["files"]
    assert re.fullmatch(name, file["path"])
    assert file["blocked_ns"] >= 50_000_000
    helpers.assert_no_loss(traced.report)


POLL = """
import ctypes
fd = ctypes.CDLL(None).eventfd(1, 0)
ctx = aio.setup(2)
print(json.dumps([aio.submit(ctx, aio.iocb(fd, aio.POLL, 1)), aio.reap(ctx, 1)]))
"""


def test_poll_of_eventfd(scratch):
    traced = tracing.trace_script(scratch.dir, POLL)
    assert traced.load == [1, [1]]
    row = only_row(traced.report)
    assert (row["fstype"], row["mount"], row["device_name"]) == ("anon_inodefs", "", "")
    assert row["ops"]["poll"] == row["submits"] == row["requests"] == 1
    assert row["bytes"] == row["sleeps"] == 0
    helpers.assert_no_loss(traced.report)


# Forms of the call

BEGIN = """
import ctypes
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
ctx, buf = aio.setup(2000), aio.buffer()
os.pwrite(fd, bytes(65536), 0)
def good(op=aio.PREAD, n=512):
    return aio.iocb(fd, op, buf, n)
"""


def forms(scratch, code):
    """Runs code, which prints what its calls returned, on a file of the scratch tmpfs."""
    return tracing.trace_script(scratch.dir, BEGIN + code, f"{scratch.dir}/ram/file")


def ops(report):
    return {op: n for op, n in report["totals"]["ops"].items() if n}


def test_vectored(scratch):
    traced = forms(scratch, """
print(json.dumps([aio.submit(ctx, aio.iocb(fd, aio.PWRITEV, aio.iovecs(512, 1024, 4096), 3),
                             aio.iocb(fd, aio.PREADV, aio.iovecs(*[100] * 20), 20))]))
""")
    assert traced.load == [2]
    totals = traced.report["totals"]
    assert ops(traced.report) == {"preadv": 1, "pwritev": 1}
    assert totals["bytes"] == 512 + 1024 + 4096 + 20 * 100
    assert totals["bytes_unknown"] == 0
    helpers.assert_no_loss(traced.report)


def test_batch_of_1024(scratch):
    traced = forms(scratch, "print(json.dumps([aio.submit(ctx, *[good() for _ in range(1024)])]))")
    assert traced.load == [1024]
    row = only_row(traced.report)
    assert row["requests"] == traced.report["totals"]["requests"] == 1024
    assert row["bytes"] == 1024 * 512
    helpers.assert_no_loss(traced.report)
    assert traced.status == 0


def test_batch_beyond(scratch):
    """What is not looked at is counted and said, and the exit status tells it too."""
    traced = forms(scratch, "print(json.dumps([aio.submit(ctx, *[good() for _ in range(1500)])]))")
    assert traced.load == [1500]
    assert traced.report["totals"]["requests"] == 1500
    assert only_row(traced.report)["requests"] == 1024
    assert traced.report["loss"]["unattributed"] == 1500 - 1024
    assert traced.report["loss"]["any"] is True
    assert traced.status == 3


def test_batch_beyond_in_text(scratch):
    done = helpers.run([helpers.AIOSTALL, "--", *tracing.script(
        BEGIN + "aio.submit(ctx, *[good() for _ in range(1500)])", f"{scratch.dir}/ram/file")])
    assert done.status == 3
    assert "476" in done.stdout.splitlines()[0], done.stdout


# Requests whose iocbs the process does not have in memory when the call begins: those are pages of a
# file that it has yet to touch again. Two calls of three requests, of which the second one's last two are so.
ABSENT = """
import ctypes, mmap, resource
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT | os.O_DSYNC, 0o600)
ctx, buf = aio.setup(8), aio.buffer()
size = ctypes.sizeof(aio.Iocb)
on_disk = len(sys.argv) > 2
memory = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o600) if on_disk else os.memfd_create("iocbs")
os.ftruncate(memory, 2 * mmap.PAGESIZE)
pages = mmap.mmap(memory, 2 * mmap.PAGESIZE)
base = ctypes.addressof(ctypes.c_char.from_buffer(pages))
def call(first):
    at = [first + i * size for i in range(3)]
    for i, where in enumerate(at):
        one = aio.iocb(fd, aio.PWRITE, buf, 4096, 4096 * i)
        ctypes.memmove(base + where, ctypes.addressof(one), size)
    array = (ctypes.c_void_p * 3)(*[base + where for where in at])
    pages.flush()
    pages.madvise(mmap.MADV_DONTNEED)
    if on_disk:
        os.posix_fadvise(memory, 0, 0, os.POSIX_FADV_DONTNEED)
    if first:
        ctypes.string_at(base, 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    done = aio.submit_raw(ctx, 3, array)
    return done, resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before
said = [call(0), call(mmap.PAGESIZE - size)]
print(json.dumps({"returned": [done for done, _ in said], "sleeps": sum(n for _, n in said)}))
"""


@pytest.mark.parametrize("options", [(), ("--fs", "ext4"), ("--probe", "submit=tracepoint", "--fs", "ext4")])
def test_iocbs_that_are_not_in_memory(scratch, options):
    """They are read when the kernel has read them, and what their calls sleep is theirs."""
    place = scratch.fs("ext4", size="64M")
    traced = tracing.trace_script(scratch.dir, ABSENT, f"{place.mnt}/absent", options=options)
    assert traced.load["returned"] == [3, 3] and traced.load["sleeps"] >= 6
    row = only_row(traced.report)
    assert (row["submits"], row["requests"], row["bytes"]) == (2, 6, 6 * 4096)
    assert row["sleeps"] == traced.report["totals"]["sleeps"] == traced.load["sleeps"]
    assert sum(file["sleeps"] for file in row["files"]) == row["sleeps"]
    helpers.assert_no_loss(traced.report)
    assert traced.status == 0


@pytest.mark.parametrize("options", [(), ("--fs", "ext4"), ("--fs", "tmpfs")])
def test_calls_that_sleep_until_their_iocbs_are_in_memory(scratch, options):
    """Of which filesystem such a sleep is nobody knows: a loss where some are not wanted, but its call is."""
    place = scratch.fs("ext4", size="64M")
    traced = tracing.trace_script(scratch.dir, ABSENT, f"{place.mnt}/absent", f"{place.mnt}/iocbs", options=options)
    totals, loss = traced.report["totals"], traced.report["loss"]
    assert traced.load["returned"] == [3, 3] and traced.load["sleeps"] >= 7
    wanted = options != ("--fs", "tmpfs")
    assert (totals["submits"], totals["requests"]) == ((2, 6) if wanted else (0, 0))
    unknown = loss.pop("unattributed")
    assert (unknown >= 1) == (wanted and bool(options)), loss
    if wanted:
        assert totals["sleeps"] + unknown == traced.load["sleeps"]
    assert not any(loss[name] for name in helpers.LOSSES if name in loss), loss


def test_iocbs_that_are_not_in_memory_of_files_that_are_not_wanted(scratch):
    place = scratch.fs("ext4", size="64M")
    traced = tracing.trace_script(scratch.dir, ABSENT, f"{place.mnt}/absent", options=("--fs", "xfs"))
    assert traced.load["returned"] == [3, 3]
    assert not traced.report["filesystems"] and not traced.report["totals"]["submits"]
    assert not traced.report["totals"]["sleeps"]
    helpers.assert_no_loss(traced.report)


def test_short_submit(scratch):
    """Of the batch the kernel takes those before the bad one."""
    traced = forms(scratch, """
bad = aio.iocb(999, aio.PREAD, buf, 512)
print(json.dumps([aio.submit(ctx, good(), good(), bad, good())]))
""")
    assert traced.load == [2]
    totals = traced.report["totals"]
    assert (totals["submits"], totals["requests"], totals["bytes"]) == (1, 2, 1024)
    assert (totals["short_submits"], totals["submit_errors"]) == (1, 0)
    row = helpers.filesystem(traced.report, "tmpfs")
    assert (row["submits"], row["requests"], row["bytes"]) == (1, 2, 1024)
    assert (row["short_submits"], row["submit_errors"]) == (1, 0)
    assert ops(traced.report) == {"pread": 2}
    helpers.assert_no_loss(traced.report)


@pytest.mark.parametrize("code,error", [
    ("aio.submit(ctx, aio.iocb(999, aio.PREAD, buf, 512))", -9),
    ("aio.submit(ctx, aio.iocb(fd, 77, buf, 512))", -22),
    ("aio.submit(ctx, aio.iocb(fd, aio.PREADV, 4096, 3), good())", -14),
    ("aio.submit(ctypes.c_ulong(4096), good())", -22),
    ("aio.submit_raw(ctx, -1, 4096)", -22),
    ("aio.submit_raw(ctx, 3, 4096)", -14),
    ("aio.submit_raw(ctx, 2, (ctypes.c_void_p * 2)(4096, 8192))", -14),
])
def test_failing_submit(scratch, code, error):
    traced = forms(scratch, f"print(json.dumps([{code}]))")
    assert traced.load == [error]
    totals = traced.report["totals"]
    assert (totals["submits"], totals["submit_errors"], totals["short_submits"]) == (1, 1, 0)
    assert totals["requests"] == totals["bytes"] == totals["sleeps"] == 0
    assert ops(traced.report) == {}
    for row in traced.report["filesystems"]:
        assert row["requests"] == 0


def test_submit_of_nothing(scratch):
    traced = forms(scratch, "print(json.dumps([aio.submit(ctx)]))")
    assert traced.load == [0]
    totals = traced.report["totals"]
    assert (totals["submits"], totals["requests"], totals["submit_errors"]) == (1, 0, 0)
    helpers.assert_no_loss(traced.report)
