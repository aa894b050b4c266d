# SPDX-License-Identifier: GPL-2.0
"""The report on a terminal, in a pager, in a file: what stands first, what last, what is never cut."""
import os
import pty
import subprocess

import pytest

from test_record import ROOT, synth


@pytest.fixture(scope="module", name="made")
def made_recording(tmp_path_factory):
    return synth(ROOT, tmp_path_factory.mktemp("page") / "made.db", 4, 300, 20)


def on_terminal(root, *args, **env):
    """What a terminal shows, and the status."""
    master, slave = pty.openpty()
    with subprocess.Popen([str(root / "build" / "aiostall"), *map(str, args)], stdin=slave,
                          stdout=slave, stderr=slave,
                          env={**os.environ, "TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C.UTF-8",
                               **env}) as proc:
        os.close(slave)
        shown = b""
        try:
            while part := os.read(master, 65536):
                shown += part
        except OSError:
            pass
        status = proc.wait(60)
    os.close(master)
    return shown.decode().replace("\r\n", "\n"), status


def test_the_verdict_is_first_in_a_file(aiostall, made):
    header, first = aiostall("report", str(made)).stdout.splitlines()[:2]
    assert header.split() == ["FILESYSTEM", "PROGRAM", "BLOCKED", "OF", "TIME", "LONGEST", "CAUSE"]
    assert first.split()[0] in ("look", "hurts")


def test_notes_are_at_the_end_of_the_page(aiostall, made):
    parts = aiostall("report", "--full", str(made)).stdout.strip().split("\n\n")
    assert parts[-1].startswith("NOTES:\n  - ") and "\n  - probes: " in parts[-1]
    assert not any("probes:" in part for part in parts[:-1])


@pytest.mark.parametrize("pager", ["", "cat", "/no/such/pager", "no-such-pager -R"])
def test_without_a_pager_the_verdict_is_where_the_screen_ends(root, aiostall, made, pager):
    shown, status = on_terminal(root, "report", made, PAGER=pager)
    assert status == 0
    written = aiostall("report", str(made)).stdout
    verdict = written.split("\n\n")[0].strip()
    assert shown.strip().endswith(verdict) and not shown.startswith(verdict)


def test_a_pager_is_given_the_report(root, aiostall, made, tmp_path):
    shown, status = on_terminal(root, "report", made, PAGER=f"cat >{tmp_path}/paged")
    assert status == 0 and shown == ""
    assert (tmp_path / "paged").read_text(encoding="utf-8") == aiostall("report", str(made)).stdout


def test_who_leaves_the_pager_early_has_no_error(root, made):
    shown, status = on_terminal(root, "report", "--full", "--top", "1000", made, PAGER="true")
    assert (shown, status) == ("", 0)


def test_keys_are_cut_in_the_middle_and_only_on_a_terminal(root, aiostall, made):
    written = aiostall("report", "--by", "stack", str(made)).stdout
    longest = max(written.splitlines(), key=len)
    assert len(longest) > 100 and longest.rstrip().endswith("io_submit_one")
    shown, _ = on_terminal(root, "report", "--by", "stack", made, PAGER="")
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    cut = [line for line in lines if "..." in line]
    assert cut and all(line.rstrip().endswith("submit_one") for line in cut), shown


def test_nothing_in_that_time_is_not_nothing_seen(aiostall, made):
    text = " ".join(aiostall("report", "--since", "1h", str(made)).stdout.split())
    assert "nothing was recorded between --since and --until: all of it is" in text
    assert "Does the program use" not in text
