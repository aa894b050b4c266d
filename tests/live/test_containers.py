# SPDX-License-Identifier: GPL-2.0
"""Containers of the engines that this machine has: named as their engine names them, and by that name."""
import json
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

import helpers
import tracing

IMAGE = "aiostall-test-load"
# What a machine in a sandbox does not allow is left out: raised limits, a network of its own.
PLAIN = ("--network=host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024")


class Engine:
    """podman or docker, with an image that has a load and nothing else."""

    def __init__(self, name, folder):
        self.name = name
        self.options = [*PLAIN, *(("--runtime=runc",) if name == "podman" and shutil.which("runc") else ())]
        with tarfile.open(folder / "image.tar", "w") as tar:
            tar.add(helpers.AIOLOAD, "aioload")
            tar.add(helpers.AIOSTALL, "aiostall")
        self("import", folder / "image.tar", IMAGE)

    def __call__(self, *args, check=True):
        return subprocess.run([self.name, *map(str, args)], capture_output=True, text=True, timeout=helpers.TIMEOUT,
                              check=check)

    def run(self, *args, check=True):
        return self("run", *self.options, *args, check=check)


@pytest.fixture(name="engine", scope="module", params=["podman", "docker"])
def engine_fixture(request, tmp_path_factory):
    helpers.need_root()
    name = request.param
    if not shutil.which(name):
        pytest.skip(f"needs {name}")
    if subprocess.run([name, "info"], capture_output=True, timeout=helpers.TIMEOUT, check=False).returncode:
        pytest.skip(f"needs {name} that answers")
    engine = Engine(name, tmp_path_factory.mktemp(name))
    tried = engine.run("--rm", IMAGE, "/aioload", "--help", check=False)
    if tried.returncode:
        engine("rmi", IMAGE, check=False)
        pytest.skip(f"needs {name} that runs a container here: {tried.stderr.strip()[-200:]}")
    yield engine
    engine("rmi", "-f", IMAGE, check=False)


def test_it_has_the_name_that_its_engine_gave_it(scratch, engine):
    name = f"shop-{os.getpid()}"
    folder = pathlib.Path(scratch.dir)
    engine.run("-d", f"--name={name}", f"--volume={folder}:/work", IMAGE, "/aioload", "--pattern", "pipe",
               "--calls", "30", "--ready-file", "/work/in.ready", "--start-file", "/work/in.start")
    try:
        tracing.wait_path(folder / "in.ready")
        # another load, of no container, is not in it
        with tracing.waiting(scratch, ("--pattern", "pipe", "--calls", "30"), name="out") as other, \
                tracing.attached(scratch, "--by", "container", name="all") as everything, \
                tracing.attached(scratch, "--container", name, name="one") as one:
            other.go()
            (folder / "in.start").touch()
            other.done()
            assert engine("wait", name).stdout.strip() == "0"
            groups, report = everything.stop()["groups"], one.stop()
        told = json.loads(engine("logs", name).stdout)
    finally:
        engine("rm", "-f", name, check=False)
    (group,) = [g for g in groups if g["container"] == name]
    assert group["sleeps"] > 0
    assert report["totals"]["submits"] == told["submits"] == 30


def test_what_is_missing_inside_is_named(engine):
    own = engine.run("--rm", IMAGE, "/aiostall", "-d", "1s", check=False)
    assert own.returncode == 1 and "--pid=host" in own.stderr
    plain = engine.run("--rm", "--pid=host", IMAGE, "/aiostall", "-d", "1s", check=False)
    assert plain.returncode == 1 and "CAP_BPF and CAP_PERFMON missing" in plain.stderr
