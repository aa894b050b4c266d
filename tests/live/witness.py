# SPDX-License-Identifier: GPL-2.0
"""
A witness of what this host shows to no tracer: a program of its own (tests/witness), with BPF
programs that share nothing with the tracer's. It excuses nothing; it says what was hidden.
"""
import collections
import json
import pathlib
import signal
import tempfile
import time

from helpers import ROOT, TIMEOUT, Program

WITNESS = ROOT / "build" / "tests" / "witness"
# More than this of one test is summed up.
SHOWN = 12


class Witness:
    """Runs until close(); hidden() are the gaps in the switches shown since a time."""

    def __init__(self, *options):
        assert WITNESS.exists(), f"{WITNESS} is missing: make tools"
        self.seen, self.sums, self.rest = [], None, ""
        with tempfile.TemporaryDirectory() as folder:
            ready = pathlib.Path(folder) / "ready"
            self.program = Program([WITNESS, "--ready-file", ready, *options])
            try:
                self.program.wait_file(ready)
            except AssertionError:
                self.program.__exit__()
                raise
        # Not the program's own description of the file: to move in it would move its end too.
        self.said = open(f"/proc/self/fd/{self.program.stdout.fileno()}", encoding="ascii")

    def _read(self):
        """What it has printed since the last time; True once it has answered a sync()."""
        self.rest += self.said.read()
        # the last line may be half written
        *whole, self.rest = self.rest.split("\n")
        lines = [json.loads(line) for line in whole]
        self.seen += [line for line in lines if "kind" in line]
        self.sums = next((line for line in lines if "switches" in line), None)
        return any("synced" in line for line in lines)

    def sync(self):
        """Until everything that happened so far is in seen."""
        self.program.signal(signal.SIGUSR1)
        end = time.monotonic() + TIMEOUT
        while not self._read():
            assert self.program.proc.poll() is None, f"the witness ended: {self.program.text()}"
            assert time.monotonic() < end, "the witness does not answer"
            time.sleep(0.005)

    def hidden(self, since_ns=0):
        self.sync()
        return [gap for gap in self.seen if gap["time_ns"] >= since_ns]

    def close(self):
        """Ends it; the sums are all that it saw."""
        self.program.signal(signal.SIGINT)
        ended = self.program.finish()
        assert ended.status == 0, ended.stderr
        self._read()
        self.said.close()
        self.program.__exit__()
        return self.sums


def in_words(gaps):
    """For a person who reads why a test failed."""
    if not gaps:
        return "every switch of this host was shown while the test ran"
    shown = [f"{gap['time_ns'] / 1e9:.6f} s, CPU {gap['cpu']}: {gap['came']['comm']} "
             f"({gap['came']['tid']}) came, {gap['left']['comm']} ({gap['left']['tid']}) left"
             + (f" having left {gap['times']} times more" if gap["kind"] == "again" else "")
             for gap in gaps[-SHOWN:]]
    return "\n".join([f"{len(gaps)} switches or more were shown to no tracer:",
                      *(["..."] if len(gaps) > SHOWN else []), *shown])


def statistics(sums, gaps):
    whose = collections.Counter(gap["came"]["comm"] for gap in gaps)
    most = ", ".join(f"{n} away from {comm}" for comm, n in whose.most_common(4))
    return (f"witness of switches: {sums['switches']} shown, {sums['hidden']} or more hidden"
            f"{': ' + most if most else ''}; {sums['lost']} lost by itself")
