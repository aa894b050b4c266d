# SPDX-License-Identifier: GPL-2.0
"""The workloads: one row each, with how it is prepared, run and read."""
import json
import os
import re

LAST_CPU = str(os.cpu_count() - 1)


class Load:
    """
    What is run. `rate` reads requests per second (more is better) and details from its output.
    `threads` is how many of its threads have a CPU to themselves.
    """

    def __init__(self, name, what, command, rate, prepare=None, threads=1):
        self.name, self.what, self.command, self.rate = name, what, command, rate
        self.prepare, self.threads = prepare or (lambda env: None), threads


def rate_load(text):
    j = json.loads(text)
    # CPU time where the load is one thread that only computes: it excludes other tenants.
    return j["requests"] * 1e9 / j["cpu_ns"], {"nvcsw": j.get("nvcsw"), "requests": j["requests"]}


def rate_blocked(text):
    j = json.loads(text)
    return j["requests"] * 1e9 / j["wall_ns"], {"nvcsw": j["nvcsw"]}


def rate_perf(text):
    return 1.0 / float(re.search(r"[\d.]+", text).group()), {"requests": 1}


def rate_fio(text):
    job = json.loads(text[text.index("{"):])["jobs"][0]
    return job["write"]["iops"], {"requests": job["write"]["total_ios"]}


def rate_aioload(text):
    j = json.loads(text)
    return j["requests"] * 1e9 / j["wall_ns"], {"nvcsw": j["nvcsw"], "requests": j["requests"]}


def prepare_loop(env):
    if "loop" not in env.made:
        env.made["loop"] = env.scratch.loop("raw", "512M")
        # Written once, so that the page cache of the image has all blocks.
        os.system(f"dd if=/dev/zero of={env.made['loop']} bs=1M oflag=direct status=none 2>/dev/null")


def prepare_fs(fstype):
    def prepare(env):
        if fstype not in env.made:
            env.made[fstype] = env.scratch.filesystem(fstype, fstype, "1G")
        for name in os.listdir(env.made[fstype]):
            if name.startswith("f."):
                os.unlink(os.path.join(env.made[fstype], name))
    return prepare


def fio(batch):
    def command(env):
        return ["fio", "--name=bench", "--filename=" + env.made["loop"], "--rw=randwrite", "--bs=4k",
                "--direct=1", "--ioengine=libaio", "--iodepth=32", "--thread", "--randseed=1",
                "--norandommap", f"--iodepth_batch_submit={batch}",
                f"--iodepth_batch_complete_min={batch}", "--time_based",
                f"--runtime={env.msec}ms", "--output-format=json"]
    return command


def aioload(pattern, fstype, calls):
    def command(env):
        return [env.aioload, "--pattern", pattern, "--file", os.path.join(env.made[fstype], "f"),
                "--threads", "2", "--calls", str(calls * env.msec // 1000)]
    return command


def perf_pipe(env):
    return ["taskset", "-c", LAST_CPU, "perf", "bench", "-f", "simple", "sched", "pipe", "-l",
            str(150 * env.msec)]


def perf_storm(env):
    return ["perf", "bench", "-f", "simple", "sched", "messaging", "-t", "-g", "4", "-l",
            str(max(1, env.msec * 2 // 5))]


def own(*args):
    def command(env):
        return [env.load] + [str(a) if a != "MSEC" else str(env.msec) for a in args]
    return command


def ring(program, *args):
    """A load of the tests, of so many calls or rounds a second."""
    def command(env):
        return [os.path.join(env.tests, program)] + [
            str(a * env.msec // 1000) if isinstance(a, int) else a for a in args]
    return command


LOADS = [
    Load("pipe", "perf bench sched pipe, one CPU, no io_submit", perf_pipe, rate_perf),
    Load("storm", "perf bench sched messaging, no io_submit", perf_storm, rate_perf),
    Load("getppid", "getppid in a loop, no io_submit", own("getppid", "MSEC"), rate_load),
    Load("fio-32", "fio, 4 KiB O_DIRECT random writes, loop device in RAM, 32 per call",
         fio(32), rate_fio, prepare_loop),
    Load("fio-1", "the same, one per call, 32 in flight", fio(1), rate_fio, prepare_loop),
    Load("ext4-append", "direct appends on ext4, two threads: nearly each call sleeps",
         aioload("append", "ext4", 12000), rate_aioload, prepare_fs("ext4"), threads=2),
    Load("btrfs-write", "direct overwrites on btrfs, two threads",
         aioload("overwrite", "btrfs", 3000), rate_aioload, prepare_fs("btrfs"), threads=2),
    Load("batch-128", "io_submit of 128 writes to /dev/null: nothing but the call",
         own("null", 128, "MSEC"), rate_load),
    Load("batch-1", "the same, one per call", own("null", 1, "MSEC"), rate_load),
    Load("ring-1", "io_uring_enter of one request that does nothing: nothing but the call",
         ring("uringload", "--nop", "--calls", 200000), rate_load),
    Load("ring-32", "the same, 32 per call",
         ring("uringload", "--nop", "--batch", "32", "--calls", 20000), rate_load),
    Load("ring-echo", "a server of sockets on io_uring, 32 clients at full speed",
         ring("ringecho", "--clients", "32", "--rounds", 4000), rate_load),
    Load("blocked-2000", "2000 threads at once asleep in io_submit, then released",
         own("blocked", 2000, 10), rate_blocked),
]
