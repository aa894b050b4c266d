# SPDX-License-Identifier: GPL-2.0
"""--help, the man page and the README name the same options and verbs."""
import re

import pytest

TRACING = ["stat", "trace"]
VERBS = TRACING + ["top", "record", "serve", "report", "diff", "qualify", "check", "causes"]
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")


def help_rows(text):
    """{long name: letter or None} of the option rows of a help text."""
    rows = re.findall(r"^ {2}(?:-(\w), | {4})?--([a-z-]+)", text, re.M)
    return {name: letter or None for letter, name in rows}


def man_text(root):
    return (root / "man" / "aiostall.8").read_text(encoding="utf-8").replace("\\-", "-")


def man_section(root, title):
    match = re.search(rf'^\.SH "?{title}"?\n(.*?)(?=^\.SH |\Z)', man_text(root), re.M | re.S)
    assert match, f"no section {title}"
    return match.group(1)


def man_rows(root):
    """{long name: letter or None} of the tagged paragraphs of OPTIONS."""
    rows = {}
    for line in re.findall(r"^\.TP\n(.*)$", man_section(root, "OPTIONS"), re.M):
        name = OPTION.search(line)
        letter = re.search(r"(?<![\w-])-(\w)\b", line)
        assert name, line
        rows[name.group(1)] = letter.group(1) if letter else None
    return rows


@pytest.mark.parametrize("verb", VERBS)
def test_verb_help(aiostall, verb):
    done = aiostall(verb, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith(f"Usage: aiostall {verb}")
    assert "Examples:" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


@pytest.mark.parametrize("verb", TRACING + ["check"])
def test_short_help_is_the_same(aiostall, verb):
    assert aiostall(verb, "-h").stdout == aiostall(verb, "--help").stdout


def test_main_help_names_every_verb(aiostall):
    done = aiostall("--help")
    assert done.returncode == 0
    assert re.findall(r"^  ([a-z]+) +\S", done.stdout.split("Verbs:")[1].split("\n\n")[0],
                      re.M) == VERBS
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_every_help_option_is_in_the_man_page_and_back(aiostall, root):
    said = {}
    for verb in VERBS:
        said.update(help_rows(aiostall(verb, "--help").stdout))
    assert len(said) > 15
    man = man_rows(root)
    assert man.pop("version", "missing") == "V"
    assert man == said


@pytest.mark.parametrize("verb,other", [("stat", "trace"), ("trace", "stat")])
def test_options_of_one_verb_are_marked_so(aiostall, root, verb, other):
    only = set(help_rows(aiostall(verb, "--help").stdout)) - \
        set(help_rows(aiostall(other, "--help").stdout))
    assert only
    section = man_section(root, "OPTIONS")
    for name in only:
        row = re.search(rf"^\.TP\n.*--{name}\b.*\n(.*)$", section, re.M)
        assert row and f"({verb})" in row.group(1), name


def test_every_help_option_is_accepted(aiostall):
    """An option in the table that the parser does not know would be called unknown."""
    for verb in TRACING + ["check"]:
        for name, letter in help_rows(aiostall(verb, "--help").stdout).items():
            for word in [f"--{name}"] + ([f"-{letter}"] if letter else []):
                done = aiostall(verb, word, "1", "stray")
                assert done.returncode == (0 if name == "help" else 2)
                assert "unknown option" not in done.stderr


def test_ways_of_probes_are_the_same_in_help_and_man_page(aiostall, root):
    """And reports have a way for each of these needs, which the recorder's test looks at."""
    ways = r"(submit|compat|request|switch|lock|complete)=([a-z_]+(?:\|[a-z_]+)+)"
    said = re.findall(ways, aiostall("check", "--help").stdout)
    assert [need for need, _ in said] == \
        ["submit", "compat", "request", "switch", "lock", "complete"]
    assert re.findall(ways, man_section(root, "OPTIONS").replace(" | ", "|")) == said


def test_man_page_names_every_verb_and_status(root):
    verbs = man_section(root, "VERBS")
    for verb in VERBS:
        assert re.search(rf"^\.BR? {verb}\b", verbs, re.M), verb
    assert re.findall(r"^\.B (\d)$", man_section(root, "EXIT STATUS"), re.M) == \
        ["0", "1", "2", "3"]


def test_readme_options_exist(aiostall, root):
    readme = (root / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if "aiostall" in line]
    used = set(OPTION.findall("\n".join(line.split(" -- ")[0] for line in lines)))
    known = {"version", "help"}
    for verb in VERBS:
        known |= set(help_rows(aiostall(verb, "--help").stdout))
    assert used
    assert used <= known


def test_version(aiostall, root):
    version = re.search(r"^VERSION := (\S+)", (root / "Makefile").read_text(encoding="utf-8"),
                        re.M).group(1)
    for word in ("--version", "-V"):
        done = aiostall(word)
        assert (done.returncode, done.stdout) == (0, f"aiostall {version}\n")
