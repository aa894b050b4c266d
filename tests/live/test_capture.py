# SPDX-License-Identifier: GPL-2.0
"""A capture in steps: who sleeps is told while it sleeps, and a report is that of an end there."""
import json
import subprocess

import helpers
import tracing
from test_unfinished import (  # noqa: F401  pylint: disable=unused-import
    check_entry, hold, load_args, release, slow_fixture)

STEPPER = helpers.AIOSTALL.parent / "tests" / "stepper"


class Stepper:
    """A capture of one process, asked by letters."""

    def __init__(self, pid):
        self.proc = subprocess.Popen([STEPPER, str(pid)], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        assert self.proc.stdout.readline() == "ready\n"

    def ask(self, letter):
        self.proc.stdin.write(letter)
        self.proc.stdin.flush()
        return json.loads(self.proc.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.proc.stdin.close()
        assert self.proc.wait(30) == 0


def without_time(report):
    report = json.loads(json.dumps(report))
    del report["capture"]["duration_ns"]
    for fs in report["filesystems"]:
        del fs["time_share"]
    return report


def test_reports_while_it_goes_on(scratch, slow):
    with tracing.waiting(scratch, load_args(slow)) as load:
        hold(scratch, slow)
        with Stepper(load.pid) as stepper:
            assert stepper.ask("a") == []
            assert stepper.ask("r")["totals"]["submits"] == 0
            load.go()
            tracing.wait_in_submit(load.pid)
            first, second = stepper.ask("a"), stepper.ask("a")
            assert [s["tid"] for s in first] == [s["tid"] for s in second] == [load.pid]
            assert first[0]["fstype"] == "ext4"
            assert 0 < first[0]["age_ns"] < second[0]["age_ns"]
            asleep = stepper.ask("r")
            assert len(asleep["unfinished"]) == 1
            check_entry(asleep["unfinished"][0], load, slow)
            assert len(stepper.ask("r")["unfinished"]) == 1
            release(scratch, slow)
            figures = load.done()
            assert stepper.ask("a") == []
            before = stepper.ask("r")
            assert before["unfinished"] == []
            assert before["totals"]["submits"] == figures["submits"] == 3
            assert before["totals"]["sleeps"] == sum(fs["sleeps"] for fs in before["filesystems"])
            final = stepper.ask("s")
    assert without_time(before) == without_time(final)
