#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""Prints docs/patterns.md: the table measured by tools/pages/patterns.py, for both interfaces."""
import collections
import pathlib

TABLE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "patterns.tsv"

HEAD = """\
<!-- Made by `make docs` from docs/patterns.tsv: do not edit. -->
# Which patterns block where, through io_submit and through io_uring

{conditions}; one request a call. In each cell the
first line is io_submit's, the second that of io_uring_enter, without SQPOLL or IOSQE_ASYNC.

- **blocks**: the program's own thread sleeps while it hands over requests, in so many of its calls.
- **workers sleep**: the kernel hands so many of the requests to worker threads (io-wq), which sleep so
  often per request. The program goes on, its requests wait.
- **punted**: handed to workers, which hardly sleep: each such request costs a switch of threads.
- **asynchronous**: none of these, or in less than one of ten.
- **varies**: the runs did not say the same.

io_uring moves these sleeps, from the caller into workers, more often than it removes them; what it does
remove is the wait for the data of a buffered read, if not for the map that says where they lie. Figures near a limit depend on the state of the file and
on the pace: XFS, for one, punts an overwrite that comes later than a clock tick after the last one, since
the file's time has to be written. Measure your own: `tools/pages/patterns.py FILE`, a third of an hour.
A test has some of these cells measured anew three times (`tests/live/test_patterns.py`).
"""


def figures(cell):
    """Of a row of the table, in few words."""
    verdict, blocked, _, punted, worker_sleeps, _ = cell
    parts = [f"blocks {blocked} %"] if int(blocked) >= 10 else []
    if float(worker_sleeps) >= 0.1:
        parts.append(f"workers sleep {worker_sleeps}, {punted} % punted")
    elif int(punted) >= 10:
        parts.append(f"punted {punted} %")
    text = "; ".join(parts) or "asynchronous"
    return f"varies: {text}" if verdict == "varies" else text


def page():
    comment, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    cells = collections.defaultdict(dict)
    names = {}
    for line in lines:
        pattern, api, name, *cell = line.split("\t")
        cells[pattern].setdefault(name, {})[api] = figures(cell)
        names[name] = None
    conditions = comment.lstrip("# ")
    out = [HEAD.format(conditions=conditions[0].upper() + conditions[1:]),
           f"| pattern | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for pattern, row in cells.items():
        shown = ["<br>".join(row[n][api] for api in ("aio", "io_uring")) if n in row else "-"
                 for n in names]
        out.append(f"| {pattern} | {' | '.join(shown)} |")
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    print(page(), end="")
