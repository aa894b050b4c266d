# SPDX-License-Identifier: GPL-2.0
"""Misuse: one clear line on stderr, nothing on stdout, status 2; no probe is touched."""
import pytest

WRONG = [
    # arguments, what the message must name
    (["report"], "which recording"),
    (["report", "--until", "x", "a.db"], "--until"),
    (["report", "--format", "yaml", "a.db"], "perfetto"),
    (["record", "--trigger", "5"], "--trigger"),
    (["record", "--keep", "1ms"], "--keep"),
    (["record", "a.db"], "unexpected argument"),
    (["record", "--rotate", "1h", "--keep", "5m"], "exclude each other"),
    (["record", "--rotate", "1h", "--trigger", "5ms"], "exclude each other"),
    (["record", "--rotate", "1ms"], "--rotate"),
    (["record", "--retain", "7d"], "--rotate"),
    (["--no-such"], "--no-such"),
    (["stat", "--no-such=1"], "--no-such"),
    (["stat", "-Z"], "-Z"),
    (["stat", "stray"], "stray"),
    (["stat", "-"], '"-"'),
    (["stat", ""], '""'),
    (["check", "stray"], "stray"),
    (["causes", "--explain", "blk.tag"], "--explain"),
    (["causes", "--explain", "--format", "csv"], "must be one of text, json"),
    (["causes", "--explain", "--format", "jsn"], "Did you mean json?"),
    (["causes", "--format", "json"], "--explain"),
    (["causes", "--explain", "--format"], "--format"),
    (["check", "--", "true"], "no command"),
    (["stat", "--"], "command"),
    (["serve", "--", "true"], "no command"),
    (["top", "--", "true"], "no command"),
    (["top", "--format", "csv"], "text, json"),
    (["top", "-n", "0"], "--count"),
    (["stat", "-b"], "-b"),
    (["serve", "-i", "1ms"], "--interval"),
    (["serve", "--format", "json"], "--format"),
    (["stat", "--listen", ":1"], "--listen"),
    (["diff", "--top", "0", "a.db", "b.db"], "--top"),
    (["diff", "--format", "csv", "a.db", "b.db"], "text, json"),
    (["diff", "--margin", "2000", "a.db", "b.db"], "from 0 to 1000"),
    (["diff", "--", "a.db"], "two recordings"),
    (["diff", "--fail-on", "", "a.db", "b.db"], "--fail-on"),
    (["qualify", "--time", "10ms"], "--time"),
    (["qualify", "--rows", "no-such-row"], "no-such-row"),
    (["qualify", "/a", "/b"], "one place"),
    (["causes", "blk.tag", "xfs.ilock"], "one ID"),
    # values that are missing or not wanted
    (["-d"], "--duration"),
    (["stat", "--pid"], "--pid"),
    (["stat", "-p", ""], "--pid"),
    (["stat", "--user-stacks=yes"], "--user-stacks"),
    (["stat", "-vv"], "--verbose"),
    (["stat", "--rules="], "--rules"),
    # durations
    (["-d", "abc"], "--duration"),
    (["-d", "10parsecs"], "--duration"),
    (["-d", "-5s"], "--duration"),
    (["-d", "0"], "--duration"),
    (["-d", ""], "--duration"),
    (["-d", "99999999999999999999s"], "--duration"),
    (["-d", "2y"], "--duration"),
    (["-i", "1ns"], "--interval"),
    (["-m", "10"], "unit"),
    (["--slow", "5"], "unit"),
    (["-m", "1000h"], "--min"),
    # numbers and lists
    (["-p", "0"], "--pid"),
    (["-p", "12x"], "--pid"),
    (["-p", "1,,2"], "--pid"),
    (["-p", "4294967296"], "--pid"),
    (["-t", "-1"], "--tid"),
    (["-c", "a-name-longer-than-fifteen"], "--comm"),
    (["--fs", "ext4,"], "--fs"),
    (["--top", "0"], "--top"),
    (["-p", ",".join(["1"] * 33)], "--pid"),
    # choices
    (["--format", "yaml"], "text, json, csv, folded"),
    (["trace", "--format", "folded"], "text, json"),
    (["--format", "tex"], "--format"),
    (["--format", ","], "--format"),
    (["--probe", "submit"], "--probe"),
    (["--probe", "submit=magic"], "fentry, kprobe, tracepoint"),
    (["--probe", "sub=fentry"], "--probe"),
    (["--probe", "submit=none", "--sample", "99"], "--sample"),
    (["trace", "--submits", "--probe", "submit=none"], "--submits"),
    # what a format does not print, and options that exclude each other
    (["report", "--by", "fs", "--format", "perfetto", "a.db"], "text, json, csv, folded"),
    (["report", "--info", "--format", "csv", "a.db"], "--info it must be one of text, json"),
    (["report", "--info", "--by", "fs", "a.db"], "--by"),
    (["trace", "--submits"], "--format json"),
    # options of another verb
    (["trace", "-i", "1"], "-i"),
    (["stat", "--submits"], "--submits"),
    (["check", "-p", "1"], "-p"),
]


