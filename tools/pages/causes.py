#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
Prints docs/causes.md: the rules of src/cause/causes.rules as a catalogue, with the table measured
by tools/pages/patterns.py.
"""
import pathlib
import re
import textwrap

TOP = pathlib.Path(__file__).resolve().parents[2]
RULES = TOP / "src" / "cause" / "causes.rules"
TABLE = TOP / "docs" / "patterns.tsv"
WIDTH = 100

LAYERS = (
    ("mem", "Memory"), ("ubuf", "The user buffer"), ("vfs", "Before the filesystem"),
    ("aio", "AIO itself"), ("pipe", "Pipes, sockets and the like"), ("dio", "Direct I/O"),
    ("buf", "Buffered I/O"), ("wb", "Writeback"), ("sync", "Synchronous writes"),
    ("lock", "Locks"), ("time", "Timestamps"), ("ext4", "ext4"), ("xfs", "XFS"),
    ("btrfs", "btrfs"), ("f2fs", "f2fs"), ("fuse", "FUSE"), ("ovl", "overlayfs"), ("nfs", "NFS"),
    ("blk", "The block layer"), ("md", "md"), ("dm", "Device mapper"), ("drv", "Drivers"),
)

HEAD = """\
<!-- Made by `make docs` from src/cause/causes.rules and docs/patterns.tsv: do not edit. -->
# Why io_submit blocks

The causes that aiostall tells apart: {total}, of which {proven} were provoked on a running kernel
(`tests/live/test_causes.py`, `tests/vm/causes.sh`), {seen} are marked *seen*: in a public report; the
others are marked *source*: their rules follow the kernel's source, and are tested with stacks made
from it. *Measured* is what the advice did to the same load (`tests/live/test_remedies.py`): stalls of
that cause per 1000 submits without and with it. A stack that no rule knows is
reported as `unknown`, with the frames that tell most.

`aiostall causes ID` says the same as this page; `aiostall causes --explain` names the cause of a
stack from anywhere. A *kernels* line that says *checked* means that the functions which the rule
looks for are in the symbol tables of Debian's 5.10, 6.1, 6.12 and 6.18 and of two later kernels.

## What blocks where

Share of submits that blocked, and the cause of most of the blocked time; {conditions}.
One request a call; small figures depend on the state of the file. Measure your own with
`tools/pages/patterns.py FILE`. [patterns.md](patterns.md) has the same through io_uring beside it.
"""


def blocks(text):
    """The causes in order, each a dict."""
    body = text[text.index("\n[causes]\n"):text.index("\n[via]\n")]
    body = re.sub(r"\n[ \t]+", " ", body)
    found = []
    for row in body.splitlines():
        key, _, value = row.partition(": ")
        if key == "id":
            found.append({"id": value})
        elif found and key == "tried":
            found[-1].setdefault("tried", []).append(value)
        elif found and re.fullmatch(r"[a-z]+", key):
            found[-1][key] = value
    return found


def programs(text):
    """Rows of the section: names, causes, setting, why, source."""
    body = text[text.index("\n[programs]\n"):]
    body = body.split("\n[moot]\n")[0]
    return [dict(row.split(": ", 1) for row in block.splitlines())
            for block in body.split("\n\n")[1:]]


def program_table(rows):
    out = ["| program | against | setting | because | source |", "|---" * 5 + "|"]
    for row in rows:
        cells = [row[key].strip().replace(" | ", ", ") for key in
                 ("program", "for", "setting", "why", "source")]
        cells[1] = ", ".join(f"`{name}`" for name in cells[1].split(", "))
        out.append(f"| {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def table():
    rows, names, cells = [], [], {}
    comment, *lines = TABLE.read_text(encoding="utf-8").splitlines()
    for line in lines:
        pattern, api, name, _, share, *_, cause = line.split("\t")
        if api != "aio":
            continue
        rows += [pattern] if pattern not in rows else []
        names += [name] if name not in names else []
        cells[pattern, name] = f"{share} %" + (f" `{cause}`" if cause and share != "0" else "")
    out = [f"| pattern | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for row in rows:
        out.append(f"| {row} | {' | '.join(cells.get((row, name), '-') for name in names)} |")
    return comment.lstrip("# "), "\n".join(out)


def sentence(text):
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def wrapped(text, indent=""):
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False,
                         break_on_hyphens=False)


def entry(cause):
    mark = "" if cause["evidence"] == "proven" else f" ({cause['evidence']})"
    lines = [f"### `{cause['id']}`{mark}", "",
             wrapped(f"**{sentence(cause['name'])}** {cause['meaning']}"), ""]
    lines += [wrapped(f"- {title}: {cause[key]}", "  ")
              for title, key in (("Operator", "operator"), ("Author", "author"),
                                 ("Author, with O_DIRECT", "direct"),
                                 ("Kernels", "kernels"), ("See", "refs")) if key in cause]
    lines += [wrapped("- Measured, {} on {}, {}: {} per 1000 submits".format(*row.split("; ")), "  ")
              for row in cause.get("tried", ())]
    return "\n".join(lines) + "\n"


def page():
    causes = [c for c in blocks(RULES.read_text(encoding="utf-8")) if c["id"] != "unknown"]
    conditions, measured = table()
    proven, seen = (sum(c["evidence"] == word for c in causes) for word in ("proven", "seen"))
    parts = [HEAD.format(total=len(causes), proven=proven, seen=seen, conditions=conditions), measured + "\n"]
    named = dict(LAYERS)
    for layer, title in (*LAYERS, ("", "Other filesystems")):
        mine = [c for c in causes if (c["id"].split(".")[0] == layer if layer else
                                      c["id"].split(".")[0] not in named)]
        parts += [f"## {title}\n", *[entry(c) for c in mine]] if mine else []
    parts += ["## Programs\n", "Settings of programs that people run, as their own documents have them.\n",
              program_table(programs(RULES.read_text(encoding="utf-8")))]
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
