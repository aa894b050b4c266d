# SPDX-License-Identifier: GPL-2.0
"""What hands do: a pipe into head, a terminal that the command writes to, a name that is nearly right."""
import os
import pty
import subprocess

import pytest

import helpers
from helpers import AIOLOAD, AIOSTALL



@pytest.fixture(name="load", scope="module")
def load_fixture():
    helpers.need_root()
    argv = ["sh", "-c", f"while :; do {AIOLOAD} --pattern pipe --calls 200 >/dev/null; done"]
    with subprocess.Popen(argv, start_new_session=True) as proc:
        yield proc
        os.killpg(proc.pid, 9)


@pytest.fixture(name="recording", scope="module")
def recording_fixture(tmp_path_factory, load):  # pylint: disable=unused-argument
    path = tmp_path_factory.mktemp("hands") / "a.db"
    done = helpers.run([AIOSTALL, "record", "-d", "1s", "-o", path])
    assert done.status in (0, 3), done.stderr
    return path


HEADS = ["stat -i 50ms", "stat -d 300ms", "stat -d 300ms --format json", "stat -d 300ms --format html",
         "trace", "trace --format json", "top -b", "top -b -n 3", "check",
         "causes", "causes blk.tag", "report @DB@", "report --by comm,cause @DB@", "report --info @DB@",
         "report --full --format json @DB@", "diff @DB@ @DB@"]


@pytest.mark.parametrize("args", HEADS)
def test_head_ends_it_quietly_and_soon(load, recording, args):  # pylint: disable=unused-argument
    """Nothing is said of a broken pipe, nothing goes on for nobody, and it does not die by a signal."""
    command = f"{AIOSTALL} {args.replace('@DB@', str(recording))}"
    # "soon" is before the time is over: what goes on for nobody has no end
    done = subprocess.run(["bash", "-c", f'{command} | head -1; echo "${{PIPESTATUS[0]}}" >&2'],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=helpers.TIMEOUT, check=False, env=helpers.environment())
    assert done.stdout.count("\n") == 1
    assert done.stderr in ("0\n", "1\n", "3\n"), done.stderr


def on_a_terminal(argv):
    """What a terminal shows that is stdout and stderr of argv."""
    master, slave = pty.openpty()
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                          env={**helpers.environment(), "PAGER": "cat"}) as proc:
        os.close(slave)
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        os.close(master)
        assert proc.wait(timeout=helpers.TIMEOUT) == 0, shown
    return shown.decode()


OWN = "for i in 1 2 3 4 5; do printf 'bar %s\\r' $i; sleep 0.5; done; echo"


def test_no_progress_line_in_the_output_of_the_command():
    helpers.need_root()
    shown = on_a_terminal([AIOSTALL, "--", "sh", "-c", OWN])
    assert "Ctrl-C ends" not in shown and "\x1b[K" not in shown
    assert "bar 1\rbar 2\rbar 3\rbar 4\rbar 5\r\r\n" in shown


def test_a_progress_line_where_nobody_else_writes():
    """Else the test above would hold of a tracer that has none."""
    helpers.need_root()
    assert "Ctrl-C ends" in on_a_terminal([AIOSTALL, "-p", str(os.getpid()), "-d", "2500ms"])


@pytest.mark.parametrize("args,words", [
    (["--fs", "EXT4"], "Did you mean ext4?"),
    (["--fs", "ext5"], "Did you mean ext4?"),
    (["fio", "job.fio"], "aiostall -- fio job.fio"),
    (["qemu-img", "bench"], "aiostall -- qemu-img bench"),
])
def test_nearly_right(args, words):
    if args[0] in ("fio", "qemu-img") and subprocess.run(["which", args[0]], check=False,
                                                         stdout=subprocess.DEVNULL).returncode:
        pytest.skip(f"{args[0]} is not installed")
    done = helpers.run([AIOSTALL, *args, "-d", "10ms"] if args[0] == "--fs" else [AIOSTALL, *args])
    assert done.status in (1, 2) and done.stdout == ""
    assert words in done.stderr, done.stderr
