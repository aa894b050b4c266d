#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Measures which patterns of requests block on which filesystem, through io_submit and through
io_uring, on a slow device, three times each, and writes docs/patterns.tsv (or the file given), from
which `make docs` makes docs/patterns.md and the table of docs/causes.md. Needs root.
"""
import pathlib
import platform
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "live"))

import helpers  # pylint: disable=wrong-import-position
import measured  # pylint: disable=wrong-import-position

RUNS = 3


def line(pattern, api, place, cell):
    return (f"{pattern}\t{api}\t{place.name}\t{cell.verdict}\t{100 * cell.blocked:.0f}\t"
            f"{cell.sleeps:.2f}\t{100 * cell.punted:.0f}\t{cell.worker_sleeps:.2f}\t{cell.cause}\n")


def main():
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else TOP / "docs" / "patterns.tsv")
    release = ".".join(platform.release().split("-")[0].split(".")[:2])
    text = (f"# kernel {release}, {measured.DELAY['write'] // 1000} ms for each read and write, "
            f"the middle of {RUNS} runs of {measured.CALLS} calls\n")
    scratch = helpers.Scratch()
    try:
        places = [measured.make_place(scratch, name) for name in measured.PLACES]
        for pattern, args, cold in measured.PATTERNS:
            for api in measured.ENGINES:
                for place in places:
                    if not measured.is_run(args, place):
                        continue
                    cells = [measured.measure(scratch, place, api, args, cold)
                             for _ in range(RUNS)]
                    text += line(pattern, api, place, measured.middle(cells))
                    print(text.splitlines()[-1], [c.verdict for c in cells], flush=True)
    finally:
        scratch.close()
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
