# SPDX-License-Identifier: GPL-2.0
"""Where results go, and what happens when they cannot go there. Needs no privilege."""
import os
import subprocess
import sys

import pytest

NO_PID = "2147483646"  # above any pid_max


def test_full_disk_on_stdout(aiostall):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = aiostall("--help", stdout=full)
    assert done.returncode == 1
    assert done.stderr == \
        "aiostall: cannot write standard output: No space left on device\n"


def test_closed_pipe(aiostall):
    reader, writer = os.pipe()
    os.close(reader)
    done = aiostall("stat", "--help", stdout=writer)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


VERBS = ["stat", "trace", "top", "record", "serve", "report", "diff", "check", "causes"]


@pytest.mark.parametrize("verb", VERBS)
def test_head_ends_quietly(binary, verb):
    """Whoever reads the first line only is told nothing about a broken pipe."""
    done = subprocess.run(["bash", "-c", f"{binary} {verb} --help | head -1"], timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stdout.startswith("Usage")
    assert done.stderr == ""


def test_head_of_a_long_list(binary):
    done = subprocess.run(["bash", "-c", f"{binary} causes | head -1"], timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stdout and not done.stderr


@pytest.mark.parametrize("name,why", [("missing/r.txt", "No such file or directory"),
                                      (".", "Is a directory")])
def test_unwritable_output(aiostall, tmp_path, name, why):
    path = str(tmp_path / name) if name != "." else str(tmp_path)
    done = aiostall("-o", path, "-d", "1ms")
    assert done.returncode == 1
    assert done.stderr == f"aiostall: cannot write {path}: {why}\n"


def test_failed_run_leaves_the_old_file_and_no_other(aiostall, tmp_path):
    path = tmp_path / "r.txt"
    path.write_text("old", encoding="utf-8")
    done = aiostall("-o", str(path), "-p", NO_PID)
    assert done.returncode == 1
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["r.txt"]


@pytest.mark.parametrize("option,what", [("-p", "process"), ("-t", "thread")])
def test_target_that_is_gone(aiostall, option, what):
    done = aiostall("stat", option, NO_PID)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == f"aiostall: no {what} {NO_PID}\n"


def test_thread_given_as_process(aiostall):
    """A thread id answers kill(2) like a process; -p must not take it for one."""
    code = ("import threading, time\n"
            "t = threading.Thread(target=time.sleep, args=(60,), daemon=True)\n"
            "t.start(); print(t.native_id, flush=True); time.sleep(60)\n")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE,
                          text=True) as other:
        try:
            tid = other.stdout.readline().strip()
            done = aiostall("stat", "-p", tid)
        finally:
            other.kill()
    assert done.returncode == 1
    assert f"{tid} is not a process but a thread of process {other.pid}" in done.stderr
    assert f"-t {tid}" in done.stderr


def test_rules_file_that_is_not_there(aiostall, tmp_path):
    path = str(tmp_path / "none.rules")
    done = aiostall("stat", "--rules", path, "-d", "1ms")
    assert done.returncode == 1
    assert path in done.stderr
