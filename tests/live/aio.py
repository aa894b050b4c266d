# SPDX-License-Identifier: GPL-2.0
"""
io_submit(2) straight from Python, for the calls that no workload generator makes: requests that
the kernel refuses, arrays of thousands, threads that die in mid-call.

The programs that the tests trace import it too (tracing.script()), so it needs nothing else.
"""
import ctypes
import os
import platform
import threading
import time

PREAD, PWRITE, FSYNC, FDSYNC, POLL, NOOP, PREADV, PWRITEV = 0, 1, 2, 3, 5, 6, 7, 8

_CALLS = {"x86_64": {"setup": 206, "destroy": 207, "getevents": 208, "submit": 209},
          "aarch64": {"setup": 0, "destroy": 1, "getevents": 4, "submit": 2}}
SUBMIT = _CALLS.get(platform.machine(), {}).get("submit")

_LIBC = ctypes.CDLL(None, use_errno=True)


class Iocb(ctypes.Structure):
    _fields_ = [("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("rw_flags", ctypes.c_uint32),
                ("opcode", ctypes.c_uint16), ("reqprio", ctypes.c_int16),
                ("fildes", ctypes.c_uint32), ("buf", ctypes.c_uint64), ("nbytes", ctypes.c_uint64),
                ("offset", ctypes.c_int64), ("reserved2", ctypes.c_uint64),
                ("flags", ctypes.c_uint32), ("resfd", ctypes.c_uint32)]


class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_uint64), ("len", ctypes.c_uint64)]


class Event(ctypes.Structure):
    _fields_ = [("data", ctypes.c_uint64), ("obj", ctypes.c_uint64), ("res", ctypes.c_int64),
                ("res2", ctypes.c_int64)]


def _call(name, *args):
    rc = _LIBC.syscall(ctypes.c_long(_CALLS[platform.machine()][name]), *args)
    return -ctypes.get_errno() if rc < 0 else rc


def setup(nr=1):
    ctx = ctypes.c_ulong(0)
    rc = _call("setup", ctypes.c_ulong(nr), ctypes.byref(ctx))
    if rc:
        raise OSError(-rc, "io_setup")
    return ctx


def buffer(size=4096):
    """Bytes aligned for direct I/O; freed with the process."""
    raw = ctypes.create_string_buffer(size + 4096)
    _KEPT.append(raw)
    return (ctypes.addressof(raw) + 4095) & ~4095


_KEPT = []


def iocb(fd, opcode, buf=0, nbytes=0, offset=0):
    return Iocb(opcode=opcode, fildes=fd & 0xffffffff, buf=buf, nbytes=nbytes, offset=offset)


def iovecs(*lengths):
    array = (Iovec * len(lengths))(*[Iovec(buffer(n), n) for n in lengths])
    _KEPT.append(array)
    return ctypes.addressof(array)


def submit(ctx, *iocbs):
    """What io_submit returns, or -errno."""
    pointers = (ctypes.POINTER(Iocb) * len(iocbs))(*[ctypes.pointer(i) for i in iocbs])
    return _call("submit", ctx, ctypes.c_long(len(iocbs)), pointers)


def submit_raw(ctx, nr, pointers):
    """The same with any count and any array, or the address of none."""
    if isinstance(pointers, int):
        pointers = ctypes.c_void_p(pointers)
    return _call("submit", ctx, ctypes.c_long(nr), pointers)


def reap(ctx, nr):
    """Results of nr requests, in the order of their completion."""
    events = (Event * nr)()
    done = 0
    while done < nr:
        rest = ctypes.byref(events, done * ctypes.sizeof(Event))
        rc = _call("getevents", ctx, ctypes.c_long(1), ctypes.c_long(nr - done), rest, None)
        if rc < 0:
            raise OSError(-rc, "io_getevents")
        done += rc
    return [event.res for event in events]


# What such programs need besides.

def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.002)


def say(path, text):
    """A whole file or none."""
    with open(path + ".part", "w", encoding="utf-8") as out:
        out.write(str(text))
    os.rename(path + ".part", path)


def read_pipe(fd, size=4096):
    """One call that sleeps until the pipe is written to."""
    ctx = setup(1)
    rc = submit(ctx, iocb(fd, PREAD, buffer(size), size))
    if rc == 1:
        reap(ctx, 1)
    return rc


def feed_sleeper(fd, data, after_s):
    """
    Writes so long after the main thread has gone to sleep in a call, be it kept from its CPU on its way
    for however long.
    """
    def feed():
        with open(f"/proc/self/task/{os.getpid()}/syscall", encoding="ascii") as call:
            while call.read().split()[0] != str(SUBMIT):
                time.sleep(0.001)
                call.seek(0)
        time.sleep(after_s)
        os.write(fd, data)
    return start(feed)


def start(fn, *args):
    thread = threading.Thread(target=fn, args=args, daemon=True)
    thread.start()
    return thread
