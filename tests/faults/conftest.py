# SPDX-License-Identifier: GPL-2.0
"""Recordings to read, and the binary in an environment that is always the same."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(name="root", scope="session")
def root_fixture():
    return ROOT


@pytest.fixture(name="recordings", scope="session")
def recordings_fixture(tmp_path_factory):
    where = tmp_path_factory.mktemp("faults")
    made = {"A": where / "a.db", "B": where / "b.db"}
    stack = ROOT / "tests" / "replay" / "stacks" / "blk.tag.stack"
    for path, seconds in zip(made.values(), (5, 7)):
        subprocess.run([ROOT / "build" / "tests" / "make_recording", path, "events=1",
                        f"seconds={seconds}", "submits=9", f"stack={stack}"], check=True)
    return made


@pytest.fixture(name="run", scope="session")
def run_fixture():
    def run(argv, stdin=None, env=(), **kwargs):
        with open(stdin or os.devnull, "rb") as file:
            return subprocess.run(
                argv, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=180,
                check=False, env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC", **dict(env)},
                **kwargs)
    return run


@pytest.fixture(name="live", scope="session")
def live_fixture():
    if os.geteuid():
        pytest.skip("needs root")
