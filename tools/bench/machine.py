# SPDX-License-Identifier: GPL-2.0
"""A private corner of the machine: own mounts, tmpfs, loop devices, all gone at the end."""
import ctypes
import os
import shutil
import subprocess
import tempfile

CLONE_NEWNS = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 0x40000


def private_mounts():
    """Own mount namespace, with a tracefs where all tools look for it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "unshare (must be root)")
    libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    if not os.path.exists("/sys/kernel/tracing/events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", "/sys/kernel/tracing"], check=True)


class Scratch:
    """A tmpfs with loop devices on it; use as a context."""

    def __init__(self, size="4G"):
        self.size, self.loops, self.mounts = size, [], []

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="aiostall-bench-")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.size}", "bench", self.dir],
                       check=True)
        return self

    def __exit__(self, *_):
        for mnt in reversed(self.mounts):
            subprocess.run(["umount", mnt], check=False)
        for dev in self.loops:
            subprocess.run(["losetup", "-d", dev], check=False)
        subprocess.run(["umount", "-l", self.dir], check=False)
        shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def loop(self, name, size):
        image = self.path(name + ".img")
        subprocess.run(["truncate", "-s", size, image], check=True)
        free = subprocess.run(["losetup", "-f"], capture_output=True, text=True).stdout.strip()
        if free and not os.path.exists(free):  # no udev
            os.mknod(free, 0o600 | 0o060000, os.makedev(7, int(free[len("/dev/loop"):])))
        dev = subprocess.run(["losetup", "-f", "--show", image], check=True,
                             capture_output=True, text=True).stdout.strip()
        self.loops.append(dev)
        return dev

    def filesystem(self, fstype, name, size):
        dev = self.loop(name, size)
        force = "-F" if fstype == "ext4" else "-f"
        subprocess.run(["mkfs." + fstype, "-q", force, dev], check=True, capture_output=True)
        mnt = self.path(name)
        os.mkdir(mnt)
        subprocess.run(["mount", "-t", fstype, dev, mnt], check=True)
        self.mounts.append(mnt)
        return mnt
