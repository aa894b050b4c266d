# SPDX-License-Identifier: GPL-2.0
"""Journals of transactions that were cut short, by SQLite itself: journals.py OUT RECORDING"""
import pathlib
import shutil
import sqlite3
import struct
import sys

# How many pages each has; the last one has two parts, each with a header.
ROWS = (1, 40, 400)


def cut_short(recording, rows):
    scratch = recording.with_suffix(".scratch")
    shutil.copy(recording, scratch)
    db = sqlite3.connect(scratch, isolation_level=None)
    for pragma in ("cache_size=2", "synchronous=FULL", "cache_spill=1"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("BEGIN")
    db.execute("DELETE FROM info")
    for i in range(rows):
        db.execute("INSERT INTO fact(what, of, value) VALUES (?, 'x', ?)", (str(i), "z" * 500))
    journal = pathlib.Path(f"{scratch}-journal").read_bytes()
    db.close()
    scratch.unlink()
    return journal


RECORD = 4 + 4096 + 4
HEADER = 512


def wrong(journal):
    """What a journal of ours never is."""
    first = journal[HEADER:HEADER + RECORD]
    yield "twice", journal[:HEADER] + first + first
    yield "beyond", journal[:HEADER] + b"\x7f" + first[1:]
    yield "master", journal[:-8] + journal[:8]
    yield "sector", journal[:20] + struct.pack(">I", 77) + journal[24:]
    yield "page", journal[:24] + struct.pack(">I", 512) + journal[28:]
    yield "unknown-number", journal[:8] + b"\xff" * 4 + journal[12:]
    yield "larger", journal[:16] + struct.pack(">I", 1 << 30) + journal[20:]
    yield "zeros", bytes(len(journal))


def main():
    out, recording = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for rows in ROWS:
        journal = cut_short(recording, rows)
        (out / f"{rows}").write_bytes(journal)
        (out / f"{rows}-half").write_bytes(journal[:len(journal) // 2])
    for name, content in wrong(journal):
        (out / name).write_bytes(content)


if __name__ == "__main__":
    main()
