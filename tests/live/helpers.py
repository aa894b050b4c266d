# SPDX-License-Identifier: GPL-2.0
"""What the tests on real filesystems share: the tracer, the load, scratch filesystems.

Nothing here waits by sleeping for a while: programs say when they are ready through a file.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass, field

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AIOSTALL = ROOT / "build" / "aiostall"
AIOLOAD = ROOT / "build" / "tools" / "aioload"
SLOWDEV = ROOT / "build" / "tools" / "slowdev"
SCRATCH_SH = ROOT / "tools" / "scratch.sh"

# Until what does not come is called a failure: a host may be slow, and do other things too.
TIMEOUT = 180
# linux/time.h; Python has no name for it.
CLOCK_REALTIME_COARSE = 5
LOSSES = ("events", "stacks", "map_full", "unmatched", "unattributed", "model_evicted", "malformed",
          "skipped", "misjudged")


SPLAT = re.compile(r"BUG:|Oops|general protection|WARNING: |soft lockup|KASAN|RIP: 0010")
# A program that did something forbidden, which is its own business: "traps: NAME[PID] ...".
TRAP_OF_A_PROGRAM = re.compile(r";traps: ")


def splats(lines):
    """Those lines of the kernel's log in which it complains about itself."""
    return [line for line in lines if SPLAT.search(line) and not TRAP_OF_A_PROGRAM.search(line)]


def environment():
    env = dict(os.environ, LC_ALL="C.UTF-8", TZ="UTC")
    for name in ("NO_COLOR", "SUDO_UID", "SUDO_GID"):
        env.pop(name, None)
    return env


# Features of the host. A test that needs one says so, and is counted as skipped without it.

def need_root():
    if os.geteuid() != 0:
        pytest.skip("needs root: loads BPF programs and mounts filesystems")


def _known_filesystems():
    return pathlib.Path("/proc/filesystems").read_text(encoding="ascii").split()


def _load_module(name):
    modprobe = shutil.which("modprobe", path="/usr/sbin:/sbin")
    if modprobe and name not in _known_filesystems():
        subprocess.run([modprobe, "-q", name], stderr=subprocess.DEVNULL, check=False)


def need_fs(*types):
    """Skips unless the kernel knows the filesystems and there is a mkfs for each."""
    for fstype in types:
        if not shutil.which(f"mkfs.{fstype}", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"needs mkfs.{fstype}")
        _load_module(fstype)
        if fstype not in _known_filesystems():
            pytest.skip(f"needs {fstype} in the kernel")


def need_slow_device():
    """Skips unless the slow device can run: FUSE in the kernel and slowdev built."""
    _load_module("fuse")
    if "fuse" not in _known_filesystems():
        pytest.skip("needs fuse in the kernel")
    if not os.path.exists("/dev/fuse"):
        os.mknod("/dev/fuse", 0o666 | stat.S_IFCHR, os.makedev(10, 229))
    if not SLOWDEV.exists():
        pytest.skip("needs build/tools/slowdev, which needs libfuse3")


def need_cpus(n):
    if len(os.sched_getaffinity(0)) < n:
        pytest.skip(f"needs {n} CPUs")


# Programs

@dataclass
class Result:
    """A program that has ended; out is parsed JSON, or None where there is none."""
    status: int
    stdout: str
    stderr: str
    out: object = None


def _file_time():
    """The time that a file gets which is written now, or an earlier one: kernels take it at each tick."""
    return time.clock_gettime_ns(CLOCK_REALTIME_COARSE)


