# SPDX-License-Identifier: GPL-2.0
"""
table.py JUNIT FOLDER: what the tests on kernels found, as a table into docs/kernel-table.md and
into README.md between the marks. FOLDER has the files of each guest.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "kernel-table.md"
MARKS = "<!-- kernel-table -->", "<!-- /kernel-table -->"
PAGE_HEAD = """# What was found on each kernel

Written by `make check-kernels`: each kernel was booted in QEMU, and every way of attaching was
taken there by itself, over loads that block. [kernels.md](kernels.md) tells how they are run.

"""
LEGEND = """
**Bold**: used when nothing else is asked for. Plain: works, with `--probe`. Struck out: does not
work there, see below. Tests: passed, failed, skipped.
"""


def kernel_of(case, known):
    """The longest known name at either end of the parameters: "6.12-rt" is not "6.12"."""
    inside = re.search(r"\[(.*)\]", case.get("name"))[1]
    fits = [k for k in known if inside == k or inside.startswith(k + "-") or
            inside.endswith("-" + k)]
    return max(fits, key=len) if fits else None


def listed():
    rows = (ROOT / "tools/kernels.d/list").read_text(encoding="utf-8").splitlines()
    return [row.split()[0] for row in rows if row and not row.startswith("#")]


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def ways(folder):
    """[(need, way, state, why)] as `aiostall check` said there."""
    path, found, need = folder / "check", [], None
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        head = re.match(r"(\w+): ", line)
        row = re.match(r"  (\w+) +(used|works|no) *(.*)", line)
        if head:
            need = head[1]
        elif row and need:
            found.append((need, row[1], row[2], row[3]))
    return found


def cell(need, found):
    looks = {"used": "**{}**", "works": "{}", "no": "~~{}~~"}
    return ", ".join(looks[state].format(way) for n, way, state, _ in found if n == need)


def row(kernel, needs, folder, counts):
    found = ways(folder / kernel)
    release = folder / kernel / "uname"
    if not found or not release.exists():
        what = "did not come to an end" if counts["failed"] else "could not be had"
        return f"| {kernel} | {what} |{' |' * (len(needs) + 1)}"
    cells = " | ".join(cell(need, found) for need in needs)
    figures = f"{counts['passed']}, {counts['failed']}, {counts['skipped']}"
    return f"| {kernel} | {release.read_text().strip()} | {cells} | {figures} |"


def table(kernels, folder, results, before):
    """A kernel that was not run keeps its line of before."""
    needs = list(dict.fromkeys(need for k in results for need, *_ in ways(folder / k)))
    lines = [f"| kernel | version | {' | '.join(needs)} | tests |",
             "|---" * (len(needs) + 3) + "|"]
    for kernel in kernels:
        if kernel in results:
            lines.append(row(kernel, needs, folder, results[kernel]))
        else:
            lines += [line for line in before if line.startswith(f"| {kernel} |")]
    return "\n".join(lines) + "\n"


def failings(kernel, folder):
    return [f"{need} by {way}: {why}" for need, way, state, why in ways(folder / kernel)
            if state == "no"]


def observations(kernel, folder):
    path = folder / kernel / "observed"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def section(title, kernels, folder, results, before, lines_of):
    """A list with lines of each kernel, those of before for one that was not run."""
    begin = before.index(title) if title in before else len(before)
    old = before[begin + 1:]
    old = old[:next((n for n, line in enumerate(old) if line.startswith("#")), len(old))]
    lines = []
    for kernel in kernels:
        mark = f"* {kernel}: "
        lines += [mark + text for text in lines_of(kernel, folder)] if kernel in results else \
            [line for line in old if line.startswith(mark)]
    return f"\n{title}\n\n" + "\n".join(lines or ["Nothing."]) + "\n"


def put_between_marks(path, text):
    page = path.read_text(encoding="utf-8")
    begin, end = page.find(MARKS[0]), page.find(MARKS[1])
    if begin < 0 or end < begin:
        sys.exit(f"{path}: no {MARKS[0]} ... {MARKS[1]}")
    path.write_text(f"{page[:begin]}{MARKS[0]}\n{text}{page[end:]}", encoding="utf-8")


def main(junit, folder):
    folder, kernels = pathlib.Path(folder), listed()
    results = defaultdict(Counter)
    for case in ET.parse(junit).getroot().iter("testcase"):
        kernel = kernel_of(case, kernels)
        if kernel:
            results[kernel][outcome(case)] += 1
    before = PAGE.read_text(encoding="utf-8").splitlines() if PAGE.exists() else []
    text = table(kernels, folder, results, before)
    PAGE.write_text(PAGE_HEAD + text + LEGEND + "".join(
        section(title, kernels, folder, results, before, lines_of)
        for title, lines_of in (("## What does not work", failings),
                                ("## Observed, not asserted", observations))), encoding="utf-8")
    put_between_marks(ROOT / "README.md", text + LEGEND)
    print(f"{PAGE.relative_to(ROOT)} and README.md: the table of this run")


main(*sys.argv[1:])
