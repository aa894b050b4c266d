# SPDX-License-Identifier: GPL-2.0
"""
What people paste, against what has to be read from it: tests/replay/pastes/NAME.txt and NAME.want.
UPDATE=1 writes the latter anew.
"""
import json
import os
import pathlib
import resource
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
PASTES = TOP / "tests" / "replay" / "pastes"
NAMES = sorted(path.stem for path in PASTES.glob("*.txt"))


def explain(data, *args):
    """The finished process: the text as bytes on stdin."""
    return subprocess.run([TOP / "build" / "aiostall", "causes", "--explain", *args], input=data,
                          capture_output=True, timeout=60, check=False)


def explained(data):
    done = explain(data, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def task_name(task):
    name = task["comm"] or "?"
    return f"{name}/{task['pid']}" if task["pid"] else name


def stack_line(stack):
    what = stack["cause"]["id"] if stack["cause"] else stack["sleep"]
    part = "submit" if stack["submit"] else "suspect" if stack["suspect"] else "other"
    line = f"{part} {task_name(stack['task'])}: {what}, {len(stack['frames'])} frames, " \
        f"{stack['telling'].split(' < ')[0]}"
    if stack["where"]:
        line += f", {stack['where']}"
    if stack["role"] and not stack["submit"]:
        line += f", {stack['role']}"
    if stack["task"]["holder"]:
        holder = stack["task"]["holder"]
        line += f", held by {task_name(holder)} ({holder['lock']})"
    return line


def summary(found):
    lines = [f"{found['lines']['frames']} of {found['lines']['total']} lines"]
    lines += [f"not read {row['line']}: {row['text'].strip()}" for row in found["not_read"]]
    lines += [f"hung {found['hung_s']} s"] if found["hung_s"] else []
    lines += [f"trouble {row['line']}: {row['means']}" for row in found["trouble"]]
    return "\n".join(lines + [stack_line(stack) for stack in found["stacks"]]) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_paste(name):
    got = summary(explained((PASTES / f"{name}.txt").read_bytes()))
    want = PASTES / f"{name}.want"
    if os.environ.get("UPDATE") == "1":
        want.write_text(got, encoding="utf-8")
    assert got == want.read_text(encoding="utf-8")


def test_there_are_many():
    assert len(NAMES) >= 60
    assert NAMES == sorted(path.stem for path in PASTES.glob("*.want"))


FREEZER = b"""\
4299 fsfreeze
[<0>] percpu_down_write+0x9e/0x150
[<0>] freeze_super+0x12a/0x3a0
[<0>] __x64_sys_ioctl+0x94/0xd0
4300 sh
[<0>] do_wait+0x5e/0x140
[<0>] __x64_sys_wait4+0xa0/0x160
4242 fio
[<0>] percpu_rwsem_wait+0x114/0x140
[<0>] aio_write+0x20e/0x270
[<0>] io_submit_one+0x52c/0x8f0
"""


def text_of(data):
    done = explain(data)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def test_submits_come_first_and_then_who_may_hold_them_up():
    text = text_of(FREEZER)
    assert text.startswith("8 of 11 lines read as frames\n")
    assert "\nvfs.freeze\ntask      fio (4242)\n" in text
    assert text.index("fio (4242)") < text.index("fsfreeze (4299) freezes or thaws a filesystem")
    assert "1 other task of no known part in it" in text
    assert "sh (4300)" not in text


def test_equal_stacks_are_explained_once():
    stack = b"[<0>] percpu_rwsem_wait+0x1/0x2\n[<0>] aio_write+0x1/0x2\n[<0>] io_submit_one+0x1/0x2\n"
    text = text_of(b"1 a\n" + stack + b"2 b\n" + stack)
    assert text.count("vfs.freeze") == 1
    assert "task      a (1), b (2)\n" in text


def test_each_program_of_a_stack_has_its_settings():
    stack = b"[<0>] blk_mq_get_tag+0x1/0x2\n[<0>] aio_write+0x1/0x2\n[<0>] io_submit_one+0x1/0x2\n"
    text = text_of(b"1 fio\n" + stack + b"2 ceph-osd\n" + stack)
    assert text.count("\nblk.tag\n") == 1
    assert "program   fio: " in text and "program   ceph-osd | " in text


def test_suspects_with_the_same_stack_are_counted():
    worker = b"task:kworker/0:%d state:D pid:%d\n xfs_log_force+0x1/0x2\n xfs_end_io+0x1/0x2\n"
    text = text_of(FREEZER + b"\n" + b"\n".join(worker % (i, i + 50) for i in range(3)))
    assert "kworker/0:0 (50) and 2 more " in " ".join(text.split())


def cpu_of(nr):
    """Seconds of CPU for so many tasks, each with a stack of its own."""
    text = "".join(f"{i + 1} fio\n[<0>] never_{i}+0x1/0x2\n[<0>] io_submit_one+0x1/0x2\n" for i in range(nr))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert explain(text.encode()).returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_time_grows_with_the_tasks():
    assert cpu_of(24000) < 8 * min(cpu_of(6000) for _ in range(2))


def test_what_the_kernel_says_comes_before_advice():
    log = (PASTES / "hung-task.txt").read_bytes()
    text = text_of(b"nvme nvme0: I/O 12 QID 3 timeout, aborting\n" + log)
    first = " ".join(text.split())
    assert "A task was blocked for more than 120 seconds. No load does that" in first
    assert text.index("No load does that") < text.index("blk.tag")
    assert "trouble   line 1, the device does not answer: nvme nvme0" in text


def test_what_no_rule_knows_is_named_by_where_it_waits():
    for frame, where in ((b"vx_worklist_wait+0x1/0x2 [vxfs]", "module vxfs, in vx_worklist_wait"),
                         (b"jfs_novel+0x1/0x2", "in jfs_novel, inside JFS or below it"),
                         (b"novel+0x1/0x2", "waits in novel")):
        stack, = explained(b"[<0>] schedule+0x1/0x2\n[<0>] " + frame +
                           b"\n[<0>] io_submit_one+0x1/0x2\n")["stacks"]
        assert stack["cause"]["id"] == "unknown"
        assert stack["where"].endswith(where), stack["where"]


def test_what_waits_in_an_unknown_function_is_not_certain():
    frames = b"4242 fio\n[<0>] schedule+0x1/0x2\n%s[<0>] blk_mq_get_tag+0x1/0x2\n[<0>] aio_write+0x1/0x2\n"
    sure, doubted = frames % b"", frames % b"[<0>] never_heard_of+0x1/0x2\n"
    stack, = explained(sure)["stacks"]
    assert stack["cause"]["certain"] and stack["cause"]["operator"] and not stack["doubt"]
    stack, = explained(doubted)["stacks"]
    assert stack["cause"]["id"] != "unknown" and not stack["cause"]["certain"]
    assert "operator" not in stack["cause"] and not stack["programs"]
    assert "No rule knows never_heard_of" in stack["doubt"]
    assert stack["where"].startswith("waits in never_heard_of")
    text = text_of(doubted)
    assert "\nblk.tag (not certain)\n" in text and "No rule knows never_heard_of" in text
    assert "operator" not in text and "\ndo " not in text
    assert "\nblk.tag\n" in text_of(sure) and "operator" in text_of(sure)


def test_guesses_are_taken_where_the_only_other_line_was_not_read():
    stack, = explained(b"INFO: task fio:3782 blocked for more than 120 seconds.\nCall Trace:\n"
                       b" [  479.9725__mutex_lock+0x40/0x300\n"
                       b" [<ffffffff8780fe79>] ? __schedule+0x239/0x6f0\n"
                       b" [<ffffffff87510023>] ? blk_mq_get_tag+0x23/0x90\n"
                       b" [<ffffffff8725a823>] ? do_io_submit+0x23/0x90\n")["stacks"]
    assert stack["cause"]["id"] == "blk.tag"
    assert stack["frames"] == ["__schedule", "blk_mq_get_tag", "do_io_submit"]


def test_where_a_stack_without_its_inner_end_waits_is_not_said():
    log = (PASTES / "begins-within.txt").read_bytes()
    _, cut = explained(log)["stacks"]
    assert cut["where"] == "" and not cut["cause"]["certain"]
    assert "The text begins in the middle of this stack" in cut["doubt"]
    whole, _ = explained(log.split(b"\n", 3)[3] + log)["stacks"]
    assert whole["cause"]["certain"]


def test_programs_that_people_run_have_settings():
    log = (PASTES / "crash-bt.txt").read_text(encoding="utf-8")
    assert "program   fio: iodepth=, lower; fewer requests are then in flight (fio(1), iodepth)" in \
        text_of(log.encode())
    stack, = explained(log.replace('"fio"', '"ceph-osd"').encode())["stacks"]
    assert [row["setting"] for row in stack["programs"]] == ["bdev_aio_max_queue_depth, lower"]
    assert "program  " not in text_of(log.replace('"fio"', '"nobody"').encode())


def test_who_uses_o_direct_is_not_told_to():
    frames = b"[<0>] balance_dirty_pages+0x1/0x2\n%s[<0>] aio_write+0x1/0x2\n"
    assert "Write with O_DIRECT" in text_of(frames % b"")
    assert "Write with O_DIRECT." not in text_of(frames % b"[<0>] generic_file_direct_write+0x1/0x2\n")


def test_settings_fit_the_stack():
    frames = "4242 fio\n[<0>] folio_wait_bit_common+0x1/0x2\n[<0>] filemap_read+0x1/0x2\n" \
        "[<0>] %s+0x1/0x2\n[<0>] aio_read+0x1/0x2\n[<0>] io_submit_one+0x1/0x2\n"
    xfs, btrfs = (text_of((frames % name).encode()) for name in ("xfs_file_read_iter", "btrfs_file_read_iter"))
    assert "direct=1" in xfs and "direct=1" in btrfs
    assert "iomem_align" not in xfs and "iomem_align" in btrfs
    stack, = explained((frames % "xfs_file_read_iter").encode())["stacks"]
    assert [row["setting"] for row in stack["programs"]] == ["direct=1"]
    throttled = b"4242 fio\n[<0>] balance_dirty_pages+0x1/0x2\n%s[<0>] aio_write+0x1/0x2\n"
    assert "O_DIRECT: 500 -> 0" in " ".join(text_of(throttled % b"").split())
    assert "500 -> 0" not in text_of(throttled % b"[<0>] generic_file_direct_write+0x1/0x2\n")


def test_a_task_that_did_not_sleep_gets_no_advice():
    for name, word in (("softlockup", "running"), ("preempted", "preempted")):
        text = text_of((PASTES / f"{name}.txt").read_bytes())
        assert "\nnot asleep\n" in text and f"The task was {word}" in text
        assert "operator" not in text


def test_lines_that_are_lost_are_named():
    text = text_of((PASTES / "broken-console.txt").read_bytes())
    assert "not read  line 14: " in text and "not read  line 15: " in text
    done = explain(b"[<0>] 0xffffffffc0123456\n")
    assert done.returncode == 1 and not done.stdout
    assert b"1 line looks like a frame and was not understood: line 1" in done.stderr


def test_a_text_of_too_many_lines_is_cut():
    text = FREEZER + b"a\n" * (4 << 20) + FREEZER
    found = explained(text)
    assert found["lines"]["cut"] and len(found["stacks"]) == 3
    assert not explained(FREEZER)["lines"]["cut"]


def test_nothing_to_read():
    for data in (b"", b"\n\n", b"Hello,\nno stack here.\n", bytes(range(256)) * 100):
        done = explain(data)
        assert done.returncode == 1 and not done.stdout
        assert b"no stack frame on stdin" in done.stderr
