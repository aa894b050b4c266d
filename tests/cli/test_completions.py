# SPDX-License-Identifier: GPL-2.0
"""What bash, zsh and fish complete, each asked itself, against --help."""
import re
import shutil
import subprocess

import pytest

VERBS = ["stat", "trace", "top", "record", "serve", "report", "diff", "qualify", "check", "causes"]

BASH = """
source "$1"; shift
PATH=$1:$PATH; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_aiostall
printf '%s\\n' "${COMPREPLY[@]}"
"""
# compadd is the completion system's own; here it says what it was given.
ZSH = """
source "$1"; shift
PATH=$1:$PATH; shift
compadd() { shift; print -l -- "$@" }
_files() { print -l -- *(N) }
_command_names() { print true }
words=("$@"); CURRENT=$#
_aiostall
"""
FISH = """
source $argv[1]; set -p PATH $argv[2]
complete -C "$argv[3]"
"""


@pytest.fixture(name="ask", params=["bash", "zsh", "fish"], scope="module")
def ask_fixture(request, tmp_path_factory):
    shell = request.param
    if not shutil.which(shell):
        pytest.skip(f"needs {shell}")
    root = request.path.parents[2]
    folder = tmp_path_factory.mktemp(shell)
    script = folder / "completion"
    script.write_text(subprocess.run(["bash", "tools/completions.sh", "build/aiostall", shell], cwd=root,
                                     capture_output=True, text=True, timeout=60, check=True).stdout)

    def ask(*words):
        """Those of the answers that begin with the last word."""
        argv = {"bash": ["bash", "--norc", "-c", BASH, "bash"], "zsh": ["zsh", "-f", "-c", ZSH, "zsh"],
                "fish": ["fish", "--no-config", "-c", FISH]}[shell]
        given = [" ".join(words)] if shell == "fish" else words
        done = subprocess.run([*argv, script, root / "build", *given], cwd=folder, capture_output=True,
                              text=True, timeout=60, check=False)
        assert not done.stderr, done.stderr
        return {line.split("\t")[0] for line in done.stdout.splitlines()
                if line.startswith(words[-1])} - {""}
    # starting a fish takes a while
    ask.verbs = VERBS if shell == "bash" else ["stat", "qualify", "causes"]
    return ask


def long_options(aiostall, verb):
    return {f"--{name}" for name in re.findall(r"^ {2}(?:-\w, | {4})--([a-z-]+)",
                                               aiostall(verb, "--help").stdout, re.M)}


def test_verbs(ask):
    assert ask("aiostall", "st") == {"stat"}
    assert ask("aiostall", "re") == {"record", "report"}


def test_options_are_those_of_the_help(ask, aiostall):
    for verb in ask.verbs:
        assert ask("aiostall", verb, "--") == long_options(aiostall, verb), verb


def test_values(ask):
    assert ask("aiostall", "stat", "--format", "") == {"text", "json", "csv", "folded", "html"}
    assert ask("aiostall", "trace", "--format", "") == {"text", "json"}
    assert {"fs", "plane", "opcode", "host"} <= ask("aiostall", "report", "--by", "")
    if "top" in ask.verbs:
        assert ask("aiostall", "top", "--by", "") == ask("aiostall", "report", "--by", "")
    assert ask("aiostall", "stat", "--probe", "submit=") == \
        {f"submit={way}" for way in ("fentry", "kprobe", "tracepoint", "none")}
    assert "ext4" in ask("aiostall", "stat", "--fs", "e") or \
        "tmpfs" in ask("aiostall", "stat", "--fs", "t")


def test_causes(ask):
    assert {"blk.tag", "blk.wbt"} <= ask("aiostall", "causes", "blk.")


def test_default_verb(ask):
    assert "--duration" in ask("aiostall", "--dur")
