# SPDX-License-Identifier: GPL-2.0
"""One run of a workload under a tool, and the cost of single BPF programs."""
import json
import os
import subprocess
import time

from tracers import Run, Tracer, aiostall_report, last_line

LOAD_LIMIT_S = 300
# The load waits for a line, so that tools can be given its pid before it begins.
GATE = ["sh", "-c", 'read -r go && exec "$@"', "sh"]


def start_load(command):
    return subprocess.Popen(GATE + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)


def finish_load(load, proc):
    out, _ = proc.communicate("go\n", timeout=LOAD_LIMIT_S)
    if proc.returncode:
        raise RuntimeError(f"{load.name}: {last_line(out)}")
    rate, detail = load.rate(out)
    return {"rate": rate, **detail}


def untraced(load, env):
    load.prepare(env)
    begin = time.monotonic()
    result = finish_load(load, start_load(load.command(env)))
    result["wall_s"] = time.monotonic() - begin
    return result


def wrapped(load, tracer, env):
    """strace starts the workload itself."""
    wrap = Tracer(tracer.name, tracer.program, lambda run, _: tracer.command(run, 0) +
                  load.command(env))
    run = Run(wrap, env, 0)
    while run.proc.poll() is None:
        run.cpu_after = run.stat()
        if time.monotonic() - run.begin > LOAD_LIMIT_S:
            run.proc.kill()
        time.sleep(0.01)
    if run.proc.returncode:
        raise RuntimeError(last_line(run.text("err")))
    rate, detail = load.rate(run.text("out"))
    wall = time.monotonic() - run.begin
    return {"rate": rate, **detail, "wall_s": wall, "cpu": run.cpu_after / wall,
            "peak_kb": run.peak_kb, "attach_s": None, "lost": None}


def traced(load, tracer, env):
    if tracer.wraps:
        load.prepare(env)
        return wrapped(load, tracer, env)
    load.prepare(env)
    proc = start_load(load.command(env))
    run = None
    try:
        run = Run(tracer, env, proc.pid)
        attach = run.wait_ready()
        cpu, begin = run.stat(), time.monotonic()
        result = finish_load(load, proc)
        result["wall_s"] = time.monotonic() - begin
        result["cpu"] = (run.stat() - cpu) / result["wall_s"]
        run.stop()
        result.update(attach_s=attach, peak_kb=run.peak_kb, cpu_total_s=run.cpu_after,
                      lost=tracer.lost(run))
        if tracer.name.startswith("aiostall"):
            result["seen"] = aiostall_seen(run)
        return result
    finally:
        for p in (proc, run.proc if run else None):
            if p and p.poll() is None:
                p.kill()
                p.wait()


def aiostall_seen(run):
    totals = aiostall_report(run)["totals"]
    return {"submits": totals["submits"], "requests": totals["requests"],
            "sleeps": totals["sleeps"], "status": run.proc.returncode}


# ---- the cost of single programs ----

class Probe:
    """The helper that attaches empty programs and reads the kernel's figures."""

    def __init__(self, env):
        self.proc = subprocess.Popen([env.probe, "--empty", "--stats"], stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True)
        if self.proc.stdout.readline().strip() != "ready":
            raise RuntimeError("the empty programs could not be attached")

    def read(self):
        self.proc.stdin.write("\n")
        self.proc.stdin.flush()
        return {p["id"]: p for p in json.loads(self.proc.stdout.readline())}

    def close(self):
        self.proc.stdin.close()
        self.proc.wait()


def programs_of(pid):
    """Ids of the programs that a process holds: others may run programs of the same names."""
    ids = set()
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}") as f:
                ids.update(int(line.split()[1]) for line in f if line.startswith("prog_id:"))
        except OSError:  # closed meanwhile
            continue
    return ids


def program_costs(load, aiostall, env):
    """
    Runs and ns per run of every program during one workload, aiostall's and the empty ones, and
    what part of the workload's time aiostall's took beyond the empty ones.
    """
    load.prepare(env)
    probe = Probe(env)
    proc = start_load(load.command(env))
    run = None
    try:
        run = Run(aiostall, env, proc.pid)
        run.wait_ready()
        ours = programs_of(run.proc.pid) | programs_of(probe.proc.pid)
        before = probe.read()
        result = finish_load(load, proc)
        after = probe.read()
        run.stop()
    finally:
        probe.close()
        for p in (proc, run.proc if run else None):
            if p and p.poll() is None:
                p.kill()
                p.wait()
    rows = {}
    for ident, p in after.items():
        if ident not in ours:
            continue
        old = before.get(ident, {"runs": 0, "ns": 0})
        runs, ns = p["runs"] - old["runs"], p["ns"] - old["ns"]
        if runs > 100:
            rows[p["name"]] = {"runs": runs, "ns_per_run": ns / runs, "jited_bytes": p["jited"],
                               "xlated_bytes": p["xlated"], "verified_insns": p["verified"]}
    per_request = beyond_empty_ns(rows) / result["requests"]
    return {"programs": rows, "part": per_request * result["rate"] / 1e9 / load.threads}


def beyond_empty_ns(rows):
    """
    Time of aiostall's programs less that of an empty one for each run: the kernel's measuring, and
    what having a program costs anyway.
    """
    empty = {name[len("empty_"):]: row["ns_per_run"] for name, row in rows.items()
             if name.startswith("empty_")}
    floor = empty.get("waking") or empty["switch"]
    return sum(row["runs"] * (row["ns_per_run"] - empty.get(name.split("_")[0], floor))
               for name, row in rows.items() if not name.startswith("empty_"))


def binary_size(env):
    """Bytes of the program without its debugging information."""
    copy = env.scratch.path("stripped")
    subprocess.run(["strip", "-o", copy, env.aiostall], check=True)
    size = os.path.getsize(copy)
    os.unlink(copy)
    return size
