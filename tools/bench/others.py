# SPDX-License-Identifier: GPL-2.0
"""
What other programs say of a filesystem beside what qualify does: fsqual's sleeps per request, and
the submission latency (slat) of fio. others runs them; here are their rows and their words.
"""
import json
import pathlib
import re
import subprocess
import sys

# Depth, size in the filesystem's own unit, operation and DSYNC of fsqual; the row of qualify. Depths
# are not the same: fsqual hands over 3, 7 and 30 at once first, and then as many as were done.
FSQUAL = {
    (1, "block", "append", False): "append",
    (3, "block", "append", False): "append-d4",
    (3, "block", "fill", False): "fill-hole-d4",
    (7, "block", "fill", False): "fill-hole-d4",
    (1, "lba", "fill", False): "fill-hole-lba",
    (1, "lba", "overwrite", False): "overwrite-lba",
    (1, "lba", "overwrite", True): "overwrite-lba-dsync",
    (3, "lba", "overwrite", True): "overwrite-lba-d4-dsync",
    (30, "lba", "read", False): "read-lba-d32",
}
# fio's jobs: as the row of qualify that stands before them.
FIO = {
    "append": ["--rw=write", "--file_append=1", "--iodepth=1"],
    "overwrite": ["--rw=randwrite", "--overwrite=1", "--iodepth=1"],
    "read": ["--rw=randread", "--iodepth=1"],
    "read-cold": ["--rw=randread", "--iodepth=1", "--direct=0", "--invalidate=1"],
}
NOWAIT = "fill-hole-nowait"
CELL = re.compile(r"^\|" + r"\s*([^|]*?)\s*\|" * 8 + "$")


def rows():
    return ",".join(dict.fromkeys([*FSQUAL.values(), *FIO, NOWAIT]))


def fio(folder):
    """One line a row: its name and slat of p50 in ns."""
    for row, options in FIO.items():
        done = subprocess.run(
            ["fio", "--name=x", f"--filename={folder}/fio.tmp", "--ioengine=libaio", "--direct=1",
             "--bs=4k", "--size=1600k", "--number_ios=400", "--unlink=1", "--slat_percentiles=1",
             "--fallocate=none", "--output-format=json", *options],
            stdout=subprocess.PIPE, text=True, check=True)
        job = json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]
        slat = job["read" if "read" in row else "write"]["slat_ns"]
        print(row, slat["percentile"]["50.000000"])


def of_fsqual(path):
    """{row of fsqual: [sleeps per request of each time that it stands there]}, and refused of 1000."""
    text = path.read_text(encoding="utf-8")
    block = re.search(r"block size: +(\d+)", text)[1]
    found = {}
    for line in text.splitlines():
        cell = CELL.match(line)
        if cell and cell[1].isdigit():
            key = (int(cell[1]), "block" if cell[2] == block else "lba", cell[3],
                   cell[4] == "DSYNC")
            found.setdefault(key, []).append(float(cell[5]))
    refused = re.search(r"^\|\s*(\d+)\s*\|\s*(\d+)\s*\|\s*(?:GOOD|BAD)\s*\|$", text, re.M)
    return found, int(refused[2]) / int(refused[1])


def span(values, form):
    low, high = form(min(values)), form(max(values))
    return low if low == high else f"{low} to {high}"


def ratio(value):
    return f"{value:.3f}"


def micros(value):
    return f"{value / 1000:.1f}us"


def cells(path):
    return {cell["row"]: cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}


def print_table(folder, fstype):
    print("| filesystem | fsqual's row | ctxsw/io | qualify's row | ctxsw/io | verdict |\n"
          "|---|---|---|---|---|---|")
    ours = [cells(path) for path in sorted(folder.glob(f"{fstype}-*.qualify"))]
    theirs = [of_fsqual(path) for path in sorted(folder.glob(f"{fstype}-*.fsqual"))]
    for key, row in FSQUAL.items():
        said = [n for found, _ in theirs for n in found.get(key, [])]
        depth, size, operation, dsync = key
        print(f"| {fstype} | {operation} {size} d{depth}{' DSYNC' if dsync else ''} "
              f"| {span(said, ratio) if said else '-'} "
              f"| {row} | {span([o[row]['ctxsw_per_io'] for o in ours], ratio)} "
              f"| {', '.join(sorted({o[row]['verdict'] for o in ours}))} |")
    print(f"| {fstype} | nowait: retries | {span([n for _, n in theirs], ratio)} | {NOWAIT}: refused "
          f"| {span([o[NOWAIT]['refused'] / o[NOWAIT]['requests'] for o in ours], ratio)} "
          f"| {', '.join(sorted({o[NOWAIT]['verdict'] for o in ours}))} |")
    print("\n| filesystem | row | fio: slat p50 | qualify: held p50 |\n|---|---|---|---|")
    print("\n".join(slat_rows(folder, fstype, ours)), end="\n\n")


def slat_rows(folder, fstype, ours):
    said = {}
    for path in folder.glob(f"{fstype}-*.fio"):
        for line in path.read_text(encoding="ascii").splitlines():
            row, value = line.split()
            said.setdefault(row, []).append(int(value))
    return [f"| {fstype} | {row} | {span(said[row], micros)} "
            f"| {span([o[row]['held_p50_ns'] for o in ours], micros)} |" for row in FIO]


if __name__ == "__main__":
    if sys.argv[1] == "rows":
        print(rows())
    elif sys.argv[1] == "fio":
        fio(sys.argv[2])
    else:
        print_table(pathlib.Path(sys.argv[2]), sys.argv[3])
