# SPDX-License-Identifier: GPL-2.0
"""Fixtures of the tests that trace real calls. See helpers.py for the rest."""
import os
import pathlib
import re

import pytest
from _pytest.runner import runtestprotocol

import helpers

SPLAT = re.compile(r"BUG:|Oops|general protection|WARNING: |soft lockup|KASAN|RIP: 0010")


def pytest_configure(config):
    config.addinivalue_line("markers",
                            "witness_kb(n): size for each CPU of the witness of switches")


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
        splats = [line for line in _read_log(fd) if SPLAT.search(line)]
        assert not splats, splats
    finally:
        os.close(fd)


@pytest.fixture(name="scratch")
def scratch_fixture():
    """Scratch filesystems and devices of one test, removed when it ends."""
    scratch = helpers.Scratch()
    yield scratch
    scratch.close()


def tell(reports, said):
    """Adds what the witness of switches has to say to each failure."""
    for report in reports:
        if report.failed:
            report.sections.append(("witness of switches", said))


def pytest_runtest_protocol(item, nextitem):
    """
    A test that fails while the kernel kept switches from every tracer shows nothing about this one,
    and runs again. One that fails although ftrace saw them all, or every time, has failed.
    """
    if pathlib.Path(__file__).parent not in item.path.parents:
        return None
    mark = item.get_closest_marker("witness_kb")
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for _ in range(helpers.RERUNS):
        with helpers.Switches(*(mark.args if mark else ())) as switches:
            reports = runtestprotocol(item, nextitem=nextitem, log=False)
            failed = any(report.failed for report in reports)
            hidden = failed and switches.any_hidden()
            lost = switches.lost() if failed else 0
        if lost:
            tell(reports, f"It lost {lost} events itself: hidden switches may be among them.")
        if not hidden:
            break
        item._initrequest()  # pylint: disable=protected-access
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
