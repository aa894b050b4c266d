# SPDX-License-Identifier: GPL-2.0
"""The page where it is read: on a terminal that tmux holds, and on the filesystems of its examples."""
import json
import re
import shutil
import subprocess

import pytest

import helpers
import tracing
from helpers import AIOLOAD, AIOSTALL
from test_top import terminal_fixture  # noqa: F401  pylint: disable=unused-import


def text_of(argv, *options):
    done = helpers.run([AIOSTALL, *options, "--", *argv])
    assert done.status == 0, done.stderr
    return done.stdout[done.stdout.rindex("}\n") + 2:] if "}\n" in done.stdout else done.stdout


def load(scratch, fstype="ext4", calls="40", pattern="append"):
    return [AIOLOAD, "--file", f"{scratch.fs(fstype).mnt}/data", "--size", "4M", "--calls", calls,
            "--pattern", pattern]


@pytest.mark.parametrize("pager,last", [("cat", True), ("less", False)])
def test_what_stands_on_the_screen_in_the_end(scratch, terminal, pager, last):
    """Without a pager the verdict, where the screen ends; in a pager the report from its first line."""
    if pager == "less" and not shutil.which("less"):
        pytest.skip("needs less")
    argv = " ".join(map(str, load(scratch)))
    terminal.keys(f"PAGER={pager} {AIOSTALL} -d 60s -- sh -c '{argv} >/dev/null'", "Enter")
    terminal.wait(r"\S\s+^READY>$" if last else r"^:$|\(END\)|lines 1")
    lines = [line for line in terminal.text().splitlines() if line]
    verdict = r"^((hurts|look ) ext4 \S+ |ext4 /\S+: fine)"
    if last:
        while not re.search(verdict, lines[-1]) and len(lines) > 1:
            assert len(lines[-1]) <= 80
            lines.pop()
        assert re.search(verdict, lines[-1]), terminal.text()
    else:
        assert any(re.search(verdict, line) for line in lines[:3]), terminal.text()
        terminal.keys("q")
        terminal.wait(r"READY>$")


def test_two_short_sleeps_are_fine(scratch):
    """No advice for what does not matter."""
    mnt = scratch.fs("ext4").mnt
    text = text_of([AIOLOAD, "--file", f"{mnt}/data", "--size", "8M", "--calls", "20000",
                    "--pattern", "overwrite"], "--severity", "stall=50s:60s,share=90%:95%")
    first = " ".join(text.split("\n\n")[0].split())
    assert re.fullmatch(r"ext4 \S+: fine; (no sleep|1 sleep of \S+|\d+ sleeps, the longest \S+,) "
                        r"in 20,000 submits", first), first
    assert "do:" not in text and "Preallocate" not in text
    assert "Only io_submit" in " ".join(text.split()) and "fsync, pwrite" in " ".join(text.split())


def test_buffered_has_no_all_clear_on_tracepoints(scratch):
    fio = shutil.which("fio")
    if not fio:
        pytest.skip("fio is not installed")
    mnt = scratch.fs("ext4").mnt
    done = subprocess.run([AIOSTALL, "--probe", "submit=tracepoint", "--probe", "complete=none",
                           "--", fio, "--name=x", f"--filename={mnt}/data", "--size=4M",
                           "--ioengine=libaio", "--direct=0", "--rw=randread", "--bs=4k",
                           "--output=/dev/null"], stdout=subprocess.PIPE, text=True, timeout=helpers.TIMEOUT,
                          check=True, env=helpers.environment())
    text = " ".join(done.stdout.split())
    assert re.search(r"none of 1,?024 requests is asynchronous: they are buffered", text), text


def test_btrfs_and_memory_of_512(tmp_path, scratch):
    """The verdict names what most submits slept for, and says why it was buffered."""
    fio = shutil.which("fio")
    if not fio:
        pytest.skip("fio is not installed")
    place = scratch.fs("btrfs", slow=True)
    argv = [fio, "--name=x", f"--filename={place.mnt}/data", "--size=8M", "--ioengine=libaio",
            "--direct=1", "--rw=randread", "--bs=128k", "--iodepth=4", "--iomem_align=512",
            "--fadvise_hint=0"]
    subprocess.run([*argv, "--create_only=1"], stdout=subprocess.DEVNULL, timeout=helpers.TIMEOUT, check=True)
    scratch.remount(place)
    row = helpers.filesystem(tracing.trace(tmp_path, [*argv, "--output=/dev/null"]).report, "btrfs")
    most = next(c for c in row["causes"] if c["id"] == row["most_submits"])
    others = [c for c in row["causes"] if c["id"] != row["most_submits"] and c["submits_blocked"]]
    assert all(most["submits_blocked"] >= c["submits_blocked"] for c in others)
    assert "O_DIRECT" not in re.sub("of O_DIRECT requests", "", most["todo"])
    assert most["id"].startswith("buf."), most["id"]
    assert most["todo"] == ("align the memory of O_DIRECT requests to the block size, or they are "
                            "buffered: it is aligned to 512")
    assert most["name"] in row["verdict"] and most["todo"] in row["verdict"]


def test_when_it_blocked_is_in_the_page(tmp_path, scratch):
    """The times of a live capture add up to the causes of its report, and the first and last have none."""
    argv = load(scratch, calls="200")
    truth = tmp_path / "load.json"
    done = helpers.run([AIOSTALL, "-d", "20s", "--format", "html", "--", "sh", "-c",
                        f"sleep 0.7; {' '.join(map(str, argv))} >{truth}; sleep 0.7"])
    assert done.status == 0, done.stderr
    times = json.loads(re.search(r'id="times">(.*?)</script>', done.stdout, re.S).group(1))
    sleeps = sum(cell[1] for row in times["rows"] for cell in row[2])
    told = re.search(r"; ([\d,.k]+) sleeps? inside them", done.stdout).group(1)
    assert sleeps == int(told.replace(",", "")) == json.loads(truth.read_text())["nvcsw"]
    assert sleeps >= 100, "the load did not block, so it shows nothing"
    used = {cell[0] for row in times["rows"] for cell in row[2]}
    assert 0 < min(used) and max(used) < times["slices"] - 1
    assert times["slices"] * times["slice_ns"] >= 1.4e9
