# SPDX-License-Identifier: GPL-2.0
"""A recording whose task waits in a function that no rule knows: report says so, as causes --explain does."""
import json
import subprocess

import pytest

TAG = "io_schedule\nblk_mq_get_tag\nblk_mq_submit_bio\n__iomap_dio_rw\naio_write\nio_submit_one\n"
DOUBTED = "schedule\nnever_heard_of\n" + TAG


@pytest.fixture(name="report")
def report_fixture(root, aiostall, tmp_path):
    """report(STACK, FORMAT) of a recording of that stack alone."""
    def report(stack, fmt):
        (tmp_path / "stack").write_text(stack + "\n")
        subprocess.run([root / "build/tests/make_recording", tmp_path / "db", f"stack={tmp_path}/stack"],
                       check=True)
        done = aiostall("report", "--format", fmt, tmp_path / "db")
        assert done.returncode == 0, done.stderr
        return done.stdout
    return report


def causes_of(report):
    return [cause for fs in json.loads(report)["filesystems"] for cause in fs["causes"]]


def test_an_uncertain_cause_has_its_doubt_and_no_advice(binary, report):
    explained = subprocess.run([binary, "causes", "--explain", "--format", "json"], input=DOUBTED,
                               stdout=subprocess.PIPE, text=True, check=True).stdout
    stack, = json.loads(explained)["stacks"]
    cause, = causes_of(report(DOUBTED, "json"))
    assert cause["id"] == "blk.tag" and not cause["certain"]
    assert cause["doubt"] == stack["doubt"] and "never_heard_of" in cause["doubt"]
    assert cause["advice"] == cause["todo"] == "" and cause["tried"] == cause["settings"] == []
    assert "never_heard_of" in cause["stacks"][0]["doubt"]
    assert "advice" not in cause["stacks"][0]["doubt"]


def test_a_certain_cause_has_advice_and_no_doubt(report):
    cause, = causes_of(report(TAG, "json"))
    assert cause["certain"] and cause["doubt"] == cause["stacks"][0]["doubt"] == ""
    assert cause["id"] == "blk.tag" and cause["advice"] and cause["todo"]


@pytest.mark.parametrize("fmt", ["text", "html"])
def test_what_people_read_says_it(report, fmt):
    doubted, certain = (" ".join(report(stack, fmt).split()) for stack in (DOUBTED, TAG))
    advice, = {cause["todo"] for cause in causes_of(report(TAG, "json"))}
    assert "not certain: no rule knows never_heard_of" in doubted
    assert "No rule knows never_heard_of, which stands inward" in doubted
    assert "advice is left out" in doubted and advice not in doubted
    assert advice in certain and "not certain" not in certain and "doubt" not in certain
