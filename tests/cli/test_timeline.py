# SPDX-License-Identifier: GPL-2.0
"""report --format perfetto: trace-event JSON as its viewers demand it."""
import json
import subprocess

import pytest


def record(root, path, **words):
    subprocess.run([root / "build/tests/make_recording", path,
                    f"stack={root}/tests/replay/stacks/blk.tag.stack",
                    *(f"{k}={v}" for k, v in words.items())], check=True)
    return path


def timeline(aiostall, *paths):
    done = aiostall("report", "--format", "perfetto", *map(str, paths))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["traceEvents"]


def check_track(spans):
    """Spans of one thread, in order: sleeps lie in calls, and nothing overlaps."""
    call_end = last_end = 0
    for span in spans:
        start = round(span["ts"] * 1000)
        end = start + round(span["dur"] * 1000)
        assert end > start >= 0
        if span["cat"] == "call":
            assert start >= call_end and start >= last_end
            call_end, last_end = end, start
        else:
            assert last_end <= start and end <= call_end
            last_end = end


@pytest.mark.parametrize("events", [0, 1])
def test_events_nest_and_never_overlap(aiostall, root, tmp_path, events):
    path = record(root, tmp_path / "made.db", seconds=5, events=events)
    tracks, named = {}, set()
    for event in timeline(aiostall, path):
        assert isinstance(event["pid"], int) and isinstance(event["tid"], int)
        assert isinstance(event["name"], str) and isinstance(event["args"], dict)
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "thread_name")
            named.add((event["pid"], event["tid"]))
            continue
        assert event["ph"] == "X"
        assert event["cat"] in ("call", "sleep", "run queue")
        if event["cat"] == "sleep":
            assert event["name"] == event["args"]["cause"] == "blk.tag"
            assert event["args"]["fstype"] == "ext4"
            assert event["args"]["frames"][:2] == ["io_schedule", "blk_mq_get_tag"]
        tracks.setdefault((event["pid"], event["tid"]), []).append(event)
    assert set(tracks) <= named
    assert len(tracks) == 3 or not events
    for spans in tracks.values():
        check_track(spans)
    sleeps = sum(e["cat"] == "sleep" for spans in tracks.values() for e in spans)
    # 200 submits a second of which three in ten sleep; without events the worst of each second
    assert sleeps > 200 if events else 0 < sleeps < 100


def test_recordings_do_not_share_tracks(aiostall, root, tmp_path):
    one = record(root, tmp_path / "one.db", seconds=3)
    two = record(root, tmp_path / "two.db", seconds=3, seed=2)
    pids = {e["pid"] for e in timeline(aiostall, one, two)}
    assert len(pids) == 2
