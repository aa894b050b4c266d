# SPDX-License-Identifier: GPL-2.0
"""
Signals at any time, of those that end, stop and mean nothing to us: no verb hangs, and nothing
is left behind, neither files nor processes nor programs, maps and links in the kernel. FAULTS=200 makes as many runs.
"""
import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

RUNS = min(int(os.environ.get("FAULTS", "24")), 400)
SIGNALS = [signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGPIPE, signal.SIGUSR1,
           signal.SIGTSTP]
# What a verb may leave where it runs: its outputs, and what the load writes.
OURS = {"out", "out.db", "out.prom", "ready", "load"}


def commands(root, where):
    load = ["--", root / "build" / "tools" / "aioload", "--pattern", "append", "--bs", "4k",
            "--batch", "1", "--calls", "3000", "--file", where / "load"]
    return {
        "stat": ["stat", "-o", where / "out", "--ready-file", where / "ready", *load],
        "record": ["record", "-o", where / "out.db", "--ready-file", where / "ready", *load],
        "trace": ["trace", "-o", where / "out", *load],
        "top": ["top", "-b", "-n", "9"],
        "serve": ["serve", "--textfile", where / "out.prom", "--listen", "127.0.0.1:0"],
    }


def members(session):
    """Processes of the session that have not ended."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                name, rest = file.read().rsplit(")", 1)
        except OSError:
            continue
        if int(rest.split()[3]) == session and rest.split()[0] not in "ZX":
            found[int(pid)] = name.split("(", 1)[1]
    return found


def disturb(proc, chance):
    """Returns what was sent."""
    sent = []
    for _ in range(chance.randint(1, 3)):
        time.sleep(chance.random() ** 2 * 1.5)
        if proc.poll() is not None:
            break
        sent.append(chance.choice(SIGNALS))
        proc.send_signal(sent[-1])
        if sent[-1] == signal.SIGTSTP:
            time.sleep(chance.random() * 0.3)
            proc.send_signal(signal.SIGCONT)
    proc.send_signal(signal.SIGTERM)
    return sent


def listed(kind):
    """Their ids. What goes while bpftool lists them ends its list with an error: it is asked again."""
    end = time.monotonic() + 180
    while time.monotonic() < end:
        done = subprocess.run(["bpftool", "-j", kind], check=False, capture_output=True, text=True)
        entries = json.loads(done.stdout or "[]")
        if isinstance(entries, list) and all("id" in entry for entry in entries):
            return [entry["id"] for entry in entries]
    raise AssertionError(f"bpftool {kind}: {done.stdout} {done.stderr}")


def of_bpf():
    """All programs, maps and links of the kernel."""
    return {(kind, ident) for kind in ("prog", "map", "link") for ident in listed(kind)}


def of_process(pid):
    """Those that a process holds; it opens and closes files meanwhile."""
    found = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as info:
            found |= {(kind, int(ident)) for kind, ident in
                      re.findall(r"^(prog|map|link)_id:\s*(\d+)", info.read(), re.M)}
    return found


def left_by(session, wait_s=180):
    """The load may end by itself: it is ours no more when a signal killed us, as SIGKILL would have."""
    end = time.monotonic() + wait_s
    while (left := members(session)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def test_signals_leave_nothing(root, tmp_path):
    chance = random.Random(12)
    for _ in range(RUNS):
        where = tmp_path / "run"
        where.mkdir()
        verb, command = chance.choice(list(commands(root, where).items()))
        with subprocess.Popen([root / "build" / "aiostall", *command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=where,
                              start_new_session=True) as proc:
            try:
                sent = disturb(proc, chance)
                stderr = proc.communicate(timeout=180)[1]
            finally:
                proc.kill()
        told = (verb, sent, proc.returncode, stderr)
        killed = -proc.returncode in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT, signal.SIGUSR1,
                                      signal.SIGPIPE)
        assert killed or proc.returncode in (0, 1, 2, 3), told
        assert not left_by(proc.pid), told
        # as after SIGKILL: who reads the recording takes its last transaction back
        journal = {"out.db-journal"} if killed else set()
        assert set(os.listdir(where)) <= OURS | journal, told
        shutil.rmtree(where)


@pytest.mark.skipif(not shutil.which("bpftool"), reason="needs bpftool")
@pytest.mark.parametrize("sig", [signal.SIGUSR1, signal.SIGKILL])
def test_killed_leaves_nothing_in_the_kernel(root, tmp_path, sig):
    ready = tmp_path / "ready"
    with subprocess.Popen([root / "build" / "aiostall", "stat", "-p", str(os.getpid()), "--ready-file", ready],
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as proc:
        end = time.monotonic() + 180
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.02)
        mine = of_process(proc.pid) & of_bpf()
        proc.send_signal(sig)
        assert proc.wait(180) == -sig
    assert mine, "it has programs while it runs"
    end = time.monotonic() + 180
    while (left := mine & of_bpf()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left
