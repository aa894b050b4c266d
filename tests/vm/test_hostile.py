# SPDX-License-Identifier: GPL-2.0
"""
What a host can do to the tracer: memory limits of cgroup v2, and a program whose code and file are on
NFS when the server is gone. hostile.guest.sh runs in a guest, since a dead mount stays for ever.
"""
import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "kernels"
OUT = ROOT / "build" / "kernels" / "hostile"
STORAGE = ROOT / "tests" / "vm" / "storage.guest.sh"
SCRIPT = ROOT / "tests" / "vm" / "hostile.guest.sh"
DEADNFS = ROOT / "build" / "tests" / "deadnfs"
SKIPPED = 77
NO_ROOM = r"the memory limit of cgroup \S+ leaves \d+ of \d+ MiB, and tracing takes \d+ MiB\n"


@pytest.fixture(name="guest", scope="module")
def guest_fixture():
    """The folder of what it said."""
    subprocess.run(["rm", "-rf", OUT], check=True)
    OUT.mkdir(parents=True)
    done = subprocess.run(
        [TOOL, "run", "6.12", "--timeout", "400", "--out", OUT, "--file", SCRIPT, "--file", STORAGE,
         "--file", DEADNFS, "--", "sh", SCRIPT.name],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == SKIPPED:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return OUT


@pytest.mark.parametrize("mib", [15, 30, 60])
@pytest.mark.parametrize("verb", ["stat", "trace", "check", "record"])
def test_a_limit_is_never_met_by_the_oom_killer(guest, verb, mib):
    said = {what: (guest / f"memcg-{mib}-{verb}" / what).read_text(encoding="utf-8")
            for what in ("status", "err", "events")}
    assert re.search(r"^oom_kill 0$", said["events"], re.MULTILINE), said
    if mib < 40:
        assert said["status"] == "1\n" and re.search(NO_ROOM, said["err"]), said
        assert "raise its memory.max" in said["err"]
    else:
        assert said["status"] == "0\n", said
        assert verb == "check" or "with smaller tables" in said["err"]


def test_a_dead_nfs_holds_nothing_up(guest):
    """Symbols of code on it and the file that is asked for at the end: a look at either hangs."""
    nfs = guest / "nfs"
    if (nfs / "skipped").exists():
        pytest.skip("needs NFS in the guest")
    assert (nfs / "look").read_text(encoding="utf-8") == "hangs\n"
    assert (nfs / "status").read_text(encoding="utf-8") == "0\n"
    assert int((nfs / "seconds").read_text(encoding="utf-8")) < 20
    text = (nfs / "report").read_text(encoding="utf-8")
    report = json.loads(text)
    assert report["totals"]["sleeps"] >= 5 and "code.so" in text
    asleep, = report["unfinished"]
    assert asleep["file"] == "/mnt/nfs/cold" and asleep["fstype"] == "nfs4"
    assert asleep["frames"] and not report["loss"]["any"]
