# SPDX-License-Identifier: GPL-2.0
"""A buffer whose pages are freed while it is used: its faults wait for who frees them."""
import tracing

# Holes are punched into a mapped file of memory over and over; requests read into it.
PUNCHED = """
import ctypes, mmap, time
size = 64 << 20
libc = ctypes.CDLL(None)
memory = os.memfd_create("buffers")
os.ftruncate(memory, size)
mapped = mmap.mmap(memory, size)
address = ctypes.addressof(ctypes.c_char.from_buffer(mapped))
def punch():
    while True:
        os.pwrite(memory, bytes(size), 0)
        libc.fallocate(memory, 3, ctypes.c_long(0), ctypes.c_long(size))
aio.start(punch)
with open(sys.argv[1], "wb") as out:
    out.write(bytes(4096))
fd = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECT)
ctx, submits, end = aio.setup(1), 0, time.monotonic() + 3
while time.monotonic() < end:
    assert aio.submit(ctx, aio.iocb(fd, aio.PREAD, address + submits * 7919 * 4096 % size, 4096)) == 1
    aio.reap(ctx, 1)
    submits += 1
print(json.dumps({"submits": submits}), flush=True)
os._exit(0)
"""


def test_faults_wait_for_a_hole_to_be_punched(scratch):
    place = scratch.fs("ext4", "punched", "64M")
    traced = tracing.trace_script(scratch.dir, PUNCHED, f"{place.mnt}/file")
    assert traced.report["totals"]["submits"] == traced.load["submits"]
    causes = {cause["id"]: cause for row in traced.report["filesystems"] for cause in row["causes"]}
    assert causes["ubuf.fault_other"]["sleeps"] >= 5, causes.keys()
    assert all("shmem_fault" in stack["frames"] for stack in causes["ubuf.fault_other"]["stacks"])
