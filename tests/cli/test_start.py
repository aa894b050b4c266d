# SPDX-License-Identifier: GPL-2.0
"""What a program inherits: from whoever starts aiostall, and from aiostall if it is the traced command."""
import json
import os
import pathlib
import signal
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(name="recording", scope="module")
def recording_fixture(tmp_path_factory):
    path = tmp_path_factory.mktemp("start") / "run.db"
    subprocess.run([ROOT / "build" / "tests" / "synth", path, "2", "10", "3"], check=True)
    return path


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_files(binary, recording, tmp_path, closed):
    """No file takes their place: what is read and written is untouched, and a lost report is an error."""
    out = tmp_path / "out"
    before = recording.read_bytes()
    done = subprocess.run(["sh", "-c", f'"$1" report -o "$2" "$3" {closed}', "sh", binary, out,
                           recording], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 0
    assert out.read_text(encoding="utf-8").count("FILESYSTEM") == 1
    assert not done.stdout and not done.stderr
    assert recording.read_bytes() == before
    done = subprocess.run(["sh", "-c", f'"$1" report "$2" {closed}', "sh", binary, recording],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert recording.read_bytes() == before
    if ">&-" in closed.replace("2>&-", ""):
        assert done.returncode == 1
        if "2>&-" not in closed:
            assert done.stderr == "aiostall: cannot write standard output: Bad file descriptor\n"
    else:
        assert done.returncode == 0


SHOW = r"""
import json, os, re, sys
status = open('/proc/self/status').read()
print(json.dumps({'fds': sorted(set(os.listdir('/proc/self/fd'))), 'env': dict(os.environ),
                  'signals': re.findall(r'^(Sig(?:Blk|Ign)):\s*(\w+)', status, re.M),
                  'caps': re.findall(r'^(Cap\w+):\s*(\w+)', status, re.M),
                  'limits': open('/proc/self/limits').read()}), file=open(sys.argv[1], 'w'))
"""


@pytest.mark.parametrize("ignored", [[], [signal.SIGINT, signal.SIGTERM]])
def test_the_command_gets_nothing_of_ours(binary, tmp_path, ignored):
    """Descriptors, environment, signals, limits: as if it had been started without us."""
    if os.geteuid():
        pytest.skip("needs root")
    shown = []
    for prefix in ([], [binary, "stat", "-o", tmp_path / "report", "--"],
                   [binary, "record", "-o", tmp_path / "run.db", "--"]):
        path = tmp_path / "shown"
        path.unlink(missing_ok=True)
        done = subprocess.run([*prefix, sys.executable, "-c", SHOW, path], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=60,
                              preexec_fn=lambda: [signal.signal(s, signal.SIG_IGN) for s in ignored],
                              check=False)
        if not path.exists():
            pytest.skip(f"needs BPF: {done.stderr}")
        shown.append(json.loads(path.read_text(encoding="utf-8")))
    assert shown[1] == shown[0]
    assert shown[2] == shown[0]
