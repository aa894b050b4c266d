#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""screen.py TOPSHOT FIXTURE WIDTH HEIGHT BY KEYS: the screen of aiostall top over a text fixture, as SVG of text."""
import subprocess
import sys
from xml.sax.saxutils import escape

COLUMN, LINE, EDGE = 8.4, 18, 12
# letters of grid__print: foreground, background, weight
ROLES = {" ": ("#d8dee6", None, 400), "#": ("#14181d", "#d8dee6", 400), "_": ("#ffffff", None, 700),
         ">": ("#14181d", "#d8dee6", 400), "*": ("#ffffff", None, 700), "!": ("#ff8f73", None, 700)}


def line(y, width, role, text):
    color, back, weight = ROLES[role]
    top = EDGE + y * LINE
    if back:
        yield f'<rect x="{EDGE}" y="{top}" width="{width * COLUMN:g}" height="{LINE}" fill="{back}"/>'
    if text.strip():
        yield (f'<text x="{EDGE}" y="{top + 13.5:g}" fill="{color}" font-weight="{weight}" '
               f'textLength="{len(text) * COLUMN:g}" xml:space="preserve">{escape(text)}</text>')


def picture(width, shot):
    lines = shot.splitlines()
    wide, high = width * COLUMN + 2 * EDGE, len(lines) * LINE + 2 * EDGE
    yield (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:g} {high}" width="{wide:g}" height="{high}" '
           'role="img" aria-labelledby="t" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">')
    yield '<title id="t">aiostall top: filesystems, and how much of the time their submits blocked</title>'
    yield f'<rect width="{wide:g}" height="{high}" rx="8" fill="#14181d"/>'
    for y, text in enumerate(lines):
        yield from line(y, width, text[0], text[2:])
    yield "</svg>"


def main():
    width = int(sys.argv[3])
    shot = subprocess.run(sys.argv[1:], capture_output=True, text=True, check=True).stdout
    print("\n".join(picture(width, shot)))


main()
