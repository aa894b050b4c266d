# SPDX-License-Identifier: GPL-2.0
"""
What tracing costs, as far as it does not depend on how busy the host is: the instructions of the
paths that everybody pays for, look-ups, wake-ups, the size of the binary; and the tracer's own
account of it.
"""
import json
import os
import re
import shutil
import subprocess
import time

import pytest

import helpers
import tracing

# An empty program has two. A switch looks into its CPU's slot and at two counters: may the thread
# that comes be one that sleeps in io_submit, and may the one that leaves, which came unseen. What a
# sleep needs is a function of its own.
SWITCH_INSTRUCTIONS = 40
WAKING_INSTRUCTIONS = 14
# Look-ups in hash tables, of some 25 ns each, that each function may contain: the record of the thread, where
# it is not the one that was inside last on the CPU, and a row whose number the record does not know.
# count_requests runs for each eight requests, count_request for the first one of a descriptor.
# came_back_by_exit, for a return that was shown to no tracer, finds two rows. call_unseen is for an exit
# whose entry the kernel skipped; retire, for a thread whose number was another one's, finds that one's
# process; count_failure is for calls that fail.
LOOKUPS = {"call_unseen": 1, "retire": 1, "count_failure": 1, "came_back_by_exit": 2, "enter_": 1,
           "exit_": 2, "count_requests": 0, "count_request": 0, "flush_call": 0, "flush_row": 1,
           "flush_only": 1, "uring_flush": 0, "known_row": 1, "new_row": 0, "hist_bucket": 0,
           "iovec_bytes": 0, "count_many": 0, "forget_requests": 0, "new_call": 0}
# What the verifier goes through at a start, some 0.8 us each: 178,600 where this was written.
VERIFIED_INSTRUCTIONS = 181_000
BINARY_BYTES = 4 << 20
EVENT_BYTES = 280

INSTRUCTION = re.compile(r"^ *(\d+): \([0-9a-f]{2}\) (.*)$")
FUNCTION = re.compile(r"^\w[\w *]*?(\w+)\(.*\):$")
LOAD = re.compile(r"^(r\d+) = \*\(u\d+ \*\)\((?!r10 )")
JUMP = re.compile(r"^if (r\d+) (==|!=) 0x0 goto pc([+-]\d+)$")
GOTO = re.compile(r"^goto pc([+-]\d+)$")
WRITE = re.compile(r"^(r\d+) .?.?= ")


def bpftool():
    for path in (shutil.which("bpftool"), "/usr/sbin/bpftool"):
        if path and os.path.exists(path):
            return path
    return pytest.skip("needs bpftool")


def programs_of(pid):
    """{name: lines} of the programs that a process holds, as the kernel runs them."""
    ids = set()
    for text in helpers.fdinfo(pid):
        ids.update(re.findall(r"^prog_id:\s+(\d+)", text, re.M))
    found = {}
    for ident in ids:
        said = subprocess.run([bpftool(), "-j", "prog", "show", "id", ident], check=True,
                              capture_output=True, text=True).stdout
        dump = subprocess.run([bpftool(), "prog", "dump", "xlated", "id", ident], check=True,
                              capture_output=True, text=True).stdout
        found[json.loads(said)["name"]] = dump.splitlines()
    return found


@pytest.fixture(name="programs", scope="module")
def programs_fixture():
    scratch = helpers.Scratch()
    try:
        with tracing.attached(scratch, "-d", "60") as tracer:
            programs = programs_of(tracer.proc.pid)
            tracer.stop()
    finally:
        scratch.close()
    assert programs
    return programs


def named(programs, start):
    found = [lines for name, lines in programs.items() if name.startswith(start)]
    assert found, sorted(programs)
    return found[0]


def instructions(lines):
    return {int(m.group(1)): m.group(2) for m in map(INSTRUCTION.match, lines) if m}


def idle_path(lines):
    """Instructions that run when everything that is read is 0: no submit is under way."""
    code, at, done, zero = instructions(lines), 0, [], set()
    while True:
        # of a constant of 64 bits the second half has no line
        at = min(n for n in code if n >= at)
        text = code[at]
        done.append(text)
        at += 1
        if text == "exit":
            return done
        assert len(done) < 1000 and not text.startswith("call"), done
        jump, goto, load, write = (r.match(text) for r in (JUMP, GOTO, LOAD, WRITE))
        if goto:
            at += int(goto.group(1))
        elif jump:
            assert jump.group(1) in zero, (text, done)
            if jump.group(2) == "==":
                at += int(jump.group(3))
        elif load:
            zero.add(load.group(1))
        elif write:
            zero.discard(write.group(1))


def test_switches_of_others_are_cheap(programs):
    assert len(idle_path(named(programs, "switch_"))) <= SWITCH_INSTRUCTIONS
    assert len(idle_path(named(programs, "waking_"))) <= WAKING_INSTRUCTIONS


