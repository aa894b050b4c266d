# SPDX-License-Identifier: GPL-2.0
"""
The tracer on other kernels. guest.sh runs in each of them and brings out what the tracer and the
loads said; the judging is here. KERNELS in the environment: quick (the oldest and the newest),
full, or names. What changes between kernels is recorded, not asserted.
"""
import json
import math
import os
import pathlib
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "kernels"
OUT = ROOT / "build" / "kernels"
SCRIPT = ROOT / "tests" / "vm" / "guest.sh"
SUBMIT32 = ROOT / "build" / "tests" / "submit32"
INT80 = ROOT / "build" / "tests" / "int80"
ENTER32, ENTER80 = (ROOT / "build" / "tests" / name for name in ("enter32", "enter80"))
# A host that does other things too takes long; alone it takes 90 s.
GUEST_TIMEOUT = 900
SKIPPED, SPLAT = 77, 3
LOSSES = ("events", "stacks", "map_full", "unmatched", "unattributed", "model_evicted", "malformed",
          "skipped", "misjudged")
PARTS = ("on_cpu_ns", "blocked_ns", "runqueue_ns", "preempted_ns")
# Sleeps of 53 appends to a file in memory: each waits, unless its I/O is done before.
LEAST = 15
# Forced one by one in guest.sh; fentry of the others is what is used without --probe.
WAYS = ("submit=fentry", "submit=kprobe", "submit=tracepoint", "submit=none", "compat=kprobe",
        "compat=none", "request=kprobe", "request=scan", "switch=raw_tp")


def kernels():
    """Names from tools/kernels.d/list."""
    wanted = os.environ.get("KERNELS", "quick").split()
    rows = [line.split() for line in (ROOT / "tools/kernels.d/list").read_text().splitlines()
            if line and not line.startswith("#")]
    named = {"full": [r[0] for r in rows if r[3] != "matrix"],
             "quick": [r[0] for r in rows if r[3] == "quick"]}
    return [name for word in wanted for name in named.get(word, [word])]


@dataclass
class Run:
    """One run of the tracer: its report or lines, and what the loads under it said."""
    name: str
    status: int
    err: str
    report: dict
    lines: list
    loads: list

    @property
    def nvcsw(self):
        return sum(load["nvcsw"] for load in self.loads)

    def assert_complete(self):
        last = self.report or (self.lines[-1] if self.lines else {})
        loss = last.get("loss", {})
        assert not {name: loss[name] for name in LOSSES if loss.get(name)}, (self.name, self.err)
        assert self.status == 0 and loss, (self.name, self.status, self.err, loss)


def read_json(text):
    """All JSON values of a text."""
    values, decoder, at = [], json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    return values


@dataclass
class Guest:
    """A kernel, and where its files are."""
    kernel: str
    status: int
    said: str
    out: pathlib.Path

    def text(self, name):
        path = self.out / name
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def observe(self, text):
        """For the table of kernels (table.py)."""
        with open(self.out / "observed", "a", encoding="utf-8") as out:
            out.write(text + "\n")

    def run(self, name):
        if not (self.out / name / "status").exists():
            pytest.fail(f"{self.kernel} did not come to {name}: {self.said}")
        values = read_json(self.text(f"{name}/report"))
        report = values[0] if len(values) == 1 and "schema" in values[0] else None
        return Run(name, int(self.text(f"{name}/status")), self.text(f"{name}/err"), report,
                   [] if report else values, read_json(self.text(f"{name}/load")))

    def ways(self, check="check"):
        """What `aiostall check` said: {"submit": {"fentry": ("used", why), ...}, ...}."""
        needs, need = {}, None
        for line in self.text(check).splitlines():
            head = re.match(r"(\w+): ", line)
            row = re.match(r"  (\w+) +(used|works|no) *(.*)", line)
            if head:
                need = needs.setdefault(head[1], {})
            elif row and need is not None:
                need[row[1]] = (row[2], row[3])
        return needs


def is_foreign(kernel):
    return kernel.endswith("-arm64")


def files_and_devices(kernel):
    """A foreign guest has no dmsetup, and no program of this architecture."""
    files, devices = [SCRIPT], ["null_blk"]
    if not is_foreign(kernel):
        files += [path for path in (SUBMIT32, INT80, ENTER32, ENTER80) if path.exists()]
        devices += ["scsi_debug", "dm-delay"]
    return [word for path in files for word in ("--file", path)] + \
        [word for device in devices for word in ("--device", device)]


