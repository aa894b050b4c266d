# SPDX-License-Identifier: GPL-2.0
"""Fixtures of the tests that trace real calls. See helpers.py for the rest."""
import os
import time

import pytest

import helpers
import witness


def pytest_configure(config):
    config.addinivalue_line("markers", "remedies: measures advice, in make check-remedies only")


@pytest.fixture(autouse=True, scope="session")
def _host():
    helpers.need_root()
    # Not a reason to skip: the tests are started by what builds them.
    for path in (helpers.AIOSTALL, helpers.AIOLOAD):
        assert path.exists(), f"{path} is missing: make all tools"


def _read_log(fd):
    lines = []
    while True:
        try:
            lines.append(os.read(fd, 8192).decode(errors="replace"))
        except BlockingIOError:
            return lines
        except BrokenPipeError:
            # overwritten before it was read; the next read goes on behind the gap
            continue


@pytest.fixture(autouse=True)
def _no_splat():
    """The kernel complains about nothing while a test runs."""
    try:
        fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        yield
        return
    try:
        os.lseek(fd, 0, os.SEEK_END)
        yield
        splats = helpers.splats(_read_log(fd))
        assert not splats, splats
    finally:
        os.close(fd)


@pytest.fixture(name="scratch")
def scratch_fixture():
    """Scratch filesystems and devices of one test, removed when it ends."""
    scratch = helpers.Scratch()
    yield scratch
    scratch.close()


WITNESS, SAID, BEGAN_NS = pytest.StashKey(), pytest.StashKey(), pytest.StashKey()


@pytest.fixture(autouse=True, scope="session")
def _witness(request, _host):
    """Sees all tests of this folder run; what it saw stands below the failures."""
    seeing = request.config.stash[WITNESS] = witness.Witness()
    yield
    del request.config.stash[WITNESS]
    sums = seeing.close()
    request.config.stash[SAID] = witness.statistics(sums, seeing.seen)


def pytest_runtest_setup(item):
    item.stash[BEGAN_NS] = time.monotonic_ns()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Tells with each failure which switches were hidden meanwhile. They are no excuse."""
    del call
    report = (yield).get_result()
    seeing = item.config.stash.get(WITNESS, None)
    if report.failed and seeing:
        gaps = seeing.hidden(item.stash[BEGAN_NS])
        report.sections.append(("witness of switches", witness.in_words(gaps)))


def pytest_terminal_summary(terminalreporter, config):
    if SAID in config.stash:
        terminalreporter.write_line(config.stash[SAID])
