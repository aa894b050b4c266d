# SPDX-License-Identifier: GPL-2.0
"""
matrix_expect.py DIR: the results of tools/matrix against what the sources of the kernels say: verdicts
and causes, never times. Says what differs and what was compared, and fails if anything differs.
"""
import json
import pathlib
import re
import sys

QUEUED = {"async", "rare"}
# label, row, first and last kernel (exclusive), verdicts, cause
EXPECTED = [
    ("ext4", "append", "0", "99", {"synchronous"}, "ext4.dio_sync"),
    ("ext4", "append-d4", "0", "99", {"synchronous"}, "ext4.dio_sync"),
    ("ext4", "overwrite", "0", "99", QUEUED, None),
    ("ext4", "overwrite-d4", "0", "99", QUEUED, None),
    ("ext4", "read", "0", "99", QUEUED, None),
    ("ext4", "read-cold", "0", "99", {"synchronous"}, "buf.read_miss"),
    ("ext4", "overwrite-nowait", "0", "7.3", QUEUED, None),
    ("ext4", "overwrite-nowait", "7.3", "99", {"refuses"}, None),
    ("ext4", "append-nowait", "0", "99", {"refuses"}, None),
    ("xfs", "append", "0", "99", QUEUED, None),
    ("xfs", "append-d4", "0", "99", {"blocks"}, "xfs.append_wait"),
    ("xfs", "overwrite", "0", "99", QUEUED, None),
    ("xfs", "overwrite-nowait", "0", "6.0", QUEUED, None),
    ("xfs", "overwrite-nowait", "6.0", "99", {"refuses"}, None),
    ("xfs lazytime", "overwrite-nowait", "6.0", "7.0", {"refuses"}, None),
    ("xfs lazytime", "overwrite-nowait", "7.0", "99", QUEUED, None),
    ("btrfs", "overwrite", "6.15", "7.3", {"synchronous"}, "btrfs.dio_fallback"),
    ("btrfs", "overwrite", "0", "6.12", QUEUED | {"blocks"}, None),
    ("btrfs", "overwrite", "7.3", "99", QUEUED | {"blocks"}, None),
    ("btrfs nodatacow", "overwrite", "0", "99", QUEUED, None),
    ("ext4", "overwrite-lba", "0", "6.5", {"synchronous"}, None),
    ("ext4", "overwrite-lba", "6.5", "99", QUEUED, None),
    ("ext4", "fill-unwritten-nowait", "0", "6.3", {"refuses"}, None),
    ("ext4", "fill-unwritten-nowait", "6.3", "7.3", QUEUED, None),
    ("xfs", "overwrite-lba", "5.12", "99", QUEUED, None),
    ("btrfs data DUP nodatacow", "overwrite", "6.13", "6.19", QUEUED, None),
    ("btrfs data DUP nodatacow", "overwrite", "7.0", "7.3", {"synchronous"}, "btrfs.dio_fallback"),
    ("ext4 dax", "overwrite", "0", "99", {"synchronous"}, None),
    ("xfs dax", "overwrite", "0", "99", {"synchronous"}, None),
    ("tmpfs", "overwrite", "0", "6.6", {"n/a"}, None),
    ("tmpfs", "overwrite", "6.6", "99", {"synchronous"}, None),
    ("fuse (fuse2fs)", "overwrite", "0", "99", {"synchronous"}, None),
    ("nfs 4.2 of ext4", "overwrite", "0", "99", QUEUED, None),
    ("dm-linear", "overwrite-nowait", "0", "99", QUEUED, None),
    ("dm-thin", "read-cold-nowait", "6.5", "99", {"n/a"}, None),
    ("md raid1", "overwrite-nowait", "5.17", "7.2", QUEUED, None),
    ("md raid1", "overwrite-nowait", "7.2", "99", {"n/a"}, None),
    ("md raid5", "overwrite-nowait", "5.17", "7.2", QUEUED, None),
    ("md raid5", "overwrite-nowait", "7.2", "99", {"n/a"}, None),
    ("device", "overwrite", "0", "99", QUEUED, None),
    ("device", "overwrite-nowait", "0", "99", QUEUED, None),
    ("device", "read-cold", "0", "99", {"synchronous"}, "buf.read_miss"),
]


def numbers(version):
    return [int(n) for n in re.findall(r"\d+", version)][:3]


def compare(result):
    """How many cells were compared, and what differs."""
    compared, wrong = 0, []
    kernel = numbers(result["kernel"])
    cells = {cell["row"]: cell for cell in reversed(result["cells"]) if cell["engine"] == "aio"}
    for label, row, since, until, verdicts, cause in EXPECTED:
        cell = cells.get(row)
        if label != result["label"] or not cell or \
                not numbers(since) <= kernel < numbers(until):
            continue
        compared += 1
        said = cell.get("cause", {}).get("id")
        if cell["verdict"] not in verdicts or (cause and result["traced"] and said != cause):
            wrong.append(f"{result['kernel']} {label} {row}: {cell['verdict']}, {said}; "
                         f"expected {' or '.join(sorted(verdicts))}, {cause or 'any cause'}")
    return compared, wrong


def main(folder):
    compared, wrong = 0, []
    for path in sorted(pathlib.Path(folder).glob("*/*.json")):
        n, found = compare(json.loads(path.read_text(encoding="utf-8")))
        compared += n
        wrong += found
    for line in wrong:
        print(line)
    print(f"{compared - len(wrong)} cells as expected, {len(wrong)} not")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main(sys.argv[1])
