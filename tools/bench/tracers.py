# SPDX-License-Identifier: GPL-2.0
"""The tools that are compared, each limited to the same job: io_submit of one workload."""
import json
import os
import re
import shutil
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SETTLED_S, READY_LIMIT_S, STOP_LIMIT_S = 0.3, 20, 60


class Tracer:
    """
    One tool. aiostall traces the whole host, aiostall-p the workload's process, aiostall-none the
    whole host without watching calls; the peers are given the workload's process if they take one.
    """

    def __init__(self, name, program, command, lost=None, ready="fds", wraps=False):
        self.name, self.program, self.command = name, program, command
        self.lost, self.ready, self.wraps = lost or (lambda run: None), ready, wraps

    def missing(self, env):
        program = getattr(env, self.program[1:]) if self.program[0] == "@" else self.program
        return None if shutil.which(program) else f"{program} is not installed"


class Run:
    """A tool while it runs: how long it took to attach, its CPU time and memory."""

    def __init__(self, tracer, env, pid):
        self.tracer, self.env = tracer, env
        self.dir = env.scratch.path("tool")
        shutil.rmtree(self.dir, ignore_errors=True)
        os.mkdir(self.dir)
        self.out, self.err = self.path("out"), self.path("err")
        self.begin = time.monotonic()
        with open(self.out, "w") as out, open(self.err, "w") as err:
            self.proc = subprocess.Popen(tracer.command(self, pid), stdout=out, stderr=err,
                                         stdin=subprocess.PIPE, cwd=self.dir)
        self.peak_kb, self.cpu_before, self.cpu_after = 0, 0.0, 0.0

    def path(self, name):
        return os.path.join(self.dir, name)

    def text(self, name):
        with open(self.path(name), errors="replace") as f:
            return f.read()

    def stat(self):
        """CPU seconds so far; the peak of resident memory on the way."""
        try:
            total_ns = 0
            for tid in os.listdir(f"/proc/{self.proc.pid}/task"):
                with open(f"/proc/{self.proc.pid}/task/{tid}/schedstat") as f:
                    total_ns += int(f.read().split()[0])
            with open(f"/proc/{self.proc.pid}/status") as f:
                peak = re.search(r"VmHWM:\s*(\d+)", f.read())
        except OSError:
            return self.cpu_after
        if peak:
            self.peak_kb = max(self.peak_kb, int(peak.group(1)))
        return total_ns / 1e9

    def ready_now(self):
        if self.tracer.ready == "file":
            return os.path.exists(self.path("ready"))
        return self.tracer.ready == "stdout" and "ready" in self.text("out")

    def count_fds(self):
        try:
            return len(os.listdir(f"/proc/{self.proc.pid}/fd"))
        except OSError:
            return 0

    def wait_ready(self):
        """Seconds until attached. Tools that do not say so: until no more descriptors are opened."""
        changed, fds = self.begin, -1
        while time.monotonic() - self.begin < READY_LIMIT_S:
            if self.proc.poll() is not None:
                raise RuntimeError(last_line(self.text("err") or self.text("out")))
            now = time.monotonic()
            if self.tracer.ready != "fds":
                if self.ready_now():
                    return now - self.begin
                time.sleep(0.002)
                continue
            count = self.count_fds()
            if count != fds:
                changed, fds = now, count
            elif now - changed > SETTLED_S and now - self.begin > 1:
                return changed - self.begin
            time.sleep(0.005)
        raise RuntimeError("not ready in time")

    def stop(self):
        self.cpu_after = self.stat()
        begin = time.monotonic()
        if self.tracer.ready == "stdout":
            self.proc.stdin.close()
        else:
            self.proc.send_signal(signal.SIGINT)
        while self.proc.poll() is None and time.monotonic() - begin < STOP_LIMIT_S:
            self.stat()
            time.sleep(0.01)
        if self.proc.poll() is None:
            self.proc.kill()
            self.proc.wait()
            raise RuntimeError("did not end")


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1][:200] if lines else "ended without a word"


# ---- what each tool says it lost ----

def aiostall_report(run):
    with open(run.path("report.json")) as f:
        return json.load(f)


def aiostall_lost(run):
    loss = aiostall_report(run)["loss"]
    return {k: v for k, v in loss.items() if v and k != "any"} if loss["any"] else 0


def lost_lines(pattern):
    def lost(run):
        found = re.findall(pattern, run.text("err") + run.text("out"))
        return sum(int(n) for n in found)
    return lost


def offcputime_lost(run):
    return len(re.findall(r"\[Missed", run.text("out")))


# ---- how each is started ----

def aiostall(run, _pid):
    return [run.env.aiostall, "stat", "--format", "json", "-o", run.path("report.json"),
            "--ready-file", run.path("ready")]


def aiostall_none(run, pid):
    return aiostall(run, pid) + ["--probe", "submit=none"]


def aiostall_pid(run, pid):
    return aiostall(run, pid) + ["-p", str(pid)]


def empty(run, _pid):
    return [run.env.probe, "--empty"]


def bpftrace(_run, _pid):
    return ["bpftrace", os.path.join(HERE, "peer.bt")]


def offcputime(_run, pid):
    return ["offcputime", "-p", str(pid), "100000"]


def wakeuptime(_run, pid):
    return ["wakeuptime", "-p", str(pid), "100000"]


def perf_trace(run, pid):
    return ["perf", "trace", "-e", "io_submit", "-o", run.path("trace"), "-p", str(pid)]


def perf_record(run, pid):
    return ["perf", "record", "-q", "-e", "sched:sched_switch", "-g", "-o", run.path("data"),
            "-p", str(pid)]


def strace(run, _pid):
    return ["strace", "-f", "-T", "-e", "trace=io_submit", "-o", run.path("trace")]


TRACERS = [
    Tracer("aiostall", "@aiostall", aiostall, aiostall_lost, "file"),
    Tracer("aiostall-p", "@aiostall", aiostall_pid, aiostall_lost, "file"),
    Tracer("aiostall-none", "@aiostall", aiostall_none, aiostall_lost, "file"),
    Tracer("empty", "@probe", empty, None, "stdout"),
    Tracer("bpftrace", "bpftrace", bpftrace, lost_lines(r"[Ll]ost (\d+) events")),
    Tracer("offcputime", "offcputime", offcputime, offcputime_lost),
    Tracer("wakeuptime", "wakeuptime", wakeuptime, offcputime_lost),
    Tracer("perf-trace", "perf", perf_trace, lost_lines(r"LOST (\d+) events")),
    Tracer("perf-record", "perf", perf_record, lost_lines(r"lost (\d+) (?:chunks|samples|events)")),
    Tracer("strace", "strace", strace, wraps=True),
]