@pytest.mark.parametrize("args,names", WRONG, ids=lambda v: " ".join(v)[:40]
                         if isinstance(v, list) else "")
def test_misuse(aiostall, args, names):
    done = aiostall(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("aiostall: ")
    assert names in done.stderr
    assert "--help" in done.stderr


def test_misuse_is_harmless_to_a_terminal(aiostall):
    done = aiostall("stat", "--fs", "a" * 20 + "\x1b[31m\n")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\\x1b" in done.stderr


MEANT = [
    # arguments, what is offered instead
    (["stats"], "Did you mean stat?"),
    (["reprot", "a.db"], "Did you mean report?"),
    (["true"], "put -- before it: aiostall -- true"),
    (["cat", "job.fio"], "put -- before it: aiostall -- cat job.fio"),
    (["stat", "cat", "x"], "put -- before it: aiostall stat -- cat ..."),
    (["--durtion", "3"], "Did you mean --duration?"),
    (["--format", "jsn"], "Did you mean json?"),
    (["diff", "--margn", "5", "a.db", "b.db"], "Did you mean --margin?"),
    (["qualify", "--engin", "aio"], "Did you mean --engine?"),
    (["causes", "--explian"], "Did you mean --explain?"),
    (["--probe", "submit=fentri"], "Did you mean fentry?"),
]


@pytest.mark.parametrize("args,offer", MEANT, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_what_was_meant(aiostall, args, offer):
    done = aiostall(*args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert offer in done.stderr


def test_nothing_is_offered_for_what_is_like_nothing(aiostall):
    done = aiostall("zzzzz")
    assert done.returncode == 2
    assert "mean" not in done.stderr and "--help" in done.stderr


@pytest.mark.parametrize("verb", ["stat", "trace", "record"])
def test_a_type_that_this_host_does_not_have(aiostall, verb, tmp_path):
    """Said before anything is attached: without root, too."""
    done = aiostall(verb, "--fs", "nosuchfs", "-d", "1ms", "-o", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "--fs nosuchfs: no such type of filesystem on this host" in done.stderr
    assert "Mounted here: " in done.stderr
    assert not list(tmp_path.iterdir())


def test_case_of_a_type(aiostall):
    done = aiostall("--fs", "TMPFS", "-d", "1ms")
    assert done.returncode == 1
    assert "Did you mean tmpfs?" in done.stderr


@pytest.mark.parametrize("word,name", [
    ("no_stack", "the stack is not available"), ("unknown", "no rule knows the stack"),
    ("(other)", "there are more causes than are told apart")])
def test_an_id_that_no_rule_gives(aiostall, word, name):
    """Reports name it, and say where to ask."""
    done = aiostall("causes", word)
    assert done.returncode == 0 and done.stdout.startswith(f"{word}\n") and name in done.stdout


@pytest.mark.parametrize("word,best", [
    ("blk.tga", "blk.tag"), ("ext4.dio_syn", "ext4.dio_sync"), ("tag", "blk.tag"), ("zzzzz", None)])
def test_an_id_that_is_nearly_a_causes(aiostall, word, best):
    """By its whole id or its last part."""
    done = aiostall("causes", word)
    assert done.returncode == 1 and f"no cause has the id {word}" in done.stderr
    assert (f"did you mean {best}?" if best else "aiostall causes lists them") in done.stderr