class Program:
    """A running program, killed at the end of the with statement if it still runs."""

    def __init__(self, argv, **kwargs):
        self.argv = [str(a) for a in argv]
        self.stdout = tempfile.TemporaryFile("w+")
        self.stderr = tempfile.TemporaryFile("w+")
        self.begun = _file_time()
        # pylint: disable=consider-using-with
        self.proc = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=self.stdout,
                                     stderr=self.stderr, env=environment(),
                                     start_new_session=True, **kwargs)

    @property
    def pid(self):
        return self.proc.pid

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.proc.poll() is None:
            # Its own session: what it started goes with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.proc.pid, signal.SIGKILL)
            self.proc.wait(TIMEOUT)
        self.stdout.close()
        self.stderr.close()

    def text(self):
        texts = []
        for stream in (self.stdout, self.stderr):
            stream.seek(0)
            texts.append(stream.read())
        return texts

    def has_written(self, path):
        """A file of that name may be there from a run before."""
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(path)
            return found.st_size > 0 and found.st_mtime_ns >= self.begun
        return False

    def wait_file(self, path, timeout=TIMEOUT):
        """Until the program has written that file; fails when it ends before."""
        end = time.monotonic() + timeout
        while not self.has_written(path):
            if self.proc.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"{self.argv} did not get ready, status "
                                     f"{self.proc.poll()}: {self.text()}")
            time.sleep(0.005)

    def signal(self, number):
        self.proc.send_signal(number)

    def finish(self, timeout=TIMEOUT):
        """Waits for the end; a program that hangs is a failure."""
        try:
            status = self.proc.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.argv} hangs: {self.text()}") from None
        return Result(status, *self.text())


def run(argv, timeout=TIMEOUT, **kwargs):
    with Program(argv, **kwargs) as prog:
        return prog.finish(timeout)


def aioload(*args, timeout=TIMEOUT):
    """Runs the load alone, with parsed figures as out (None with --prepare)."""
    result = run([AIOLOAD, *args], timeout)
    assert result.status == 0, (args, result.stderr)
    result.out = json.loads(result.stdout) if result.stdout.strip() else None
    return result


@dataclass
class Traced:
    """One traced load: the report of stat or the lines of trace, and the load's own figures."""
    report: dict = None
    lines: list = field(default_factory=list)
    load: dict = None
    status: int = 0
    stderr: str = ""

    def of_type(self, kind):
        return [line for line in self.lines if line["type"] == kind]


def _parse(verb, path):
    if verb == "record":
        printed = run([AIOSTALL, "report", path, "--format", "json"])
        assert printed.status in (0, 3), printed.stderr
        return {"report": json.loads(printed.stdout)}
    text = pathlib.Path(path).read_text(encoding="utf-8")
    if verb == "trace":
        return {"lines": [json.loads(line) for line in text.splitlines()]}
    return {"report": json.loads(text)}


def trace_command(tmp, verb, load_args, options=(), timeout=TIMEOUT):
    """`aiostall VERB OPTIONS -- aioload LOAD_ARGS`."""
    out = pathlib.Path(tmp) / f"{verb}.out"
    result = run([AIOSTALL, verb, *options, "--format", "json", "-o", out, "--",
                  AIOLOAD, *load_args], timeout)
    assert result.status in (0, 3), (result.status, result.stderr)
    return Traced(load=json.loads(result.stdout), status=result.status, stderr=result.stderr,
                  **_parse(verb, out))


def trace_pid(tmp, verb, load_args, options=(), before=None, timeout=TIMEOUT, stopped=False,
              halting=False):
    """
    The load prepares and waits, `aiostall VERB -p PID` attaches, then the calls start.
    before, if given, is called in between, with the pid. stopped: nobody reads while the load
    runs; halting: somebody does now and then.
    """
    tmp = pathlib.Path(tmp)
    out, start = tmp / f"{verb}.out", tmp / "start"
    ready, attached = tmp / "load-ready", tmp / "attached"
    for path in (out, start, ready, attached):
        path.unlink(missing_ok=True)
    with Program([AIOLOAD, *load_args, "--ready-file", ready, "--start-file", start]) as load:
        load.wait_file(ready)
        form = () if verb == "record" else ("--format", "json")
        with Program([AIOSTALL, verb, *options, "-p", load.pid, *form, "-o", out,
                      "--ready-file", attached]) as tracer:
            tracer.wait_file(attached)
            if before:
                before(load.pid)
            if stopped:
                tracer.signal(signal.SIGSTOP)
            start.touch()
            while halting and load.proc.poll() is None:
                tracer.signal(signal.SIGSTOP)
                time.sleep(0.1)
                tracer.signal(signal.SIGCONT)
                time.sleep(0.1)
            done = load.finish(timeout)
            if stopped:
                tracer.signal(signal.SIGCONT)
            ended = tracer.finish()
    assert done.status == 0, done.stderr
    assert ended.status in (0, 3), (ended.status, ended.stderr)
    return Traced(load=json.loads(done.stdout), status=ended.status, stderr=ended.stderr,
                  **_parse(verb, out))


