# SPDX-License-Identifier: GPL-2.0
"""
Hides what happens from a running tracer, as some kernels hide single switches from every one: its
programs do nothing while their own `tracing_on`, which it shares with them, is 0.
"""
import contextlib
import ctypes
import json
import mmap
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys

import pytest

import helpers

BPF_MAP_LOOKUP_ELEM, BPF_MAP_UPDATE_ELEM, BPF_MAP_GET_FD_BY_ID = 1, 2, 14
NR_BPF = {"x86_64": 321, "aarch64": 280}

_LIBC = ctypes.CDLL(None, use_errno=True)


# Maps need not have its types in the kernel.
BPF_OBJECT = pathlib.Path(__file__).parents[2] / "build/bpf/aiostall.bpf.o"


def _bpf(cmd, attr):
    rc = _LIBC.syscall(ctypes.c_long(NR_BPF[platform.machine()]), cmd, attr, len(attr))
    if rc < 0:
        raise OSError(ctypes.get_errno(), f"bpf({cmd})")
    return rc


def _bpftool(*args):
    path = shutil.which("bpftool", path=os.environ["PATH"] + ":/usr/sbin")
    if not path:
        pytest.skip("needs bpftool")
    done = subprocess.run([path, "-j", *args], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def _map_ids(pid):
    for text in helpers.fdinfo(pid):
        found = re.search(r"^map_id:\s*(\d+)", text, re.M)
        if found:
            yield int(found[1])


def _map_of(pid, name):
    """Id and description of the tracer's map of that name, which may be cut."""
    for ident in _map_ids(pid):
        about = _bpftool("map", "show", "id", str(ident))
        if about.get("name") == name:
            return ident, about
    raise AssertionError(f"process {pid} has no map {name}")


def _open(ident):
    return _bpf(BPF_MAP_GET_FD_BY_ID, ident.to_bytes(4, "little") + bytes(8))


def _number(text):
    """Of bytes as bpftool prints them."""
    return int.from_bytes(bytes(int(byte, 16) for byte in text), sys.byteorder)


class Calls:
    """The records that the programs keep of threads inside io_submit."""

    def __init__(self, pid):
        ident, about = _map_of(pid, "calls")
        self.fd, self.size = _open(ident), about["bytes_value"]
        self.numbers, _ = _map_of(pid, "call_numbers")
        types = _bpftool("btf", "dump", "file", str(BPF_OBJECT))["types"]
        record = next(t for t in types if t["kind"] == "STRUCT" and t["name"] == "call")
        self.at = {m["name"]: m["bits_offset"] // 8 for m in record["members"]}

    def _dump(self):
        """(tid, number of its record or None); of one that goes meanwhile its key is there, and an error."""
        for entry in _bpftool("map", "dump", "id", str(self.numbers)):
            yield _number(entry["key"]), _number(entry["value"]) if "value" in entry else None

    def threads(self):
        """Of which there are records."""
        return {tid for tid, _ in self._dump()}

    def forget(self, tid, member):
        """Sets a member of 64 bits to 0; the thread must be on a CPU, and stay there."""
        number = dict(self._dump())[tid]
        key, value = (ctypes.c_uint32 * 1)(number), (ctypes.c_char * self.size)()
        attr = b"".join(n.to_bytes(8, "little") for n in
                        (self.fd, ctypes.addressof(key), ctypes.addressof(value), 0))
        _bpf(BPF_MAP_LOOKUP_ELEM, attr)
        was = value[self.at[member]:self.at[member] + 8]
        ctypes.memset(ctypes.addressof(value) + self.at[member], 0, 8)
        _bpf(BPF_MAP_UPDATE_ELEM, attr)
        return int.from_bytes(was, "little")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        os.close(self.fd)


@contextlib.contextmanager
def hidden(tracer):
    """
    In the with statement the tracer's programs see nothing but wake-ups, until what it gives is
    called.
    """
    ident, about = _map_of(tracer.pid, "aiostall.bss")
    types = _bpftool("btf", "dump", "file", str(BPF_OBJECT))["types"]
    var = next(t["id"] for t in types if t["kind"] == "VAR" and t["name"] == "tracing_on")
    section = next(t for t in types if t["kind"] == "DATASEC" and t["name"] == ".bss")
    at = next(v["offset"] for v in section["vars"] if v["type_id"] == var)
    fd = _open(ident)
    try:
        size = -(-about["bytes_value"] // mmap.PAGESIZE) * mmap.PAGESIZE
        with mmap.mmap(fd, size) as memory:
            assert memory[at] == 1, "it does not trace"
            memory[at] = 0

            def show():
                memory[at] = 1
            try:
                yield show
            finally:
                show()
    finally:
        os.close(fd)
