# SPDX-License-Identifier: GPL-2.0
"""An allocation fails, any one of them: no crash, no hang, no report in part that calls itself whole."""
import json
import os
import random
import re
import struct
import subprocess

import pytest

PLACES = 4096  # in the code, as alloc.c has them
EACH = int(os.environ.get("FAULTS", "24"))
# A and B are recordings.
CASES = {
    "causes": ["causes"], "cause": ["causes", "blk.tag"],
    "paste": ["causes", "--explain", "--format", "json"], "info": ["report", "--info", "A"],
    **{form: ["report", "--format", form, "A"]
       for form in ("text", "json", "csv", "folded", "html", "perfetto")},
    "by": ["report", "--by", "comm,cause", "A"],
    "by-html": ["report", "--by", "comm", "--format", "html", "A"],
    "several": ["report", "--format", "json", "A", "B"],
    "diff": ["diff", "A", "B"], "diff-json": ["diff", "--format", "json", "A", "B"],
}
TRACED = {
    "stat": ["stat", "-d", "50ms", "--format", "json"],
    "trace": ["trace", "-d", "50ms", "--user-stacks"],
    "record": ["record", "-d", "50ms", "-o", "OUT"],
    "check": ["check"],
    "serve": ["serve", "-d", "50ms", "--textfile", "OUT"],
}


@pytest.fixture(name="faulty")
def faulty_fixture(root, recordings, run, tmp_path):
    """The binary, of whose allocations one fails, or all from one on: (end, allocations, failed)."""
    shared = tmp_path / "shared"
    names = {**recordings, "OUT": tmp_path / "out", "FILE": tmp_path / "file",
             "LOAD": root / "build" / "tools" / "aioload"}

    def faulty(argv, at, onward=0, place=0):
        shared.write_bytes(struct.pack(f"={5 + PLACES}Q", 0, at, onward, 0, place, *[0] * PLACES))
        done = run([root / "build" / "tests" / "faulty", *(str(names.get(a, a)) for a in argv)],
                   stdin=root / "tests" / "replay" / "stacks" / "blk.tag.stack",
                   env={"FAULT_FILE": str(shared)})
        calls, _, _, failed, _, *places = struct.unpack(f"={5 + PLACES}Q", shared.read_bytes())
        faulty.places = {place for place in places if place}
        return done, calls, failed
    return faulty


def chosen(calls, seed):
    """The first ones, the last ones, and some between."""
    first = set(range(1, min(calls, EACH // 4) + 1)) | set(range(max(calls - 4, 1), calls + 1))
    rng = random.Random(seed)
    return sorted(first | {rng.randint(1, calls) for _ in range(EACH - len(first))})


def ended_well(done, at, calls):
    """An error says what in a sentence of ours. Whether there was none, and words for a failed assertion."""
    what = f"allocation {at} of {calls}: status {done.returncode}, {done.stderr!r}"
    assert done.returncode in (0, 1, 3), what
    if done.returncode == 1:
        assert done.stderr.startswith(b"aiostall: "), what
    return done.returncode != 1, what


@pytest.mark.parametrize("onward", [0, 1], ids=["one", "onward"])
@pytest.mark.parametrize("case", CASES)
def test_an_allocation_fails(faulty, case, onward):
    whole, calls, _ = faulty(CASES[case], 0)
    assert whole.returncode in (0, 3) and calls > 10 and whole.stdout, whole.stderr
    for at in chosen(calls, case):
        done, _, failed = faulty(CASES[case], at, onward)
        if not failed:
            continue
        printed, what = ended_well(done, at, calls)
        if printed and done.stdout != whole.stdout:
            # something that was left out, and says so
            assert done.stderr, what


@pytest.mark.parametrize("case", TRACED)
def test_an_allocation_fails_while_tracing(live, faulty, case):
    """What is lost is counted, or nothing is: it is never a crash or half a document."""
    whole, calls, _ = faulty(TRACED[case], 0)
    assert whole.returncode in (0, 3) and calls > 50, whole.stderr
    for at in chosen(calls, case)[::2]:
        done, _, failed = faulty(TRACED[case], at)
        if not failed:
            continue
        printed, what = ended_well(done, at, calls)
        if printed and case == "stat":
            assert json.loads(done.stdout)["schema"], what


def test_each_place_fails_once(faulty):
    """Rare ones, which none that is chosen at random would be: one of each place in the code."""
    tried = set()
    for case, argv in CASES.items():
        whole, _, _ = faulty(argv, 0)
        for place in sorted(faulty.places - tried):
            done, _, failed = faulty(argv, 0, place=place)
            assert failed == 1, (case, place)
            printed, what = ended_well(done, f"of {place}", case)
            if printed and done.stdout != whole.stdout:
                assert done.stderr or done.returncode == 3, what
        tried |= faulty.places
    assert len(tried) > 100


def in_the_ledger(root, places):
    """Of these places those whose code is in src/model."""
    binary = root / "build" / "tests" / "faulty"
    names = subprocess.run(["nm", binary], stdout=subprocess.PIPE, text=True, check=True).stdout
    start = int(re.search(r"^(\w+) [tT] __wrap_malloc$", names, re.M).group(1), 16)
    # what is returned to comes after the call
    where = subprocess.run(["addr2line", "-e", binary, *(hex(start + place - 1) for place in places)],
                           stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return {place for place, line in zip(places, where) if "src/model/" in line}


def test_each_place_of_the_ledger_fails_once_while_there_is_load(live, faulty, root, tmp_path):
    """What recordings do not come to: the number of calls is told, or else that it is not all."""
    argv = ["stat", "--format", "json", "-o", "OUT", "--", "LOAD", "--pattern", "append", "--bs", "4k",
            "--batch", "1", "--calls", "53", "--file", "FILE"]
    faulty(CASES["json"], 0)
    of_recordings = faulty.places
    whole, _, _ = faulty(argv, 0)
    assert whole.returncode in (0, 3), whole.stderr
    places = in_the_ledger(root, sorted(faulty.places - of_recordings))
    assert places
    for place in places:
        done, _, failed = faulty(argv, 0, place=place)
        if not ended_well(done, f"of {place}", "load")[0] or not failed:
            continue
        report = json.loads((tmp_path / "out").read_text(encoding="utf-8"))
        assert report["totals"]["submits"] == 53
        if sum(fs["submits"] for fs in report["filesystems"]) != 53:
            assert report["loss"]["any"], place
