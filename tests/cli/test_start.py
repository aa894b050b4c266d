# SPDX-License-Identifier: GPL-2.0
"""What a program inherits: from whoever starts aiostall, and from aiostall if it is the traced command."""
import grp
import json
import os
import pathlib
import pwd
import signal
import subprocess
import sys
import tempfile

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
    assert out.read_text(encoding="utf-8").count("SUBMITS BLOCKED%") == 1
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


WHO = r"""
import json, os, re, sys
status = open('/proc/self/status').read()
print(json.dumps({'ids': [os.getresuid(), os.getresgid(), sorted(os.getgroups())],
                  'names': [os.environ.get(n) for n in ('HOME', 'USER', 'LOGNAME')],
                  'caps': re.findall(r'^Cap(?:Inh|Prm|Eff|Amb):\s*(\w+)', status, re.M),
                  'new': re.findall(r'^NoNewPrivs:\s*(\d)', status, re.M)}), file=open(sys.argv[1], 'w'))
"""


@pytest.fixture(name="open_folder")
def open_folder_fixture():
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


def who(binary, folder, options, environment=None):
    shown = folder / "who"
    shown.unlink(missing_ok=True)
    env = {n: v for n, v in os.environ.items() if not n.startswith("SUDO_")}
    done = subprocess.run([binary, "stat", *options, "-o", folder / "report", "--", sys.executable, "-c", WHO,
                           shown], env={**env, **(environment or {})}, cwd="/",
                          stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.returncode in (0, 3), done.stderr
    return json.loads(shown.read_text(encoding="utf-8"))


@pytest.fixture(name="nobody")
def nobody_fixture():
    if os.geteuid():
        pytest.skip("needs root")
    return pwd.getpwnam("nobody")


@pytest.mark.parametrize("how", ["name", "number", "pair", "sudo"])
def test_the_command_of_another_user(binary, open_folder, nobody, how):
    pair = f"{nobody.pw_uid}:{nobody.pw_gid}"
    options = {"name": ["--user", "nobody"], "number": ["--user", str(nobody.pw_uid)],
               "pair": ["--user", pair], "sudo": []}[how]
    sudo = {"SUDO_UID": str(nobody.pw_uid), "SUDO_GID": str(nobody.pw_gid)}
    got = who(binary, open_folder, options, sudo if how == "sudo" else {"SUDO_UID": "1", "SUDO_GID": "1"})
    groups = sorted(g.gr_gid for g in grp.getgrall() if "nobody" in g.gr_mem)
    assert got["ids"] == [[nobody.pw_uid] * 3, [nobody.pw_gid] * 3, groups]
    assert got["names"] == [nobody.pw_dir, "nobody", "nobody"]
    assert got["caps"] == ["0" * 16] * 4 and got["new"] == ["0"]


def test_the_command_of_root(binary, open_folder, nobody):
    """Without sudo, and where it is asked for."""
    sudo = {"SUDO_UID": str(nobody.pw_uid), "SUDO_GID": str(nobody.pw_gid)}
    plain = who(binary, open_folder, [])
    assert plain["ids"][0] == [0, 0, 0]
    assert who(binary, open_folder, ["--user", "root"], sudo)["ids"] == plain["ids"]
    assert who(binary, open_folder, [], {"SUDO_UID": "0", "SUDO_GID": "0"})["ids"] == plain["ids"]


def test_one_whom_nobody_knows(binary, open_folder, nobody):
    assert nobody
    got = who(binary, open_folder, ["--user", "4000001:4000002"])
    assert got["ids"] == [[4000001] * 3, [4000002] * 3, []]
    for bad in ("no-such-user", "4000001", "1:", ":1", "1:x", "4294967295:0", "-1:0"):
        done = subprocess.run([binary, "stat", "--user", bad, "--", "true"], stderr=subprocess.PIPE, text=True,
                              timeout=60, check=False)
        assert done.returncode == 1 and "there is no such user" in done.stderr, bad
    done = subprocess.run([binary, "stat", "--user", "nobody"], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and "must follow --" in done.stderr


def test_a_command_that_the_user_may_not_run(binary, open_folder, nobody):
    """Found and executed with the user's rights, not ours."""
    assert nobody
    secret = open_folder / "mine"
    secret.write_text("#!/bin/sh\n", encoding="ascii")
    secret.chmod(0o700)
    done = subprocess.run([binary, "stat", "--user", "nobody", "--", secret], stderr=subprocess.PIPE,
                          text=True, timeout=60, check=False)
    assert done.returncode == 1 and "Permission denied" in done.stderr
