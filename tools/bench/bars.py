# SPDX-License-Identifier: GPL-2.0
"""The bars, and what the measurements say about each: pass, short, or that they cannot tell."""
from statistics import median

FAST_PATH_NS, BATCH_NS = 10, 150
ATTACH_S, BINARY_BYTES, RESIDENT_KB = 0.150, 4 << 20, 32 << 10
READER_CPU = 0.03
# Least throughput, as a part of the untraced one.
LEAST = {"pipe": 0.99, "storm": 0.99, "fio-32": 0.95, "fio-1": 0.95, "ext4-append": 0.97,
         "btrfs-write": 0.97}
OURS = ("aiostall", "aiostall-p", "aiostall-none")
# What the syscall tracepoints cost by themselves is no bar for who does not use them.
LEAST_UNWATCHED = {**LEAST, "getppid": 0.99}
STALLS = ("ext4-append", "btrfs-write", "blocked-2000")


def values(data, load, tool, key):
    runs = data["runs"].get(load, {}).get(tool, [])
    return [r[key] for r in runs if r.get(key) is not None]


def middle(data, load, tool, key):
    found = values(data, load, tool, key)
    return median(found) if found else None


def ratio(data, load, tool, base="untraced"):
    """Median over the rounds of this tool's rate to the other's in the same round."""
    runs = data["runs"].get(load, {})
    pairs = [(a["rate"], b["rate"]) for a, b in zip(runs.get(tool, []), runs.get(base, []))
             if a.get("rate") and b.get("rate")]
    return median(a / b for a, b in pairs) if pairs else None


def request_cost_ns(data, load, tool="aiostall"):
    """ns that the tool adds to each request: for loads of one thread that only computes."""
    runs = data["runs"].get(load, {})
    costs = [1e9 / a["rate"] - 1e9 / b["rate"]
             for a, b in zip(runs.get(tool, []), runs.get("untraced", []))
             if a.get("rate") and b.get("rate")]
    return median(costs) if costs else None


def fast_path_bars(data):
    for name, ours, theirs in (("sched_switch", "switch_", "empty_switch"),
                               ("sched_waking", "waking_", "empty_waking")):
        deltas = []
        for found in data["programs"].get("pipe", {}).get("aiostall-p", []):
            programs = found["programs"]
            own = [p["ns_per_run"] for n, p in programs.items() if n.startswith(ours)]
            if own and theirs in programs:
                deltas.append(own[0] - programs[theirs]["ns_per_run"])
        if deltas:
            yield (f"{name}, unrelated threads: ns per run over an empty program", median(deltas),
                   FAST_PATH_NS, "ns", True)


def spread(data, load, tool):
    """Of a tool's rates over the rounds, as a part of their median; None if there is only one."""
    rates = values(data, load, tool, "rate")
    return (max(rates) - min(rates)) / median(rates) if len(rates) > 1 else None


def beside(data, load):
    """What a ratio is to be read with: that of empty programs, and how much untraced runs differ."""
    floor, noise = ratio(data, load, "empty"), spread(data, load, "untraced")
    said = [f"empty programs {floor:.3f}"] if floor is not None else []
    said += [f"untraced runs differ by {noise:.0%}"] if noise is not None else []
    return f" [{', '.join(said)}]" if said else ""


def load_bars(data):
    """Each with the noise of what it is judged by, None if that says enough."""
    for tool, limits in (("aiostall", LEAST), ("aiostall-none", LEAST_UNWATCHED)):
        for load, least in limits.items():
            got = ratio(data, load, tool)
            if got is not None:
                name = load if tool == "aiostall" else f"{load}, {tool}"
                yield (f"{name}: throughput to untraced{beside(data, load)}", got, least, "", False,
                       spread(data, load, "untraced"))
    for load in ("pipe", "storm", "getppid"):
        got = ratio(data, load, "aiostall", "empty")
        if got is not None:
            yield (f"{load}: throughput to empty programs", got, 0.99, "", False,
                   spread(data, load, "empty"))
    cost = request_cost_ns(data, "batch-128")
    if cost is not None:
        yield "batch-128: cost per request", cost, BATCH_NS, "ns", True, None


def part_bars(data):
    """From the programs' own time, which wobbles far less than throughput."""
    for load, tools in data["programs"].items():
        for tool, found in tools.items():
            if found and load in LEAST:
                name = f"{load}: programs beyond empty ones, part of the load's time"
                if tool == "aiostall-none":
                    name = name.replace(":", f", {tool}:")
                yield name, median(f["part"] for f in found), 1 - LEAST[load], "", True


# What a tracer can lose by itself; calls that are seen in part may be the host's doing, where it
# keeps switches of some tasks from all tracers.
OWN_LOSSES = ("events", "stacks", "map_full", "unattributed", "model_evicted", "malformed")


def loss_bars(data):
    for load, tool in ((load, tool) for load in STALLS for tool in OURS):
        runs = data["runs"].get(load, {}).get(tool, [])
        runs = [r for r in runs if "lost" in r]
        if not runs:
            continue
        name, load = load, f"{load}, {tool}"
        lost = [r["lost"] or {} for r in runs]
        yield (f"{load}: events, stacks and table entries lost",
               sum(one.get(k, 0) for one in lost for k in OWN_LOSSES), 0, "", True)
        parts = sum(one.get("unmatched", 0) for one in lost)
        if parts:
            submits = sum(r["nvcsw"] or 0 for r in runs)
            yield f"{load}: calls seen only in part, of {submits} sleeps", parts, 0, "", True
        yield f"{load}: CPU of the reader", median(r["cpu"] for r in runs), READER_CPU, "", True
        # The whole host's sleeps have others in them; one process's are the kernel's own count.
        missed = [abs(r["nvcsw"] - r["seen"]["sleeps"]) for r in runs if r.get("nvcsw")]
        if missed and tool == "aiostall-p" and name == "blocked-2000":
            yield f"{load}: sleeps off the kernel's count", max(missed), 0, "", True


def size_bars(data):
    runs = [r for load in data["runs"].values() for t in OURS for r in load.get(t, [])
            if "peak_kb" in r]
    if runs:
        yield "start to attached", median(r["attach_s"] for r in runs), ATTACH_S, "s", True
        yield "resident memory, peak", max(r["peak_kb"] for r in runs), RESIDENT_KB, "KiB", True
    yield "stripped binary", data["binary_bytes"], BINARY_BYTES, "bytes", True


def row(bar, value, limit, unit, at_most):
    return {"bar": bar, "value": value, "limit": limit, "unit": unit, "at_most": at_most,
            "pass": value <= limit if at_most else value >= limit}


def all_bars(data):
    """
    [{bar, value, limit, unit, at_most, pass}], limit being the most (or least) that passes; pass is
    None where the noise is larger than what the bar leaves.
    """
    out = [row(*bar) for source in (fast_path_bars, part_bars, loss_bars, size_bars)
           for bar in source(data)]
    for *bar, noise in load_bars(data):
        out.append(row(*bar))
        # the programs' own time tells it then
        if noise is not None and noise > 1 - out[-1]["limit"]:
            out[-1]["pass"] = None
    return out
