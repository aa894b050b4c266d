#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
bpfstack.py OBJECT [-v]: the stack that each BPF program needs over all its frames, as verifiers
count it. They allow 512 bytes: each frame rounded up to 32, to 16 from 6.9 on where the program is
compiled. Newer kernels count less, so that a program that loads here may not do so elsewhere. A
function that calls itself would be told by the verifier. Last line: "N passed, N failed".
"""
import functools
import re
import subprocess
import sys

LIMIT = 512
ROUND = 32

SECTION = re.compile(r"^Disassembly of section (.*):$")
SYMBOL = re.compile(r"^([0-9a-f]+) <(.*)>:$")
ON_STACK = re.compile(r"\(r10 - (\d+)\)")
# an address of the frame is made by subtraction from a copy of r10
COPY = re.compile(r"\br(\d) = r10$")
ADDED = re.compile(r"\br(\d) \+= -(\d+)$")
CALLED = re.compile(r"R_BPF_64_32\s+(\S+)$")
# a static function is told by its place: instructions from the beginning of its section, less one, or
# from the call that is in the same section
CALL = re.compile(r"^(\d+):\s+85 10 .*\bcall (-?\d+)$")
BYTES = 8


def functions_of(path):
    """By name: section, bytes of its own frame, names of what it calls."""
    listing = subprocess.run(["llvm-objdump", "-dr", path], check=True,
                             capture_output=True, text=True).stdout
    found, section, here, target = {}, "", None, 0
    starts = {}
    for line in listing.splitlines():
        line = line.strip()
        if match := SECTION.match(line):
            section = match[1]
        elif match := SYMBOL.match(line):
            if not match[2].startswith("LBB"):
                here = found[match[2]] = {"section": section, "frame": 0, "calls": set()}
                starts[section, int(match[1], 16)] = match[2]
                copies = set()
        elif match := CALL.search(line):
            at, distance = int(match[1]), int(match[2]) + 1
            target = distance * BYTES
            if distance:
                here["calls"].add((section, (at + distance) * BYTES))
        elif match := CALLED.search(line):
            name = match[1]
            here["calls"].add((name, target) if name.startswith(".") else name)
        elif match := COPY.search(line):
            copies.add(match[1])
        elif match := ADDED.search(line):
            if match[1] in copies:
                copies.discard(match[1])
                here["frame"] = max(here["frame"], int(match[2]))
        elif match := ON_STACK.search(line):
            here["frame"] = max(here["frame"], int(match[1]))
    for function in found.values():
        function["calls"] = {starts.get(call, call) for call in function["calls"]}
    return found


def main():
    verbose = "-v" in sys.argv
    functions = functions_of(sys.argv[1])

    @functools.cache
    def deepest(name):
        """Bytes, and the chain of names that needs them."""
        function = functions[name]
        own = -(-max(function["frame"], 1) // ROUND) * ROUND
        below = max((deepest(callee) for callee in sorted(function["calls"] & functions.keys())),
                    default=(0, ()))
        return own + below[0], ((name, function["frame"]), *below[1])

    counts = {True: 0, False: 0}
    for name, function in functions.items():
        if function["section"] == ".text":
            continue
        need, chain = deepest(name)
        counts[need <= LIMIT] += 1
        if verbose or need > LIMIT:
            print(f"{name}: {need} of {LIMIT} bytes: " +
                  ", ".join(f"{callee} {frame}" for callee, frame in chain))
    print(f"{counts[True]} passed, {counts[False]} failed")
    return 1 if counts[False] or not counts[True] else 0


if __name__ == "__main__":
    sys.exit(main())
