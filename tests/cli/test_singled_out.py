# SPDX-License-Identifier: GPL-2.0
"""report of a part of a recording: what it can tell apart, and what it says where it cannot."""
import json
import sqlite3
import subprocess

import pytest


@pytest.fixture(name="made")
def made_fixture(root, tmp_path):
    """Recordings of the same calls, without their events and with them."""
    def make(events):
        path = tmp_path / f"events{events}.db"
        subprocess.run([root / "build/tests/make_recording", path, "seconds=3", f"events={events}",
                        f"stack={root}/tests/replay/stacks/blk.tag.stack"], check=True)
        return str(path)
    return {events: make(events) for events in (0, 1)}


def report(aiostall, *args):
    done = aiostall("report", "--format", "json", *args)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sleeps_of_threads(aiostall, path):
    done = aiostall("report", "--format", "perfetto", path)
    assert done.returncode == 0, done.stderr
    tids = {}
    for event in json.loads(done.stdout)["traceEvents"]:
        if event.get("cat") == "sleep":
            tids.setdefault(event["tid"], []).append(event)
    return tids


def test_threads_of_a_recording_with_events_add_up(aiostall, made):
    threads = sleeps_of_threads(aiostall, made[1])
    whole = report(aiostall, made[1])["totals"]["sleeps"]
    assert len(threads) == 3
    each = {tid: report(aiostall, "-t", str(tid), made[1])["totals"]["sleeps"] for tid in threads}
    assert each == {tid: len(events) for tid, events in threads.items()}
    assert sum(each.values()) == whole


def test_longer_stalls_of_a_recording_with_events(aiostall, made):
    durations = sorted(e["dur"] for events in sleeps_of_threads(aiostall, made[1]).values()
                       for e in events)
    middle = durations[len(durations) // 2]
    told = report(aiostall, "-m", f"{round(middle * 1000)}ns", made[1])
    # as with stat, shorter ones are counted and are no stalls
    assert told["totals"]["sleeps"] == len(durations)
    longer = sum(c["sleeps"] for fs in told["filesystems"] for c in fs["causes"]
                 if c["id"] == "blk.tag")
    assert longer == sum(d >= middle for d in durations) < len(durations)


@pytest.mark.parametrize("args, what", [(("--tid", "1"), "--tid"), (("--min", "1ms"), "--min")])
def test_sums_say_that_they_cannot_be_divided(aiostall, made, args, what):
    done = aiostall("report", *args, made[0])
    assert done.returncode == 1 and not done.stdout
    first, hint = done.stderr.strip().splitlines()
    assert made[0] in first and f"recorded without --events: what {what} would leave" in first
    assert "It can tell apart by --pid" in hint and f"or with {what} itself" in hint


def test_one_of_several_recordings_is_enough_to_refuse(aiostall, made):
    done = aiostall("report", "--tid", "1", made[1], made[0])
    assert done.returncode == 1 and made[0] in done.stderr and made[1] not in done.stderr


def says_why(aiostall, words, *args):
    """In text, page and JSON; JSON of what is whole says null."""
    text, page = (aiostall("report", "--format", form, *args) for form in ("text", "html"))
    assert text.returncode == page.returncode == 0, text.stderr + page.stderr
    assert "PROCESS" in text.stdout and f"Processes that slept: {words}" in " ".join(text.stdout.split())
    assert "<h2 id=\"h-who\">" in page.stdout and f"<p>Processes that slept: {words}" in page.stdout
    assert report(aiostall, *args)["processes_only_slept"].startswith(words)


@pytest.mark.parametrize("range_", [("--since", "1s"), ("--until", "2s")])
def test_a_part_says_why_it_does_not_tell_who_submitted(aiostall, made, range_):
    says_why(aiostall, "what each process submitted is kept of the whole recording", *range_, made[0])
    whole = aiostall("report", made[0])
    assert "PROCESS" in whole.stdout and "what each process submitted" not in whole.stdout
    assert report(aiostall, made[0])["processes_only_slept"] is None
    assert "Processes that slept" not in aiostall("report", "--format", "html", made[0]).stdout


@pytest.mark.parametrize("key", ["keep_ns", "trigger_ns"])
def test_so_does_a_recorder_that_forgets(aiostall, made, key):
    with sqlite3.connect(made[0]) as db:
        assert db.execute("UPDATE info SET value = 10000000000 WHERE name = ?", (key,)).rowcount == 1
    db.close()
    says_why(aiostall, "what each process submitted is not kept with --keep and --trigger", made[0])
