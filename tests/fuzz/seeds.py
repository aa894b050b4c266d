# SPDX-License-Identifier: GPL-2.0
"""Hostile files from real recordings: seeds.py OUT RECORDING..."""
import pathlib
import random
import sqlite3
import sys

FLIPS = 24
VALUES = [None, -1, 2**63 - 1, -2**63, 0.5, "text", "\x1b[31m", b"", b"\xff" * 64]


def truncated(data):
    """Cut where a header, a page or nothing ends."""
    for size in (0, 1, 16, 99, 100, 4096, 4097, len(data) // 2, len(data) - 4096, len(data) - 1):
        if 0 <= size < len(data):
            yield f"cut{size}", data[:size]


def flipped(data, rng):
    """A few bits are wrong; half of the files have them in the first pages."""
    for i in range(FLIPS):
        bad = bytearray(data)
        for _ in range(rng.choice((1, 8, 64))):
            bad[rng.randrange(min(len(bad), 8192) if i % 2 else len(bad))] ^= 1 << rng.randrange(8)
        yield f"flip{i}", bytes(bad)


def changed(data, path, statements):
    """The database after these statements, None if they do not work on it."""
    path.write_bytes(data)
    db = sqlite3.connect(path)
    try:
        for statement, values in statements:
            db.execute(statement, values)
        db.commit()
    except sqlite3.Error:
        return None
    finally:
        db.close()
    return path.read_bytes()


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def schema(data, path):
    """{table: [column, ...]}"""
    path.write_bytes(data)
    db = sqlite3.connect(path)
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {t: [c[1] for c in db.execute(f"PRAGMA table_info({quoted(t)})")]
             for t in tables if not t.startswith("sqlite_")}
    db.close()
    return found


def disguised(data, path, rng):
    """A valid database that is not what it says."""
    tables = schema(data, path)
    for table, columns in tables.items():
        name = quoted(table)
        yield f"no-{table}", [(f"DROP TABLE {name}", ())]
        yield f"empty-{table}", [(f"DELETE FROM {name}", ())]
        yield f"view-{table}", [(f"ALTER TABLE {name} RENAME TO hidden", ()),
                                (f"CREATE VIEW {name} AS SELECT * FROM hidden, hidden AS more", ())]
        for column in columns:
            yield f"{table}-{column}", [(f"UPDATE {name} SET {quoted(column)} = ?",
                                         (rng.choice(VALUES),))]
    for version in (0, 1, 2, 3, 999, -1):
        yield f"version{version}", [(f"PRAGMA user_version = {version}", ())]
    yield "id", [("PRAGMA application_id = 77", ())]
    yield "endless", [("CREATE VIEW endless AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL "
                       "SELECT n + 1 FROM r) SELECT n FROM r", ())]


def foreign(path):
    """Databases of somebody else."""
    header = b"SQLite format 3\0"
    yield "text", b"this is no database\n" * 300
    yield "header", header + b"\0" * 84
    path.unlink(missing_ok=True)
    yield "other", changed(b"", path, [("CREATE TABLE a(b)", ()),
                                       ("INSERT INTO a VALUES (1)", ())])


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    scratch = out.parent / (out.name + ".scratch")
    rng = random.Random(1)
    for number, name in enumerate(sys.argv[2:]):
        data = pathlib.Path(name).read_bytes()
        seeds = {"real": data, **dict(truncated(data)), **dict(flipped(data, rng))}
        # the first one has rows in every table
        if not number:
            for title, statements in disguised(data, scratch, rng):
                seeds[title] = changed(data, scratch, statements)
            seeds.update(foreign(scratch))
        for title, seed in seeds.items():
            if seed is not None:
                (out / f"{number}-{title}").write_bytes(seed)
    scratch.unlink(missing_ok=True)
    print(len(list(out.iterdir())))


if __name__ == "__main__":
    main()
