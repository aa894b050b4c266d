# SPDX-License-Identifier: GPL-2.0
"""How a capture begins and ends. Needs root and a kernel that can be traced."""
import json
import os
import signal
import subprocess
import time

import pytest


@pytest.fixture(autouse=True, scope="module")
def traceable(aiostall):
    done = aiostall("check")
    if done.returncode:
        pytest.skip("no tracing here: " + done.stderr.strip().splitlines()[0])


@pytest.fixture(name="begin")
def begin_fixture(binary, tmp_path):
    """Start aiostall and return once its probes are attached."""
    started = []

    def begin(*args):
        ready = tmp_path / "ready"
        proc = subprocess.Popen([binary, args[0], "--ready-file", str(ready), *args[1:]],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)
        started.append(proc)
        deadline = time.monotonic() + 60
        while not ready.exists():
            assert proc.poll() is None, proc.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert ready.read_text(encoding="utf-8") == f"{proc.pid}\n"
        return proc

    yield begin
    for proc in started:
        if proc.poll() is None:
            proc.kill()
        proc.communicate()


def capture(text):
    return json.loads(text)["capture"]


@pytest.mark.parametrize("script,status", [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137)])
def test_status_of_the_command(aiostall, script, status):
    done = aiostall("stat", "--format", "json", "--", "sh", "-c", script)
    assert done.returncode == 0
    assert capture(done.stdout)["child_status"] == status


@pytest.mark.parametrize("command,status,why", [
    ("/nonexistent/command", 127, "No such file or directory"),
    ("/etc/passwd", 126, "Permission denied")])
def test_command_that_cannot_run(aiostall, command, status, why):
    done = aiostall("stat", "--format", "json", "--", command)
    assert done.returncode == 1
    assert done.stderr == f"aiostall: cannot run {command}: {why}\n"
    assert capture(done.stdout)["child_status"] == status


def test_duration_ends_the_command(aiostall):
    began = time.monotonic()
    done = aiostall("stat", "-d", "100ms", "--format", "json", "--", "sleep", "1000")
    assert time.monotonic() - began < 30
    assert done.returncode == 0
    assert capture(done.stdout)["child_status"] == 128 + signal.SIGTERM
    assert capture(done.stdout)["child_stopped"]
    said = aiostall("stat", "-d", "100ms", "--", "sleep", "1000").stdout
    assert "the command was still running and was ended with the tracing" in said


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_tracing_with_a_report(begin, sig):
    proc = begin("stat", "--format", "json")
    proc.send_signal(sig)
    out, _ = proc.communicate(timeout=60)
    assert proc.returncode in (0, 3)
    assert json.loads(out)["schema"] == "aiostall-report/1"


def test_first_signal_is_for_the_command(begin):
    proc = begin("stat", "--format", "json", "--", "sh", "-c",
                 "trap 'exit 5' TERM; while :; do sleep 0.01; done")
    time.sleep(0.5)  # no harm if the trap is not set yet: the status then says so
    proc.send_signal(signal.SIGTERM)
    out, _ = proc.communicate(timeout=60)
    assert proc.returncode == 0
    assert capture(out)["child_status"] in (5, 128 + signal.SIGTERM)
    assert not capture(out)["child_stopped"]


def test_target_that_exits_ends_tracing(begin):
    with subprocess.Popen(["sleep", "1000"]) as target:
        proc = begin("stat", "-p", str(target.pid))
        target.kill()
        proc.communicate(timeout=60)
    assert proc.returncode in (0, 3)


def test_interval_lines_and_report(aiostall):
    done = aiostall("stat", "-d", "1s", "-i", "200ms")
    assert done.returncode in (0, 3)
    assert done.stdout.index("ELAPSED") < done.stdout.index("aiostall on ")
    done = aiostall("stat", "-d", "500ms", "-i", "200ms", "--format", "json")
    json.loads(done.stdout)
    assert "ELAPSED" in done.stderr


def test_output_file_appears_whole(aiostall, tmp_path):
    path = tmp_path / "r.json"
    done = aiostall("stat", "-d", "50ms", "--format", "json", "-o", str(path))
    assert done.returncode in (0, 3)
    assert done.stdout == ""
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "aiostall-report/1"
    assert os.listdir(tmp_path) == ["r.json"]


def test_full_disk(aiostall):
    done = aiostall("stat", "-d", "50ms", "--format", "json", "-o", "/dev/full")
    assert done.returncode == 1
    assert done.stderr == "aiostall: cannot write /dev/full: No space left on device\n"