def assert_no_loss(report):
    """Every loss counter is zero, the summary says so too."""
    lost = {name: report["loss"][name] for name in LOSSES if report["loss"][name]}
    assert not lost, lost
    assert report["loss"]["any"] is False


def filesystem(report, fstype, mount=None):
    """The one row of that type (and mount point) in a report."""
    rows = [fs for fs in report["filesystems"]
            if fs["fstype"] == fstype and mount in (None, fs["mount"])]
    shown = [(fs["fstype"], fs["mount"]) for fs in report["filesystems"]]
    assert len(rows) == 1, f"{fstype} {mount}: {shown}"
    return rows[0]


def fdinfo(pid):
    """What /proc says of each file that a process has open, which it may close meanwhile."""
    for fd in pathlib.Path(f"/proc/{pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            yield fd.read_text(encoding="utf-8")


def remove_cgroup(group):
    """Its processes have been waited for; the group may take a moment longer."""
    end = time.monotonic() + TIMEOUT
    while group.exists():
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        assert time.monotonic() < end, f"{group} is in use"
        time.sleep(0.02)


# Scratch filesystems

@dataclass
class Place:
    """A scratch filesystem or device."""
    name: str
    dev: str
    mnt: str = ""
    ctl: str = ""


class Scratch:
    """
    A shell that has sourced tools/scratch.sh and does what it is told, a line at a time. It
    removes everything when its input ends, so also when the tests die without a word.
    """
    LOOP = ('while IFS= read -r line; do eval "$line"; '
            'printf "@@%s|%s|%s|%s|%s\\n" "$?" "$SCRATCH_DEV" "$SCRATCH_MNT" "$SCRATCH_CTL" '
            '"$SCRATCH"; done')

    def __init__(self):
        script = f'. "$0" || exit 1; SCRATCH_DEV= SCRATCH_MNT= SCRATCH_CTL=; {self.LOOP}'
        # pylint: disable=consider-using-with
        self.proc = subprocess.Popen(
            ["bash", "-c", script, str(SCRATCH_SH)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(),
            start_new_session=True)
        self.dir = self.do("scratch_begin")[4]

    def do(self, line):
        """Runs one line of shell; returns status, SCRATCH_DEV, _MNT, _CTL and SCRATCH."""
        self.proc.stdin.write(line + "\n")
        self.proc.stdin.flush()
        said = []
        for answer in self.proc.stdout:
            if answer.startswith("@@"):
                values = answer[2:].rstrip("\n").split("|")
                assert values[0] == "0", f"{line}: {''.join(said)}"
                return values
            said.append(answer)
        raise AssertionError(f"{line}: the shell ended: {''.join(said)}")

    def fs(self, fstype, name=None, size="320M", slow=False, mkfs="", mount=""):
        """Makes and mounts a filesystem, on a slow device if asked; it is fast until delay()."""
        name = name or fstype
        need_fs(fstype)
        verb = "scratch_slow_fs" if slow else "scratch_fs"
        self.do(f"SCRATCH_MKFS_OPTS='{mkfs}' SCRATCH_MOUNT_OPTS='{mount}'")
        _, dev, mnt, ctl, _ = self.do(f"{verb} {fstype} {name} {size}")
        return Place(name, dev, mnt, ctl if slow else "")

    def loop(self, name="raw", size="64M", slow=False):
        verb = "scratch_slow" if slow else "scratch_loop"
        _, dev, _, ctl, _ = self.do(f"{verb} {name} {size}")
        return Place(name, dev, ctl=ctl if slow else "")

    def delay(self, place, **settings):
        """delay(place, read=5000, write=5000): microseconds; hold and error are 0 or 1."""
        words = " ".join(f"{key}={value}" for key, value in settings.items())
        self.do(f"scratch_delay {place.name} {words}")

    def remount(self, place):
        self.do(f"scratch_remount {place.name}")

    def close(self):
        self.proc.stdin.close()
        rest = self.proc.stdout.read()
        self.proc.stdout.close()
        self.proc.wait(TIMEOUT)
        assert not os.path.exists(self.dir), f"{self.dir} is still there: {rest}"
