# SPDX-License-Identifier: GPL-2.0
"""Pages that are made from data are as their data are."""
import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]


def made(script="causes.py"):
    done = subprocess.run([sys.executable, TOP / "tools" / "pages" / script], check=True,
                          capture_output=True, text=True)
    return done.stdout


def test_the_page_of_causes_is_up_to_date():
    assert made() == (TOP / "docs" / "causes.md").read_text(encoding="utf-8"), "run make docs"


def test_the_page_of_patterns_is_up_to_date():
    page = (TOP / "docs" / "patterns.md").read_text(encoding="utf-8")
    assert made("patterns_page.py") == page, "run make docs"
    assert "| direct append, one in flight | blocks 100 %<br>workers sleep 1.00, 100 % punted |" in page


def test_every_cause_is_on_the_page():
    listed = subprocess.run([TOP / "build" / "aiostall", "causes"], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    ids = {line.split()[0] for line in listed} - {"unknown"}
    marks = {line.split()[0]: line.split()[1] for line in listed}
    headings = re.findall(r"^### `(\S+)`(?: \((seen|source)\))?$", made(), re.M)
    assert len(headings) == len(ids) and {name for name, _ in headings} == ids
    assert {name: mark or "proven" for name, mark in headings} == \
        {name: mark for name, mark in marks.items() if name != "unknown"}


def test_the_picture_is_that_of_the_screen():
    """Text, small, and nothing that a browser would fetch or run."""
    made_now = subprocess.run([sys.executable, "tools/pages/screen.py", "build/tests/topshot", "tests/replay/mixed.fix",
                               "104", "14", "fs", "v"], cwd=TOP, check=True, capture_output=True, text=True).stdout
    picture = (TOP / "docs" / "top.svg").read_text(encoding="utf-8")
    assert made_now == picture, "run make docs"
    assert len(picture) < 200_000 and "docs/top.svg" in (TOP / "README.md").read_text(encoding="utf-8")
    assert not re.search(r"<script|<image|href|url\(", picture)
