# SPDX-License-Identifier: GPL-2.0
"""Does the tracer's memory grow? One long run under the most stalls that two loads can make."""
import json
import os
import re
import subprocess
import threading
import time
from statistics import median

from tracers import TRACERS, Run, aiostall_report, last_line

GROWTH_LIMIT = 0.01
MINUTE = 60
# Of the loss figures, those that say something else.
NO_LOSS = ("any", "before_tracing", "spilled")


def memory_of(pid):
    """Bytes that are resident, and of the BPF maps that the process holds."""
    with open(f"/proc/{pid}/status") as f:
        resident = int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1)) << 10
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}") as f:
            text = f.read()
        ident, size = (re.search(rf"^{key}:\s*(\d+)", text, re.M) for key in ("map_id", "memlock"))
        if ident and size:
            maps[ident.group(1)] = int(size.group(1))
    return resident, sum(maps.values())


class Load(threading.Thread):
    """The same workload over and over, each time on new files."""

    def __init__(self, load, env, end):
        super().__init__()
        self.load, self.env, self.end, self.rounds, self.error = load, env, end, 0, None

    def run(self):
        try:
            while time.monotonic() < self.end and not self.error:
                self.load.prepare(self.env)
                done = subprocess.run(self.load.command(self.env), capture_output=True, text=True)
                if done.returncode:
                    self.error = f"{self.load.name}: {last_line(done.stderr)}"
                self.rounds += 1
        except OSError as e:
            self.error = f"{self.load.name}: {e}"


def end_all(threads):
    for thread in threads:
        thread.end = 0
        if thread.is_alive():
            thread.join()


def sample_until(run, end, threads):
    """[(second, resident bytes, bytes of maps, CPU seconds)]"""
    samples, begin = [], time.monotonic()
    while time.monotonic() < end and not any(thread.error for thread in threads):
        if run.proc.poll() is not None:
            raise RuntimeError(last_line(run.text("err")))
        samples.append((time.monotonic() - begin, *memory_of(run.proc.pid), run.stat()))
        time.sleep(1)
    return samples


def cpu_share(samples):
    seconds = samples[-1][0] - samples[0][0]
    return (samples[-1][3] - samples[0][3]) / seconds if seconds else 0.0


def by_minute(samples, seconds):
    """Whole minutes; what is left over at the end belongs to the last one."""
    whole = max(1, seconds // MINUTE)
    minutes = [[] for _ in range(whole)]
    for sample in samples:
        minutes[min(int(sample[0] // MINUTE), whole - 1)].append(sample)
    return [{"minute": n + 1, "resident_bytes": median(s[1] for s in of),
             "map_bytes": median(s[2] for s in of), "cpu": cpu_share(of)}
            for n, of in enumerate(minutes) if of]


def growth(minutes):
    """Of the last minute over the second, since tables are filled in the first; None: too short."""
    if len(minutes) < 3:
        return None
    first, last = minutes[1], minutes[-1]
    return max(last[key] / first[key] - 1 for key in ("resident_bytes", "map_bytes"))


def soak(env, loads, seconds):
    aiostall = next(t for t in TRACERS if t.name == "aiostall")
    chosen = [w for w in loads if w.name in ("ext4-append", "btrfs-write")]
    for load in chosen:
        load.prepare(env)
    run, threads = Run(aiostall, env, 0), []
    try:
        run.wait_ready()
        end = time.monotonic() + seconds
        threads = [Load(load, env, end) for load in chosen]
        for thread in threads:
            thread.start()
        samples = sample_until(run, end, threads)
        end_all(threads)
        run.stop()
    finally:
        end_all(threads)
        if run.proc.poll() is None:
            run.proc.kill()
            run.proc.wait()
    errors = [thread.error for thread in threads if thread.error]
    if errors:
        raise RuntimeError(errors[0])
    report, minutes = aiostall_report(run), by_minute(samples, seconds)
    return {"schema": "aiostall-soak/1", "seconds": seconds, "minutes": minutes,
            "growth": growth(minutes), "sleeps": report["totals"]["sleeps"],
            "submits": report["totals"]["submits"], "loss": report["loss"]}


def text(data):
    yield f"{data['seconds']} s: {data['submits']} submits, {data['sleeps']} sleeps"
    yield f"  {'minute':>6}{'resident MiB':>14}{'maps MiB':>10}{'CPU':>8}"
    for m in data["minutes"]:
        yield (f"  {m['minute']:>6}{m['resident_bytes'] / 2**20:>14.2f}"
               f"{m['map_bytes'] / 2**20:>10.2f}{m['cpu']:>8.1%}")
    lost = {k: v for k, v in data["loss"].items() if v and k not in NO_LOSS}
    yield f"  lost: {json.dumps(lost) if data['loss']['any'] else 'nothing'}"
    if data["growth"] is None:
        yield "  too short to tell whether memory grows: three minutes or more"
    else:
        verdict = "pass " if data["growth"] <= GROWTH_LIMIT else "SHORT"
        yield (f"  {verdict} memory of the last minute over the second: {data['growth']:+.2%} "
               f"(at most {GROWTH_LIMIT:.0%})")
