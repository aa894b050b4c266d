# SPDX-License-Identifier: GPL-2.0
"""
Kernels that can be preempted skip probes. skips.guest.sh runs in each of them, beside another
program that reads BPF maps: every call is either counted or among those that the report says were
skipped.
"""
import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "kernels"
OUT = ROOT / "build" / "kernels" / "skips"
SCRIPT = ROOT / "tests" / "vm" / "skips.guest.sh"
MAPREADER = ROOT / "build" / "tests" / "mapreader"
# Calls of each of four threads: what is asked of all ways together is 0 lost of 10,000.
CALLS = 2503 if "full" in os.environ.get("KERNELS", "") else 211
GUEST_TIMEOUT = 3000 if CALLS > 1000 else 900
SKIPPED = 77
# Kernel, what its command line gets, sets. An RT kernel can always be preempted.
GUESTS = (("6.18", "preempt=full", "quick"), ("6.12-rt", "", "full"),
          ("7.3", "preempt=full", "full"), ("7.3", "preempt=lazy", "full"))
# An emulated CPU may run the breakpoint that stood in code while the other one changed it, although it
# is gone by then (the code in the oops has none), and end a single step that no kprobe waits for any
# more (DR_STEP in exc_debug_kernel() of traps.c, 6.18): not what is tested here.
EMULATED = ("Oops: int3", "exc_debug_kernel")
# How often a guest runs at most until one run lost nothing. Of 10,000 calls each run is asked to.
TIMES = 1 if CALLS > 1000 else 3
WAYS = ("fentry", "kprobe", "tracepoint")


def wanted():
    words = os.environ.get("KERNELS", "quick").split()
    return [(kernel, append) for kernel, append, sets in GUESTS
            if "full" in words or sets in words or kernel in words]


def run_guest(kernel, append, out):
    options = ["--append", append] if append else []
    return subprocess.run(
        [TOOL, "run", kernel, "--smp", "2", "--mem", "1536", "--timeout", str(GUEST_TIMEOUT),
         *options, "--out", out, "--file", SCRIPT, "--file", MAPREADER, "--", "sh", SCRIPT.name, str(CALLS)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)


def one_guest(kernel, append, out):
    """Runs it, and again where the emulator failed."""
    subprocess.run(["rm", "-rf", out], check=True)
    out.mkdir(parents=True)
    for _ in range(4):
        done = run_guest(kernel, append, out)
        if not any(words in done.stderr for words in EMULATED):
            break
    if done.returncode == SKIPPED:
        pytest.skip(f"kernel {kernel}: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def missing(out, way):
    report, load, _, _ = run_of(out, way)
    return load["submits"] - report["totals"]["submits"]


@pytest.fixture(name="guests", scope="module", params=wanted(), ids=" ".join)
def guests_fixture(request):
    """
    The folders of what they said, one for each time it ran: a CPU of the guest that the host does not
    run for a while has programs skipped in numbers that no kernel alone has. Of a call that neither
    sleeps nor is preempted nothing is left then, and it is among those that the report says are lost.
    """
    kernel, append = request.param
    ran = []
    for number in range(TIMES):
        ran.append(OUT / f"{kernel}-{append or 'rt'}.{number}")
        one_guest(kernel, append, ran[-1])
        if not any(missing(ran[-1], way) for way in WAYS):
            break
    return ran


def run_of(guest, name):
    """Report, load, exit status and complaints of one run of the script."""
    said = {what: (guest / name / what).read_text(encoding="utf-8")
            for what in ("report", "load", "status", "err")}
    return json.loads(said["report"]), json.loads(said["load"]), int(said["status"]), said["err"]


def told(loss):
    """Short enough to be shown whole where a test fails."""
    return {name: of for name, of in loss.items() if of}


@pytest.mark.parametrize("way", WAYS)
def test_each_call_is_counted_or_said_to_be_lost(guests, way):
    for guest in guests:
        report, load, status, err = run_of(guest, way)
        submits, loss = report["totals"]["submits"], report["loss"]
        assert load["submits"] == 4 * CALLS and report["capture"]["probes"]["submit"] == way
        assert loss["skipped_unknown"] == ""
        # Whether a program that is no fentry was skipped on a CPU nobody knows: what is said of these is
        # the most that there can be. Calls of the other program, which is not traced, are skipped too
        # and are no loss.
        assert submits <= load["submits"] <= submits + loss["skipped"], (told(loss), err)
        assert loss["skipped"] <= (0 if way == "fentry" else 0.02 * load["submits"]), told(loss)
        assert status == (3 if loss["incomplete"] else 0), err
        assert loss["any"] or loss["unmatched"] == 0


def test_programs_that_a_crowd_holds(guests):
    """What threads hold is the kernel's own count: of what nobody saw as much is said at least, and not all."""
    report, load, status, err = run_of(guests[-1], "crowd")
    submits, loss = report["totals"]["submits"], report["loss"]
    assert load["submits"] == 32 * CALLS
    assert loss["skipped_programs"], "nobody held a program"
    assert submits <= load["submits"] <= submits + loss["skipped"], (told(loss), err)
    assert loss["skipped"] < load["submits"], told(loss)
    assert status == (3 if loss["incomplete"] else 0), err


@pytest.mark.parametrize("way", WAYS)
def test_no_call_is_lost(guests, way):
    """What the first program misses the second sees, or the exit, or the call's first sleep."""
    assert min(abs(missing(guest, way)) for guest in guests) == 0


def test_a_cpu_goes_and_comes(guests):
    guest = guests[-1]
    report, load, status, err = run_of(guest, "hotplug")
    assert int((guest / "gone").read_text(encoding="utf-8")) >= 2, "the load was over before"
    assert load["submits"] == 4 * 1003
    totals, loss = report["totals"], report["loss"]
    assert totals["submits"] + loss["skipped"] == load["submits"], (told(loss), err)
    assert totals["sleeps"] == load["nvcsw"] or loss["any"], (totals, load, loss)
    assert status == (3 if loss["incomplete"] else 0), err
