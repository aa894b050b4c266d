# SPDX-License-Identifier: GPL-2.0
"""--sample: what calls do while they are on a CPU."""
import helpers
import tracing
from helpers import AIOLOAD

HZ = 997
TRIES = 5
LOAD = ("--pattern", "buffered-write", "--batch", "32", "--calls", "4000", "--size", "8M")


def sampled(scratch, *options):
    return tracing.trace(scratch.dir, [AIOLOAD, *LOAD, "--file", f"{scratch.dir}/ram/f"],
                         "--sample", HZ, *options)


def test_samples_are_the_time_on_the_cpu(scratch):
    """As many ticks as the time that was measured at entry and exit has room for."""
    for _ in range(TRIES):
        report = sampled(scratch).report
        samples = report["samples"]
        expected = report["totals"]["on_cpu_ns"] * HZ / 1e9
        # a virtual CPU that has to wait loses ticks, and makes none up
        if samples["total"] > 0.5 * expected:
            break
    assert samples["hz"] == HZ
    assert samples["total"] == sum(s["count"] for s in samples["stacks"])
    assert expected > 50, "the load is too short to say anything"
    assert 0.5 * expected < samples["total"] < 1.3 * expected + 10
    assert all(stack["fstype"] == "tmpfs" for stack in samples["stacks"])
    # a tick in a function without a frame of its own can cut the rest off
    whole = sum(s["count"] for s in samples["stacks"] if any("do_syscall" in f for f in s["frames"]))
    assert whole > 0.9 * samples["total"], samples["stacks"]


def test_samples_elsewhere(scratch):
    """A thread that runs outside io_submit is not sampled; without the option nobody is."""
    code = "end = __import__('time').monotonic() + 0.5\n" \
           "while __import__('time').monotonic() < end: pass\nprint('{}')"
    traced = tracing.trace(scratch.dir, tracing.script(code), "--sample", HZ)
    assert traced.report["samples"] == {"hz": HZ, "total": 0, "stacks": []}
    traced = tracing.trace(scratch.dir, [AIOLOAD, *LOAD, "--file", f"{scratch.dir}/ram/f"])
    assert "samples" not in traced.report


def test_samples_in_text_and_folded(scratch):
    args = ["--sample", HZ, "--", AIOLOAD, *LOAD, "--file", f"{scratch.dir}/ram/f"]
    text = helpers.run([helpers.AIOSTALL, "stat", *args]).stdout
    assert "ON CPU inside io_submit:" in text and "on tmpfs" in text.split("ON CPU")[1]
    folded = helpers.run([helpers.AIOSTALL, "stat", "--format", "folded", *args]).stdout
    lines = [line for line in folded.splitlines() if line.startswith("(on-cpu);tmpfs;")]
    assert lines and all(int(line.rsplit(" ", 1)[1]) >= 1000 for line in lines)


def test_rate_that_cannot_be():
    done = helpers.run([helpers.AIOSTALL, "stat", "--sample", "0", "-d", "1"])
    assert done.status == 2 and "--sample" in done.stderr
