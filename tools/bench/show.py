# SPDX-License-Identifier: GPL-2.0
"""The results as text."""
from statistics import median

import verdict
from bars import middle, ratio, request_cost_ns, spread


def cell(value, form):
    return "-" if value is None else format(value, form)


def lost_text(runs):
    lost = [r["lost"] for r in runs if r.get("lost") is not None]
    if not lost:
        return "-"
    if any(isinstance(x, dict) for x in lost):
        return "yes"
    return str(sum(lost))


def load_table(data, load):
    yield f"\n{load['name']}: {load['what']}"
    yield (f"  {'':14}{'rate/s':>12}{'to untraced':>13}{'spread':>8}{'CPU':>8}{'lost':>8}"
           f"{'peak MiB':>10}{'attach s':>10}")
    for tool, runs in data["runs"].get(load["name"], {}).items():
        error = next((r["error"] for r in runs if "error" in r), None)
        if error and not any("rate" in r for r in runs):
            yield f"  {tool:14}cannot run here: {error}"
            continue
        name = load["name"]
        cpu, peak = middle(data, name, tool, "cpu"), middle(data, name, tool, "peak_kb")
        yield (f"  {tool:14}{cell(middle(data, name, tool, 'rate'), '.4g'):>12}"
               f"{cell(ratio(data, name, tool), '.3f'):>13}{cell(spread(data, name, tool), '.0%'):>8}"
               f"{cell(cpu, '.1%'):>8}{lost_text(runs):>8}"
               f"{cell(peak / 1024 if peak else None, '.1f'):>10}"
               f"{cell(middle(data, name, tool, 'attach_s'), '.3f'):>10}")


def batch_lines(data):
    for load in ("batch-128", "batch-1"):
        costs = [(tool, request_cost_ns(data, load, tool)) for tool in data["runs"].get(load, {})
                 if tool != "untraced"]
        costs = [f"{tool} {ns:.0f}" for tool, ns in costs if ns is not None]
        if costs:
            yield f"  {load}, ns added per request: " + ", ".join(costs)


def program_table(data):
    for load, tools in data["programs"].items():
        rounds = [found["programs"] for found in tools.get("aiostall-p", [])]
        names = sorted({n for r in rounds for n in r})
        if not names:
            continue
        yield f"\nBPF programs under {load} (ns as the kernel counts them, its own measuring included)"
        yield f"  {'':18}{'runs':>10}{'ns/run':>9}{'least':>8}{'jited':>8}{'xlated':>8}"
        for name in names:
            rows = [r[name] for r in rounds if name in r]
            ns = [row["ns_per_run"] for row in rows]
            yield (f"  {name:18}{rows[-1]['runs']:10}{median(ns):9.1f}{min(ns):8.1f}"
                   f"{rows[-1]['jited_bytes']:8}{rows[-1]['xlated_bytes']:8}")


# what the noise hides is neither
SAID = {True: "pass ", False: "SHORT", None: "noise"}


def bar_table(bars):
    yield "\nBars"
    for b in bars:
        sign = "at most" if b["at_most"] else "at least"
        yield (f"  {SAID[b['pass']]} {b['bar']}: {b['value']:.4g} {b['unit']}".rstrip() +
               f" ({sign} {b['limit']:.4g})")


def text(data):
    yield (f"{data['host']['kernel']}, {data['host']['cpus']} CPUs, {data['rounds']} rounds of "
           f"{data['msec']} ms, tools in turn; medians")
    for name, why in data["missing"].items():
        yield f"  {name}: cannot run here: {why}"
    for load in data["loads"]:
        yield from load_table(data, load)
    yield from batch_lines(data)
    yield from program_table(data)
    yield from bar_table(data["bars"])
    yield from verdict.lines(data["verdict"])
