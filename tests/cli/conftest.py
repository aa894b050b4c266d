# SPDX-License-Identifier: GPL-2.0
"""The built binary, run without a terminal and in a fixed locale."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "build" / "aiostall"


@pytest.fixture(name="root")
def root_fixture():
    return ROOT


@pytest.fixture(name="binary")
def binary_fixture():
    return str(BINARY)


@pytest.fixture(name="aiostall", scope="session")
def aiostall_fixture():
    def run(*args, **kwargs):
        env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
        env.pop("NO_COLOR", None)
        kwargs.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([str(BINARY), *args], stdin=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=60, env=env,
                              check=False, **kwargs)
    return run