def boot(kernel):
    out = OUT / kernel
    subprocess.run(["rm", "-rf", out], check=True)
    out.mkdir(parents=True)
    if is_foreign(kernel) and not (ROOT / "build/arm64/aiostall").exists():
        return Guest(kernel, SKIPPED, "no build/arm64/aiostall: make deps ARCH=arm64", out)
    argv = [TOOL, "run", kernel, "--mem", "1536", "--timeout", str(GUEST_TIMEOUT), "--out", out,
            *files_and_devices(kernel)]
    done = subprocess.run([*map(str, argv), "--", "sh", "guest.sh"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, errors="replace", check=False)
    (out / "status").write_text(f"{done.returncode}\n", encoding="utf-8")
    (out / "said").write_text(done.stderr, encoding="utf-8")
    return Guest(kernel, done.returncode, done.stderr.strip(), out)


@pytest.fixture(name="guests", scope="session")
def guests_fixture():
    """Guests boot side by side, one for each CPU; a test waits for its own."""
    # What cannot be installed shows when the first guest is to be booted.
    subprocess.run([TOOL, "deps"], stdin=subprocess.DEVNULL, check=False)
    with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        yield {kernel: pool.submit(boot, kernel) for kernel in kernels()}


@pytest.fixture(name="guest", scope="module", params=kernels())
def guest_fixture(request, guests):
    guest = guests[request.param].result()
    if guest.status == SKIPPED:
        pytest.skip(f"kernel {guest.kernel}: {guest.said.splitlines()[-1]}")
    return guest


def test_guest_ends_without_a_splat(guest):
    assert guest.status == 0, f"{'splat' if guest.status == SPLAT else 'guest'}: {guest.said}"


def test_every_need_is_met(guest):
    ways = guest.ways()
    assert set(ways) >= {"submit", "compat", "request", "switch"}, guest.text("check")
    for need, alternatives in ways.items():
        assert [way for way, (state, _) in alternatives.items() if state == "used"], need
    assert "Tracing will work." in guest.text("check")


@pytest.mark.parametrize("way", WAYS)
def test_way_by_itself(guest, way):
    """It attaches where check says so, and counts what the kernel counted; else it says why."""
    need, name = way.split("=")
    state, why = guest.ways()[need][name]
    run = guest.run(f"probe-{way}")
    if state == "no":
        assert run.status == 1 and why in run.err, run.err
        pytest.skip(f"{guest.kernel} has no {way}: {why}")
    run.assert_complete()
    if need != "compat":
        assert run.report["capture"]["probes"][need] == name
    assert_agreement(run)


def assert_agreement(run):
    """Sleeps are voluntary switches, those of a 32-bit program too, whose calls may be unseen."""
    loads = run.loads
    probes = run.report["capture"]["probes"]
    unwatched = probes["submit"] == "none"
    counted = loads[:1] if probes["compat"] == "none" and not unwatched else loads
    totals = run.report["totals"]
    assert sum(load["nvcsw"] for load in loads) >= LEAST, "the load did not block"
    assert totals["submits"] == (None if unwatched else sum(load["submits"] for load in counted))
    assert totals["sleeps"] == sum(load["nvcsw"] for load in loads)
    assert run.report["loss"]["uncounted_sleeps"] == sum(
        load["nvcsw"] for load in loads[len(counted):])


def test_agreement(guest):
    run = guest.run("probe-best")
    run.assert_complete()
    assert run.loads[0]["nvcsw"] >= 10 * LEAST
    assert_agreement(run)
    assert [fs["fstype"] for fs in run.report["filesystems"]] == ["ext4"]
    causes = run.report["filesystems"][0]["causes"]
    assert causes[0]["id"] == "ext4.dio_sync", causes
    assert causes[0]["sleeps"] >= 0.9 * run.report["totals"]["sleeps"]


@pytest.mark.parametrize("program, suffix, calls", ((SUBMIT32, "-32", 31), (INT80, "-int80", 37)),
                         ids=("32-bit program", "int 0x80"))
def test_32_bit_calls(guest, program, suffix, calls):
    """On each way that there is: their number in test_agreement and its like, their files here."""
    if is_foreign(guest.kernel):
        pytest.skip(f"{guest.kernel}: no 32-bit program for this architecture")
    if not program.exists():
        pytest.skip(f"no compiler for {program.name}")
    run = guest.run("probe-best")
    load = next((load for load in run.loads if load["submits"] == calls), None)
    assert load, (run.loads, run.err)
    rows = [f for fs in run.report["filesystems"] for f in fs["files"] if suffix in f["path"]]
    if guest.ways()["compat"]["none"][0] == "used":
        pytest.skip(f"{guest.kernel} shows no submits of 32-bit programs")
    assert load["nvcsw"] >= LEAST // 2
    assert sum(row["sleeps"] for row in rows) == load["nvcsw"]


def test_32_bit_calls_of_io_uring(guest):
    """Two programs, each of 53 calls of one request that they wait for."""
    if is_foreign(guest.kernel) or not ENTER80.exists():
        pytest.skip(f"{guest.kernel}: no 32-bit program for this architecture")
    run = guest.run("uring32")
    if guest.ways()["enter32"]["none"][0] == "used":
        pytest.skip(f"{guest.kernel} shows no calls of io_uring_enter of 32-bit programs")
    totals, loads = run.report["totals"], [load for load in run.loads if "enters" in load]
    assert len(loads) == (2 if ENTER32.exists() else 1), run.err
    assert totals["submits"] == totals["requests"] == 53 * len(loads)
    assert totals["sleeps"] + totals["taskwork_sleeps"] + totals["waits"] == \
        sum(load["nvcsw"] for load in loads)
    assert totals["punted"] == totals["submits"] and totals["bytes"] == 4096 * totals["requests"]


@pytest.mark.parametrize("take", ("fentry", "kprobe", "sleep"))
def test_how_long_workers_are_waited_for(guest, take):
    """Appends are punted, and workers take each of them."""
    if guest.ways()["take"][take][0] == "no":
        pytest.skip(f"{guest.kernel} has no {take}")
    report = guest.run(f"take-{take}").report
    totals = report["totals"]
    assert totals["punted"] > 0
    # where a worker was preempted in the program, the kernel has it run for no other one meanwhile, and says so
    skipped = re.search(r"\buring_take_\w+ (\d+)", report["loss"]["skipped_programs"])
    missed = int(skipped[1]) if skipped else 0
    if take == "sleep":
        assert 0 < totals["queue_delays"] <= min(totals["punted"], totals["worker_sleeps"])
    else:
        assert totals["punted"] - missed <= totals["queue_delays"] <= totals["punted"]
    assert 0 < totals["max_queue_delay_ns"] <= totals["queue_delay_ns"]


def ring_row(report, device):
    (row,) = [f for f in report["filesystems"]
              if (f["api"], f["fstype"]) == ("io_uring", "blockdev") and device in f["device_name"]]
    return row


def test_what_a_device_without_tags_gives_back(guest):
    """Kernels from 6.10 on mark requests that were begun; older ones do not tell them from the refused."""
    if not (guest.out / "punt-null_blk").exists():
        pytest.skip(f"{guest.kernel} has no null_blk")
    row = ring_row(guest.run("punt-null_blk").report, "nullb")
    told = row["punted_refused"] + row["punted_reissued"]
    assert row["punted"] == row["punted_tried"] > 17 and row["punted_device"] == 0
    if told:
        assert row["punted_reissued"] == row["punted"]
    guest.observe(f"of {row['punted']} requests punted for want of tags {row['punted_reissued']} are known to "
                  "have been begun")


def test_the_device_that_cannot_do_without_waiting(guest):
    if is_foreign(guest.kernel) or not (guest.out / "punt-dm-delay").exists():
        pytest.skip(f"{guest.kernel} has no dm-delay")
    row = ring_row(guest.run("punt-dm-delay").report, "dm-")
    assert row["punted"] == row["punted_unable"] == row["punted_device"] == row["requests"]
    assert row["waiting_device"] == f"{row['device_name']} (delay)"
    ops = row["queue_delay_ops"]
    assert ops["read"]["requests"] == row["queue_delays"] == row["punted"]
    assert ops["read"]["delay_ns"] == row["queue_delay_ns"]
    assert not ops["write"]["requests"] and not ops["other"]["requests"]


def test_parts_add_up_to_wall_time(guest):
    run = guest.run("conservation")
    run.assert_complete()
    submits = [line for line in run.lines if line["type"] == "submit"]
    stalls = [line for line in run.lines if line["type"] == "stall"]
    assert len(submits) == run.loads[0]["submits"]
    assert sum(s["preempted_ns"] + s["runqueue_ns"] for s in submits) > 0, "no hog in the way"
    assert len(stalls) == run.nvcsw
    for submit in submits:
        wrong = abs(sum(submit[part] for part in PARTS) - submit["wall_ns"])
        assert wrong <= max(submit["wall_ns"] // 1000, 2000), submit
    per_call = run.loads[0]["threads"][0]["per_call"]["nvcsw"]
    submits.sort(key=lambda s: s["call_seq"])
    assert [s["sleeps"] for s in submits] == per_call


# As aioload lays out the files of a batch of guest.sh, four requests apart.
BATCH, FILES, BS, BLOCKS = 8, 4, 4096, (2 << 20) // 4096


def place_of(path, offset):
    """(call from 1, index from 0) of the request at that offset of that file."""
    turn = [name in path for name in ("/slow/", "/mixed-", "/grow-", "/read-")].index(True)
    n = offset // BS
    if turn in (1, 3):
        stride = BLOCKS * 618 // 1000 + 1
        while math.gcd(stride, BLOCKS) != 1:
            stride += 1
        n = next(i for i in range(BLOCKS) if (1 + i * stride) % BLOCKS == n)
    per_call = BATCH // FILES
    return n // per_call + 1, n % per_call * FILES + turn


@pytest.mark.parametrize("request_way", ("best", "scan"))
def test_attribution_in_a_mixed_batch(guest, request_way):
    run = guest.run(f"mixed-{request_way}")
    run.assert_complete()
    stalls = [line for line in run.lines if line["type"] == "stall"]
    used = [way for way, (state, _) in guest.ways()["request"].items() if state == "used"][0]
    assert len(stalls) == run.nvcsw >= run.loads[0]["submits"]
    right = [s for s in stalls if s["request"] != "batch" and
             (s["call_seq"], s["index"]) == place_of(s["path"], s["offset"])]
    # On a slow device every append sleeps, unless the host lets the guest stand still between the
    # append and its sleep for as long as the device takes: it then finds that it is done.
    slow = {(s["call_seq"], s["index"]) for s in right if s["path"].startswith("/mnt/slow/")}
    appends = 0 if is_foreign(guest.kernel) else 2 * run.loads[0]["submits"]
    assert 0.9 * appends <= len(slow) <= appends
    if request_way == "best" and used != "scan":
        assert {s["request"] for s in stalls} == {"exact"}
        assert len(right) == len(stalls)
        loss = run.lines[-1]["loss"]
        agree, all_scans = loss["scan_agree"], loss["scan_agree"] + loss["scan_disagree"]
        guest.observe(f"the stack scan finds the request that the probe names in {agree} of "
                      f"{all_scans} sleeps")
        assert agree >= 0.95 * all_scans > 0
    else:
        guest.observe(f"without a request probe, {len(right)} of {len(stalls)} sleeps "
                      "have the right request")
        assert {s["request"] for s in stalls} <= {"scanned", "batch"}
        assert len(right) >= 0.95 * len(stalls)


# Place: part of its mount or device, cause, least share of its sleeps, least longest sleep.
CAUSES = {
    "ext4 on dm-delay": ("/mnt/slow", "ext4.dio_sync", 0.9, 30_000_000),
    "frozen ext4": ("/mnt/ext4", "vfs.freeze", 0.8, 5_000_000),
    "null_blk": ("nullb0", "blk.tag", 0.9, 12_000_000),
    "scsi_debug": ("sd", "blk.tag", 0.9, 12_000_000),
    "xfs": ("/mnt/xfs", "xfs.append_wait", 0.8, 0),
    "f2fs": ("/mnt/f2fs", "f2fs.", 0.8, 0),
}


def row_of(guest, where):
    """The row of that mount or device, and the load that ran there; None if the kernel has none."""
    run = guest.run("causes")
    run.assert_complete()
    rows = [fs for fs in run.report["filesystems"]
            if fs["mount"] == where or
            (fs["fstype"] == "blockdev" and fs["device_name"].startswith(where))]
    prefix = where if where.startswith("/mnt/") else f"/dev/{where}"
    loads = [load for load in run.loads if load["files"][0]["path"].startswith(prefix)]
    assert len(rows) == len(loads) <= 1, (where, rows)
    return (rows[0], loads[0]) if rows else (None, None)


@pytest.mark.parametrize("place", CAUSES)
def test_cause(guest, place):
    where, cause, share, longest_ns = CAUSES[place]
    row, load = row_of(guest, where)
    if not row:
        pytest.skip(f"kernel {guest.kernel} has no {place}")
    assert row["submits"] == load["submits"]
    assert row["sleeps"] == load["nvcsw"] > 0
    named = [c for c in row["causes"] if c["id"].startswith(cause)]
    assert sum(c["sleeps"] for c in named) >= share * row["sleeps"], row["causes"]
    assert max(c["max_ns"] for c in named) >= longest_ns
    if cause == "blk.tag":
        # One tag: all but the first request of each call of four wait for it, unless the host lets the
        # guest stand still between two of them for as long as the device takes.
        assert row["sleeps"] >= 2 * load["submits"]


def test_btrfs_direct_append(guest):
    """Asynchronous up to 6.1, blocking on 6.12 to 7.2, asynchronous again on 7.3: an observation."""
    row, load = row_of(guest, "/mnt/btrfs")
    if not row:
        pytest.skip(f"kernel {guest.kernel} has no btrfs")
    causes = ", ".join(f"{c['id']} {c['sleeps']}" for c in row["causes"])
    guest.observe(f"btrfs direct append: {row['sleeps']} sleeps in {row['requests']} requests: "
                  f"{causes or 'none'}")
    assert row["sleeps"] == load["nvcsw"]


def test_wall_clock_jumps(guest):
    """By 400 days forward and back in the middle of the calls: nothing is measured by it."""
    run = guest.run("clock")
    run.assert_complete()
    days = (int(guest.text("jumped")) - int(guest.text("before-jump"))) / 86400
    assert days > 399, "the clock did not jump"
    totals = run.report["totals"]
    assert totals["submits"] == run.loads[0]["submits"] == 307
    assert totals["sleeps"] == run.nvcsw >= LEAST
    lasted = run.report["capture"]["duration_ns"]
    assert totals["wall_ns"] <= lasted < 120_000_000_000
    assert sum(totals[part] for part in PARTS) <= totals["wall_ns"] * 1.001 + 307 * 2000


def test_btf_from_a_file(guest):
    """Without BTF an error says how to get one; with a file all works but fentry and tp_btf."""
    none = guest.run("no-btf")
    assert none.status == 1 and "no BTF" in none.err and "--btf FILE" in none.err, none.err
    run = guest.run("btf")
    run.assert_complete()
    assert run.report["totals"]["submits"] == run.loads[0]["submits"]
    assert run.report["totals"]["sleeps"] == run.nvcsw >= LEAST
    probes = run.report["capture"]["probes"]
    assert (probes["submit"], probes["switch"]) == ("kprobe", "raw_tp")
    assert guest.ways("check-btf")["submit"]["fentry"][0] == "no"


@pytest.mark.parametrize("end", ("after", "killed"))
def test_nothing_stays_attached(guest, end):
    """Programs, maps, links and kprobes are those of before."""
    assert "prog " in guest.text("programs-attached"), "a tracer that runs is not seen"
    assert guest.text(f"programs-{end}") == guest.text("programs-before")


def test_qualify(guest):
    """What the source of all kernels says of ext4, with its cause; and requests by three engines."""
    run = guest.run("qualify")
    assert run.status == 0, run.err
    cells = {(cell["row"], cell["engine"]): cell for cell in run.report["cells"]}
    assert run.report["traced"] is True, run.report["untraced_why"]
    append = cells["append-d4", "aio"]
    assert append["verdict"] == "synchronous"
    assert append["cause"]["id"] == "ext4.dio_sync"
    assert append["cause"]["traced_sleeps"] == append["sleeps"]
    assert cells["overwrite-d4", "aio"]["verdict"] in ("async", "rare")
    assert cells["read-cached", "aio"]["verdict"] == "cached"
    for engine in ("uring", "threads"):
        cell = cells["append-d4", engine]
        assert cell["verdict"] == "n/a" and cell["reason"].startswith("not available") or \
            cell["requests"] > 0
    verdicts = sorted(f"{row} {engine} {cell['verdict']}" for (row, engine), cell in cells.items())
    guest.observe("qualify: " + ", ".join(verdicts))