def functions(lines):
    """{function: its calls}."""
    found, name = {}, None
    for line in lines:
        function = FUNCTION.match(line)
        if function:
            name = function.group(1)
            found.setdefault(name, [])
        m = INSTRUCTION.match(line)
        if m and m.group(2).startswith("call "):
            found[name].append(m.group(2))
    return found


def lookup_limit(name):
    for start, most in sorted(LOOKUPS.items(), key=lambda item: -len(item[0])):
        if name == start or start.endswith("_") and name.startswith(start):
            return most
    return None


def test_quiet_submits_look_up_little(programs):
    seen = set()
    for program, lines in programs.items():
        if not re.match(r"(enter|exit)_(tp|fentry|kprobe)", program):
            continue
        for name, calls in functions(lines).items():
            most = lookup_limit(name)
            assert most is not None, f"{name} has no limit"
            seen.add(name)
            # what creates an entry looks again; that is once, not in each submit
            lookups = sum("htab" in c and "lookup" in c for c in calls)
            creates = sum("htab_map_update" in c for c in calls)
            # a thread's first call: the number of its record, in eight attempts, and the record by the thread
            assert creates <= (9 if name == "new_call" else 1), (name, calls)
            assert lookups - creates <= most, (name, calls)
    assert {"count_request", "flush_call", "flush_row"} <= seen


def test_most_requests_of_a_server_look_nothing_up(programs):
    """The like of those that the call has a row for is counted on the CPU."""
    requests = functions(named(programs, "uring_request_"))
    assert not any("htab" in call for call in requests["uring_request_tp"])
    assert any("htab" in call for call in requests["uring_record"])


def field(text, name):
    found = re.search(rf"^{name}:\s+(\d+)$", text, re.M)
    return found and int(found.group(1))


def test_verifier_has_little_to_do(scratch):
    with tracing.attached(scratch, "-d", "60") as tracer:
        told = [(field(text, "prog_id"), field(text, "verified_insns"))
                for text in helpers.fdinfo(tracer.proc.pid)]
        tracer.stop()
    verified = {prog: n for prog, n in told if prog and n}
    if not verified:
        pytest.skip("kernel does not tell how many instructions it has verified (5.16)")
    assert sum(verified.values()) <= VERIFIED_INSTRUCTIONS, verified


def test_no_stall_wakes_the_reader(programs):
    submits = 0
    for lines in programs.values():
        code = [m.group(2) for m in map(INSTRUCTION.match, lines) if m]
        for i, text in enumerate(code):
            assert "ringbuf_output" not in text
            if "bpf_ringbuf_submit" in text or "bpf_ringbuf_discard" in text:
                # BPF_RB_NO_WAKEUP
                assert "r2 = 1" in code[max(0, i - 4):i], code[max(0, i - 8):i + 1]
                submits += 1
    assert submits >= 2


def test_size_of_the_binary(tmp_path):
    strip = shutil.which("strip") or pytest.skip("needs strip")
    subprocess.run([strip, "-o", tmp_path / "stripped", helpers.AIOSTALL], check=True)
    assert os.path.getsize(tmp_path / "stripped") <= BINARY_BYTES


# ---- the tracer's own account ----

def test_self(scratch):
    load = ["--pattern", "pipe", "--calls", "53", "--feed-delay-us", "1000"]
    began = time.monotonic()
    report, figures = tracing.watch(scratch, load, "-p", "@PID@", "--self", "--ring", "1M")
    took_ns = (time.monotonic() - began) * 1e9
    own = report["self"]
    programs = {p["name"]: p for p in own["programs"]}
    enter = next(p for name, p in programs.items() if name.startswith("enter_"))
    assert enter["runs"] >= figures["submits"] == 53
    assert own["programs_ns"] == sum(p["run_ns"] for p in own["programs"]) > 0
    # it traces all the time of the calls, and no longer than it runs
    assert figures["wall_ns"] <= own["traced_ns"] < took_ns
    assert 0 < own["reader_cpu_ns"] < own["traced_ns"]
    assert own["startup_cpu_ns"] > 0
    assert 1 << 20 < own["peak_rss_bytes"] < 1 << 30
    assert own["ring_bytes"] == 1 << 20
    assert EVENT_BYTES <= own["ring_peak_bytes"] < 1 << 20


def test_self_is_not_there_unasked(scratch):
    report, _ = tracing.watch(scratch, ["--pattern", "pipe", "--calls", "3"], "-p", "@PID@")
    assert "self" not in report


def test_self_as_text(scratch):
    with tracing.waiting(scratch, ["--pattern", "pipe", "--calls", "7"]) as load:
        with tracing.attached(scratch, "-p", load.pid, "--self", form="text") as tracer:
            load.go()
            load.done()
            text = tracer.stop()
    assert "COST of tracing" in text
    assert re.search(r"^  enter_\w+ .* runs .* each ", text, re.M), text
