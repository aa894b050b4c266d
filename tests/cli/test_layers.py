# SPDX-License-Identifier: GPL-2.0
"""tests/layers.sh finds each kind of fault in a small tree that has just this one."""
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parent.parent / "layers.sh"
README = "## Layout\nsrc/low   a\nsrc/live  b\nsrc/high  c\n## Adding to it\n"
GOOD = {
    "README.md": README,
    "src/low/a.h": "struct a;\n",
    "src/live/b.c": "#include <bpf/bpf.h>\n#include \"low/a.h\"\n",
    "bpf/b.bpf.c": "int b;\n" * 600,
    "src/high/c.c": "#include \"low/a.h\"\n#include \"live/b.h\"\n",
}


def run(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return subprocess.run(["bash", SCRIPT, root], capture_output=True, text=True, check=False)


def test_a_tree_without_fault(tmp_path):
    result = run(tmp_path, GOOD)
    assert result.returncode == 0, result.stdout
    assert result.stdout.endswith(" 0 failed\n") and not result.stderr


@pytest.mark.parametrize("name, text, words", [
    ("src/low/a.c", "#include \"high/c.h\"\n", "src/low/a.c:1: src/high is above src/low"),
    ("src/high/d.c", "#include <bpf/libbpf.h>\n", "src/high/d.c:1:"),
    ("src/high/d.c", "#include \"x.skel.h\"\n", "src/high/d.c:1:"),
    ("src/low/d.c", "#include \"bpf/wire.h\"\n", "src/low/d.c:1:"),
    ("src/new/d.c", "int d;\n", "src/new: not in the Layout"),
    ("src/d.c", "int d;\n", "src/d.c: in no room"),
    ("README.md", README.replace("src/high", "src/gone  d\nsrc/high"), "src/gone: in the Layout"),
    ("src/low/d.c", "int d;\n" * 601, "src/low/d.c: 601 lines"),
    ("src/low/d.h", "struct a *a(size_t n);\n", "src/low/d.h:"),
    ("bpf/d.bpf.h", "extern struct a b;\nint c(__u32 n);\n", "bpf/d.bpf.h:"),
])
def test_a_tree_with_one_fault(tmp_path, name, text, words):
    result = run(tmp_path, {**GOOD, name: text})
    assert result.returncode == 1
    assert words in result.stdout
    assert " 1 failed" in result.stdout.splitlines()[-1] and not result.stderr
