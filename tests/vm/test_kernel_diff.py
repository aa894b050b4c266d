# SPDX-License-Identifier: GPL-2.0
"""diff between recordings of several kernels; diff.sh makes them and says what must be so."""
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent


@pytest.mark.parametrize("filesystem", ["ext4", "btrfs"])
def test_diff_of_kernels(filesystem):
    if os.environ.get("KERNELS") != "full":
        pytest.skip("needs several kernels: KERNELS=full")
    done = subprocess.run(["bash", str(HERE / "diff.sh"), filesystem], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, timeout=1800)
    if done.returncode == 77:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout
