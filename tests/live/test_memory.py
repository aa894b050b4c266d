# SPDX-License-Identifier: GPL-2.0
"""A cgroup's memory limit: tracing works in it, or says why not; the kernel kills nobody for it."""
import contextlib
import json
import os
import pathlib
import re

import pytest

from helpers import AIOLOAD, AIOSTALL, remove_cgroup, run

UNIFIED = pathlib.Path("/sys/fs/cgroup")
LEGACY = UNIFIED / "memory"
VERBS = {"stat": ["stat", "-d", "500ms"], "trace": ["trace", "-d", "500ms"], "check": ["check"],
         "record": ["record", "-d", "500ms", "-o", "recording"]}
RUNS = 8
NO_ROOM = r"the memory limit of cgroup \S+ leaves \d+ of \d+ MiB, and tracing takes \d+ MiB\n"


class Group:
    """A memory cgroup of the host's version."""

    def __init__(self):
        self.legacy = (LEGACY / "memory.limit_in_bytes").exists()
        self.dir = (LEGACY if self.legacy else UNIFIED) / f"aiostall-test-{os.getpid()}"

    def limit(self, mib):
        swap, limit = ("memory.memsw.limit_in_bytes", "memory.limit_in_bytes") if self.legacy \
            else ("memory.swap.max", "memory.max")
        size = mib << 20
        order = [(limit, size), (swap, size if self.legacy else 0)]
        for name, value in order:
            with contextlib.suppress(FileNotFoundError):
                (self.dir / name).write_text(f"{value}\n", encoding="ascii")

    def kills(self):
        text = (self.dir / ("memory.oom_control" if self.legacy else "memory.events")).read_text(
            encoding="ascii")
        return int(re.search(r"^oom_kill (\d+)$", text, re.MULTILINE).group(1))

    def run(self, argv, **kwargs):
        enter = f"echo $$ >{self.dir}/cgroup.procs && exec \"$@\""
        return run(["sh", "-c", enter, "sh", *argv], **kwargs)


@pytest.fixture(name="group")
def group_fixture():
    group = Group()
    try:
        if not group.legacy:
            (UNIFIED / "cgroup.subtree_control").write_text("+memory", encoding="ascii")
        group.dir.mkdir()
    except OSError:
        pytest.skip("needs a memory cgroup of its own")
    if not any((group.dir / n).exists() for n in ("memory.max", "memory.limit_in_bytes")):
        group.dir.rmdir()
        pytest.skip("needs the memory controller of cgroups")
    yield group
    remove_cgroup(group.dir)


@pytest.mark.parametrize("mib", [15, 30, 60])
@pytest.mark.parametrize("verb", VERBS)
def test_a_limit_is_never_met_by_the_oom_killer(group, tmp_path, verb, mib):
    group.limit(mib)
    done = group.run([AIOSTALL, *VERBS[verb]], cwd=tmp_path)
    assert group.kills() == 0
    if mib < 40:
        assert done.status == 1
    assert done.status in (0, 1, 3), done.stderr
    assert done.status != 1 or re.search(NO_ROOM, done.stderr), done.stderr
    assert done.status != 1 or "raise its memory.max" in done.stderr


@pytest.mark.parametrize("mib,smaller", [(60, True), (300, False)])
def test_tables_are_smaller_where_the_limit_is_tight(group, tmp_path, mib, smaller):
    """With room for them, every call is seen all the same."""
    group.limit(mib)
    done = group.run([AIOSTALL, "record", "-o", tmp_path / "recording", "--", AIOLOAD, "--pattern",
                      "pipe", "--file", tmp_path / "pipe", "--calls", "503", "--feed-delay-us",
                      "300"], cwd=tmp_path)
    if done.status == 1 and re.search(NO_ROOM, done.stderr):
        pytest.skip("needs fewer CPUs")
    assert done.status == 0, done.stderr
    assert ("with smaller tables" in done.stderr) == smaller
    shown = run([AIOSTALL, "report", "--format", "json", tmp_path / "recording"])
    report = json.loads(shown.stdout)
    assert report["totals"]["submits"] == 503
    assert not report["loss"]["any"]
    assert group.kills() == 0


def test_started_again_at_once(group, tmp_path):
    """What the one before had may not be free yet, and nothing else is in the way of the next one."""
    group.limit(60)
    for _ in range(RUNS):
        done = group.run([AIOSTALL, "stat", "-p", os.getpid(), "-d", "10ms"], cwd=tmp_path)
        assert done.status == 0, done.stderr
    assert group.kills() == 0
