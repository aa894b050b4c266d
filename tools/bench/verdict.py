# SPDX-License-Identifier: GPL-2.0
"""
aiostall beside each peer, load by load: who costs less, and of one that does, what it cannot tell.
"""
from bars import OURS, ratio, spread

# What a peer's output has not, in words of the report's columns: see each tool's command in
# tracers.py, and its manual.
LACKS = {
    "bpftrace": "requests and their files, the waker, run-queue time and preemption apart from "
                "sleep, the cause",
    "offcputime": "calls and requests, the file, the waker, run-queue time, the cause; "
                  "sleeps outside of calls are among its own",
    "wakeuptime": "calls and requests, the stack of who sleeps, the file, run-queue time, the cause",
    "perf-trace": "sleeps, stacks, the waker, the file, the cause: it has each call's duration alone",
    "perf-record": "calls and requests, how long a sleep took, the file, the waker, the cause",
    "strace": "sleeps, stacks, the waker, the file, the cause: it has each call's duration alone",
}
AHEAD, EVEN, CHEAPER = "costs less than", "costs as much as", "costs more than"


def judge(data, load, peer):
    """(aiostall's ratio, the peer's, what can be said); None if one of them did not run."""
    ours, theirs = ratio(data, load, "aiostall"), ratio(data, load, peer)
    if ours is None or theirs is None:
        return None
    noise = spread(data, load, "untraced")
    # of the least that can be told apart, both being medians over the rounds
    if noise is not None and abs(ours - theirs) <= noise / 2:
        return ours, theirs, EVEN
    return ours, theirs, AHEAD if ours > theirs else CHEAPER


def verdict(data):
    """[{load, peer, ours, theirs, said, lacks}]: lacks of a peer that costs less."""
    rows = []
    for load, tools in data["runs"].items():
        for peer in tools:
            judged = (judge(data, load, peer)
                      if peer not in ("untraced", "empty", *OURS) else None)
            if judged:
                ours, theirs, said = judged
                rows.append({"load": load, "peer": peer, "ours": ours, "theirs": theirs,
                             "said": said, "lacks": LACKS[peer] if said == CHEAPER else ""})
    return rows


def summary(rows):
    count = {said: sum(row["said"] == said for row in rows) for said in (AHEAD, EVEN, CHEAPER)}
    return (f"of {len(rows)} rows of load and peer aiostall {AHEAD} the peer in {count[AHEAD]}, "
            f"{EVEN} it within the noise in {count[EVEN]}, and {CHEAPER} it in {count[CHEAPER]}, "
            "where the peer tells less")


def lines(rows):
    if not rows:
        return
    yield "\nVerdict: " + summary(rows)
    yield f"  {'':14}" + "".join(f"{peer:>13}" for peer in LACKS)
    for load in dict.fromkeys(row["load"] for row in rows):
        said = {row["peer"]: row for row in rows if row["load"] == load}
        cells = (mark(said.get(peer)) for peer in LACKS)
        yield f"  {load:14}" + "".join(f"{cell:>13}" for cell in cells)
    yield "  ratios to untraced, aiostall's : the peer's; + aiostall costs less, = noise, - the peer"
    for peer in dict.fromkeys(row["peer"] for row in rows if row["lacks"]):
        yield f"  - {peer} cannot tell: {LACKS[peer]}"


def mark(row):
    if row is None:  # did not run; "-" is a peer that costs less
        return ""
    sign = {AHEAD: "+", EVEN: "=", CHEAPER: "-"}[row["said"]]
    return f"{row['ours']:.2f}:{row['theirs']:.2f} {sign}"
