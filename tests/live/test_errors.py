# SPDX-License-Identifier: GPL-2.0
"""What goes wrong is said in one line, with the right exit status, and nothing stays attached."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

import helpers
import tracing
from helpers import AIOLOAD, AIOSTALL, Program

HINT = re.compile(r"  \S")


def programs():
    """Ids of the BPF programs that the kernel has. One that goes meanwhile ends the list with an error."""
    while True:
        out = subprocess.run(["bpftool", "-j", "prog", "list"], stdout=subprocess.PIPE, check=False)
        listed = json.loads(out.stdout or "[]")
        if isinstance(listed, list) and all("id" in prog for prog in listed):
            return {prog["id"] for prog in listed}


def programs_of(pid):
    return {int(ident) for text in helpers.fdinfo(pid)
            for ident in re.findall(r"^prog_id:\s+(\d+)", text, re.M)}


def programs_of_strangers(mark):
    """Those that a process holds which is none of this test, as its environment tells."""
    held = set()
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark not in (folder / "environ").read_bytes():
                held |= programs_of(folder.name)
    return held


def wait_gone(ids, timeout=helpers.TIMEOUT):
    """Programs are freed a moment after their last user has gone."""
    end = time.monotonic() + timeout
    while ids & programs():
        assert time.monotonic() < end, f"still attached: {ids & programs()}"
        time.sleep(0.05)


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch):
    """
    Nothing that a test attached outlives it. Tracers that others run meanwhile come and go, or stay.
    """
    if not shutil.which("bpftool"):
        pytest.skip("needs bpftool")
    mark = f"AIOSTALL_TEST_{os.getpid()}_{time.monotonic_ns()}"
    monkeypatch.setenv(mark, "1")
    before = programs()
    yield
    left = programs() - before
    wait_gone(left - programs_of_strangers(mark.encode()) if left else left)


def one_line(done, says, status=1, hint=None):
    """stderr is one line, `aiostall: ...`, and at most one more with what to do."""
    lines = done.stderr.splitlines()
    assert done.status == status, (done.status, done.stderr)
    assert lines and lines[0].startswith("aiostall: "), done.stderr
    assert re.search(says, lines[0]), lines[0]
    assert len(lines) == (2 if hint else 1), lines
    if hint:
        assert HINT.match(lines[1]) and re.search(hint, lines[1]), lines[1]
    assert "nknown error" not in done.stderr
    assert not done.stdout


def aiostall(*args, **kwargs):
    return helpers.run([AIOSTALL, *args], **kwargs)


# Rights

@pytest.fixture(name="public")
def public_fixture():
    """The binary where any user may run it."""
    with tempfile.TemporaryDirectory(prefix="aiostall-public-") as where:
        os.chmod(where, 0o755)
        shutil.copy(AIOSTALL, where)
        os.chmod(f"{where}/aiostall", 0o755)
        yield f"{where}/aiostall"


def test_not_root(public):
    done = helpers.run(["setpriv", "--reuid", "65534", "--clear-groups", public, "-d", "1"])
    one_line(done, "CAP_BPF and CAP_PERFMON missing", hint="as root")


@pytest.mark.parametrize("dropped,named", [("bpf", "CAP_BPF"), ("perfmon", "CAP_PERFMON"),
                                           ("bpf,-perfmon", "CAP_BPF and CAP_PERFMON")])
def test_missing_capability(dropped, named):
    dropped = f"-sys_admin,-{dropped}"
    done = helpers.run(["setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}", AIOSTALL,
                        "-d", "1"])
    one_line(done, f"not permitted: {named} missing", hint="CAP_SYS_ADMIN")


# What the kernel must have

def in_namespace(script, *argv):
    """argv with its own mounts, after script."""
    return helpers.run(["unshare", "-m", "--propagation", "private", "sh", "-ec",
                        f'{script}; exec "$@"', "sh", *argv])


def test_no_btf():
    done = in_namespace("mount -t tmpfs none /sys/kernel/btf", AIOSTALL, "-d", "1")
    one_line(done, "no BTF", hint="--btf FILE")


@pytest.mark.parametrize("content", [b"", b"no BTF at all\n" * 400, b"\x9f\xeb\x01" + bytes(99)],
                         ids=["empty", "text", "header"])
def test_btf_garbage(tmp_path, content):
    path = tmp_path / "btf"
    path.write_bytes(content)
    done = aiostall("-d", "1", "--btf", path)
    one_line(done, re.escape(f"cannot read BTF from {path}: "), hint="BTF of the running kernel")


def test_btf_missing(tmp_path):
    done = aiostall("-d", "1", "--btf", tmp_path / "none")
    one_line(done, "none: No such file", hint="BTF of the running kernel")


def test_no_tracefs():
    """The tracepoints need it: not mounted, and no right to mount it."""
    drop = "-sys_admin"
    done = in_namespace("umount -a -t tracefs,debugfs || true",
                        "setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}", AIOSTALL,
                        "-d", "1", "--probe", "submit=tracepoint")
    one_line(done, "tracefs is not mounted", hint="aiostall check")


HIDER = r"""
/* Runs a command to which io_submit(2) does not exist. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_submit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	if (argc < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 99;
	execv(argv[1], argv + 1);
	return 99;
}
"""


def test_no_io_submit(tmp_path):
    source, hider = tmp_path / "hider.c", tmp_path / "hider"
    source.write_text(HIDER, encoding="ascii")
    subprocess.run(["cc", "-o", hider, source], check=True)
    one_line(helpers.run([hider, AIOSTALL, "-d", "1"]), "no io_submit", hint="CONFIG_AIO|seccomp")


# What the options name

def ended_pid():
    with Program(["true"]) as prog:
        prog.finish()
        return prog.pid


def test_no_such_process():
    pid = ended_pid()
    one_line(aiostall("-d", "1", "-p", str(pid)), f"no process {pid}")
    one_line(aiostall("-d", "1", "-t", str(pid)), f"no thread {pid}")


def test_thread_given_as_process(scratch):
    """Which would match nothing for ever."""
    code = """
import threading
aio.start(lambda: (aio.say(sys.argv[1], threading.get_native_id()), aio.wait_for(sys.argv[2])))
aio.wait_for(sys.argv[2])
"""
    ready, end = f"{scratch.dir}/ready", f"{scratch.dir}/end"
    with Program(tracing.script(code, ready, end)) as prog:
        tid = tracing.wait_path(ready)
        done = aiostall("-d", "1", "-p", tid)
        one_line(done, f"{tid} is not a process", hint=f"-t {tid} .* -p {prog.pid}")


@pytest.mark.parametrize("args,says,hint", [
    (("--cgroup", "no/such"), "no cgroup no/such: No such file", "0::PATH"),
    (("--cgroup", "/proc"), "/proc is not a cgroup", "0::PATH"),
    (("--mount", "/no/such"), "--mount /no/such: No such file", None),
    (("--mount", "/proc/self"), "not a mount point", "findmnt"),
    (("--device", "nosuch"), "no block device nosuch", "lsblk|sda1"),
    (("--device", "/dev/null"), "/dev/null is not a block device", "lsblk"),
])
def test_no_such_target(args, says, hint):
    one_line(aiostall("-d", "1", *args), says, hint=hint)


def test_pid_namespace():
    """Process ids of a container are not the kernel's: no report of somebody else's calls."""
    one_line(helpers.run(["unshare", "--pid", "--fork", "--mount-proc", AIOSTALL, "-d", "1"]),
             "PID namespace of its own", hint="--pid=host")


@pytest.mark.parametrize("args,status", [(["/no/such/command"], 127), (["/tmp"], 126)])
def test_command_that_cannot_run(tmp_path, args, status):
    out = tmp_path / "out"
    done = aiostall("--format", "json", "-o", out, "--", *args)
    one_line(done, f"cannot run {args[0]}: ")
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["capture"]["child_status"] == status
    done = aiostall("--", *args)
    one_line(done, f"cannot run {args[0]}: ")
    assert not done.stdout


def test_target_goes_while_traced(scratch):
    """No error: the report comes when the last target has gone."""
    with Program(["sleep", "60"]) as target:
        with tracing.attached(scratch, "-p", target.pid) as tracer:
            target.signal(signal.SIGKILL)
            report = tracer.report()
    assert tracer.ended.status == 0 and not tracer.ended.stderr
    assert report["totals"]["submits"] == 0


# Output

def pipe_load(scratch, calls):
    return [AIOLOAD, "--pattern", "pipe", "--file", f"{scratch.dir}/pipe", "--calls", str(calls)]


def test_output_in_missing_directory(tmp_path):
    one_line(aiostall("-d", "1", "-o", tmp_path / "no" / "out"), "cannot write .*No such file")


def test_output_in_read_only_directory(scratch):
    where = f"{scratch.dir}/readonly"
    scratch.do(f"mkdir {where}; scratch_undo umount {where}; mount -t tmpfs -o ro none {where}")
    # not only at the end, which does not come
    done = aiostall("-d", "1h", "-o", f"{where}/out")
    one_line(done, "cannot write .*Read-only")


@pytest.mark.parametrize("verb", ["stat", "trace"])
def test_dev_full(scratch, verb):
    """What is written while tracing goes on fails then, which does not end the command."""
    done = aiostall(verb, "-o", "/dev/full", "--", *pipe_load(scratch, 300))
    assert json.loads(done.stdout)["submits"] == 300
    done.stdout = ""  # the load's own
    one_line(done, "cannot write /dev/full: No space",
             hint="The command goes on" if verb == "trace" else None)


def test_stdout_full():
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([AIOSTALL, "-d", "1"], stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=helpers.TIMEOUT, check=False,
                              env=helpers.environment())
    assert done.returncode == 1
    assert done.stderr == "aiostall: cannot write standard output: No space left on device\n"


def test_disk_full(scratch):
    """The old file stays, of the new one nothing."""
    where = pathlib.Path(scratch.dir, "small")
    scratch.do(f"mkdir {where}; scratch_undo umount {where}; "
               f"mount -t tmpfs -o size=8k none {where}")
    out = where / "out"
    out.write_text("old\n", encoding="ascii")
    done = aiostall("--format", "json", "-o", out, "--", "sh", "-c",
                    " ".join(map(str, pipe_load(scratch, 3))) + " >/dev/null")
    one_line(done, f"cannot write {out}: No space left")
    assert os.listdir(where) == ["out"]
    assert out.read_text(encoding="ascii") == "old\n"


@pytest.mark.parametrize("verb", ["stat", "trace"])
def test_closed_pipe(scratch, verb):
    """A reader that has gone ends the work: no signal, no endless tracing for nobody."""
    load = " ".join(map(str, pipe_load(scratch, 200)))
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([AIOSTALL, verb, "--", "sh", "-c", load + " >/dev/null 2>&1"],
                          stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE,
                          text=True, env=helpers.environment()) as proc:
        os.close(writer)
        stderr = proc.communicate(timeout=helpers.TIMEOUT)[1]
    assert proc.returncode == 1
    assert stderr == ""


@pytest.mark.parametrize("verb", ["stat", "trace"])
def test_reader_of_nothing_leaves(verb):
    """Where nothing is printed for long, a pipe that nobody reads is noticed all the same."""
    reader, writer = os.pipe()
    with subprocess.Popen([AIOSTALL, verb, "-p", str(os.getpid()), "-d", "1h"],
                          stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.PIPE,
                          text=True, env=helpers.environment()) as proc:
        os.close(writer)
        time.sleep(1)
        assert proc.poll() is None
        os.close(reader)
        stderr = proc.communicate(timeout=helpers.TIMEOUT)[1]
    assert proc.returncode == 1
    assert stderr == ""


# A death without notice

def test_sigkill_leaves_nothing(scratch):
    with tracing.attached(scratch, "-p", os.getpid()) as tracer:
        mine = programs_of(tracer.pid)
        assert mine & programs()
        tracer.signal(signal.SIGKILL)
        assert tracer.finish().status == -signal.SIGKILL
    wait_gone(mine)
    assert not os.path.exists(f"{scratch.dir}/tracer.report")
