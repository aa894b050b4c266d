# SPDX-License-Identifier: GPL-2.0
"""
The same two hung tasks in every form in which logs, terminals, web pages and mailers hand a text on:
each is read whole, and with its task.
"""
import base64
import html
import json
import pathlib
import quopri
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
TAG = "__schedule schedule io_schedule blk_mq_get_tag __blk_mq_alloc_requests blk_mq_submit_bio " \
    "__submit_bio submit_bio_noacct_nocheck iomap_dio_submit_bio.isra.0 iomap_dio_bio_iter " \
    "__iomap_dio_rw iomap_dio_rw ext4_file_write_iter aio_write io_submit_one.constprop.0 " \
    "__x64_sys_io_submit do_syscall_64 entry_SYSCALL_64_after_hwframe"
LOCK = "__schedule schedule schedule_preempt_disabled rwsem_down_write_slowpath down_write " \
    "xfs_ilock[xfs] xfs_file_dio_write_aligned[xfs] xfs_file_write_iter[xfs] io_write io_issue_sqe " \
    "io_submit_sqes __x64_sys_io_uring_enter do_syscall_64 entry_SYSCALL_64_after_hwframe"
TASKS = (("fio", 4242, "blk.tag", TAG.split()), ("qemu-kvm", 777, "xfs.iolock", LOCK.split()))


def name_of(frame):
    return frame.split("[")[0].split(".")[0]


def symbol(frame, i):
    name, _, module = frame.rstrip("]").partition("[")
    return f"{name}+0x{16 + i * 37:x}/0x{528 + i * 37:x}" + (f" [{module}]" if module else "")


def hung(comm, pid, frames):
    return [f"INFO: task {comm}:{pid} blocked for more than 122 seconds.",
            "      Not tainted 6.12.9-amd64 #1",
            '"echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.',
            f"task:{comm:<15} state:D stack:0     pid:{pid}  tgid:{pid}  ppid:1      "
            "task_flags:0x400040 flags:0x00004002",
            "Call Trace:", " <TASK>", *(f"  {symbol(f, i)}" for i, f in enumerate(frames)),
            "RIP: 0033:0x7f1a2b3c4d5e", "RAX: ffffffffffffffda RBX: 00007f1a2b3c4d5e", " </TASK>"]


LOG = [line for comm, pid, _, frames in TASKS for line in hung(comm, pid, frames)]
PLAIN = "\n".join(LOG) + "\n"


def each(form):
    """form, "{}" of it the line."""
    return "".join(form.replace("{}", line) + "\n" for line in LOG)


def rows(make):
    return "".join(make(line) + "\n" for line in LOG)


def verbose(line):
    return "Wed 2026-11-25 10:00:03.123456 UTC [s=abc;i=1;b=ff;m=12;t=5e;x=99]\n    _TRANSPORT=kernel\n" \
        f"    PRIORITY=3\n    MESSAGE={line}\n    _BOOT_ID=2bd"


def export(line):
    return f"__CURSOR=s=abc;i=1\n_TRANSPORT=kernel\nSYSLOG_FACILITY=0\nMESSAGE={line}\n"


def cut_at(width, text):
    return "".join(line[i:i + width] + "\n" for line in text.splitlines()
                   for i in range(0, len(line), width))


PREFIXES = """\
[ 1234.567890] db1 kernel: {}
2026-11-25T10:00:00+0000 db1 kernel: {}
Nov 25 10:00:00.123456 db1 kernel: {}
Wed 2026-11-25 10:00:00 UTC db1 kernel: {}
1764064800.123456 db1 kernel: {}
<4>1 2026-11-25T10:00:00.003Z db1 kernel - - [meta sequenceId="29"] [ 1234.567890] {}
<4>Nov 25 10:00:00 db1 kernel: [ 1234.567890] {}
2026-11-25T10:00:00.123456789Z stderr F [ 1234.567890] {}
node-1  | [ 1234.567890] {}
I1125 10:00:00.123456       1 log_monitor.go:159] kernel: [ 1234.567890] {}
6,1000,12345678,-,caller=T4242;{}
6.12.9-amd64,4,1000,12345678,-;{}
<4>[ 1234.567890][  T333] {}
[ 1234.567890] [C3] {}
[ 1234.567890@3] {}
[ 1234.567890 <    0.000003>] {}
[  +0.000003] {}
[Nov25 10:00] {}
kern  :warn  : [Wed Nov 25 10:00:00 2026] {}
Nov 25 10:00:00 db1 kern.warn kernel: [ 1234.567890] {}
/var/log/messages:17:Nov 25 10:00:00 db1 kernel: {}
   17  {}
17:{}
> > > {}
JK> {}
 * {}
# {}
+{}
// {}
- {}
`{}`
\t\t{}
\x1b[32m[ 1234.567890] \x1b[0m\x1b[33m{}\x1b[0m
\x1b[32m[Wed Nov 25 10:00:00 2026] \x1b[0m\x1b[1m{}\x1b[0m\x1b[K
[ 1234.567890] \x1b[31m{}\x1b(B\x1b[m
[32m[ 1234.567890] [0m[33m{}[0m
Nov 25 10:00:00 db1 kernel: #033[31m{}#033[0m
[ 1234.567890] {}#015
Nov 25 10:00:00 db1 kernel:#011{}
<span class="line">[ 1234.567890] {}</span>
\u200b{}
"""
FORMS = {form: each(form) for form in PREFIXES.splitlines()}
FORMS |= {
    "verbose": rows(verbose),
    "export": rows(export),
    "json lines": rows(lambda line: json.dumps({"MESSAGE": line, "PRIORITY": "3"})),
    "json text": json.dumps({"log": PLAIN}),
    "logfmt": rows(lambda line: f"ts=2026-11-25T10:00:00Z host=db1 msg={json.dumps(line)}"),
    "python": rows(lambda line: repr(line.encode())),
    "spelled out": PLAIN.replace("\n", "\\n").replace("  ", "\\t"),
    "rsyslog": "Nov 25 10:00:00 db1 x: " + PLAIN.replace("\n", "#012"),
    "pre": f"<pre>{html.escape(PLAIN)}</pre>",
    "twice": html.escape(html.escape(PLAIN)),
    "br": "<p>" + "<br/>".join(html.escape(line) for line in LOG) + "</p>",
    "nbsp": "<div>" + "<br>\n".join(html.escape(line).replace(" ", "&nbsp;") for line in LOG) + "</div>",
    "numbers": PLAIN.replace("+", "&#43;").replace("/", "&#x2F;"),
    "table": rows(lambda line: f"<tr><td>17</td><td>{html.escape(line)}</td></tr>"),
    "no-break": PLAIN.replace("  ", "\u00a0\u00a0"),
    "utf-16": PLAIN.encode("utf-16"),
    "bom": PLAIN.encode("utf-8-sig"),
    "crlf": PLAIN.replace("\n", "\r\n"),
    "cr": PLAIN.replace("\n", "\r"),
    "crcrlf": PLAIN.replace("\n", "\r\r\n"),
    "lfcr": PLAIN.replace("\n", "\n\r"),
    "quoted-printable": quopri.encodestring(each("> {}").encode()),
    "edge": cut_at(80, each("Nov 25 10:00:00 database-server-17.rack12.example.com kernel: {}")),
}


def explained(text):
    data = text if isinstance(text, bytes) else text.encode()
    done = subprocess.run([TOP / "build" / "aiostall", "causes", "--explain", "--format", "json"],
                          input=data, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def check(text, tasks=TASKS):
    found = explained(text)
    assert not found["not_read"]
    stacks = sorted(found["stacks"], key=lambda stack: (stack["line"], stack["task"]["comm"]))
    assert [stack["frames"] for stack in stacks] == \
        [[name_of(f) for f in frames] for *_, frames in tasks]
    assert [(stack["task"]["comm"], stack["task"]["pid"]) for stack in stacks] == \
        [(comm, pid) for comm, pid, *_ in tasks]
    assert [stack["cause"]["id"] for stack in stacks] == [cause for *_, cause, _ in tasks]


@pytest.mark.parametrize("name", FORMS)
def test_a_log(name):
    check(FORMS[name])


def proc(frames):
    return "".join(f"[<0>] {symbol(f, i)}\n" for i, f in enumerate(frames))


def stacks(make, whose="both"):
    """make(comm, pid) above each stack; whose: what of the two it says."""
    text = "".join(make(comm, pid) + "\n" + proc(frames) for comm, pid, _, frames in TASKS)
    return text, [(comm if whose != "pid" else "", pid if whose != "comm" else 0, cause, frames)
                  for comm, pid, cause, frames in TASKS]


def each_line(prefix):
    """The rows of grep: prefix(pid) in front of each frame."""
    text = "".join(prefix(pid) + line + "\n" for _, pid, _, frames in TASKS
                   for line in proc(frames).splitlines())
    return text, [("", pid, cause, frames) for _, pid, cause, frames in TASKS]


HEADS = {
    "grep": each_line(lambda pid: f"/proc/{pid}/task/{pid}/stack:"),
    "grep -n": each_line(lambda pid: f"/proc/{pid}/stack:17:"),
    "grep in /proc": each_line(lambda pid: f"{pid}/stack:"),
    "grep of threads": each_line(lambda pid: f"task/{pid}/stack:"),
    "find": each_line(lambda pid: f"./{pid}/stack:"),
    "head": stacks(lambda comm, pid: f"==> {pid}/stack <==", "pid"),
    "cat": stacks(lambda comm, pid: f"user@db1 ~> sudo cat /proc/{pid}/stack", "pid"),
    "set -x": stacks(lambda comm, pid: f"+ cat /proc/{pid}/stack", "pid"),
    "folder": stacks(lambda comm, pid: f"/proc/{pid}", "pid"),
    "folder/": stacks(lambda comm, pid: f"/proc/1/task/{pid}/", "pid"),
    "pid, comm": stacks(lambda comm, pid: f"{pid}\n{comm}"),
    "comm, pid": stacks(lambda comm, pid: f"{comm}\n{pid}"),
    "labels": stacks(lambda comm, pid: f"PID: {pid}\nCOMM: {comm}"),
    "cmdline": stacks(lambda comm, pid: f"{pid}: /usr/bin/{comm} --name=x --bs=4k --direct=1 -x"),
    "ps aux": stacks(lambda comm, pid: f"root  {pid}  0.3  1.2 123456 78900 ?  Dsl  10:00   0:01 "
                     f"/usr/libexec/{comm} -drive file=/x"),
    "ps -ef": stacks(lambda comm, pid: f"root  {pid}  1  0 10:00 ?  00:00:01 /usr/libexec/{comm} -x"),
    "ps ax": stacks(lambda comm, pid: f"{pid} pts/1  D+  0:01 {comm} -x"),
    "status": stacks(lambda comm, pid: f"Name:\t{comm}\nState:\tD (disk sleep)\nPid:\t{pid}"),
    "wchan": stacks(lambda comm, pid: f"{pid} {comm} D blk_mq_get_tag"),
    "drgn": stacks(lambda comm, pid: f"drgn> bt {pid}", "pid"),
    "crash ps -m": stacks(lambda comm, pid: f'[0 00:02:03.456] [UN]  PID: {pid}  TASK: ffff9b8c41b1c000  CPU: 3 '
                          f'COMMAND: "{comm}"'),
    "bcc trace": stacks(lambda comm, pid: f"4240   {pid}   {comm}             io_schedule     "),
    "ftrace": stacks(lambda comm, pid: f" {comm}-{pid}    ( 4240) [003] d..2.  8812.112233: <stack trace>"),
    "perf script": stacks(lambda comm, pid: f"{comm}  4240/{pid}  8812.112233: "),
    "perf trace": stacks(lambda comm, pid: f"     0.000 (1043.215 ms): {comm}/{pid} io_submit(ctx_id: 1) ..."),
    "perf report": stacks(lambda comm, pid: f"    {comm}  [kernel.kallsyms]  [k] __schedule", "comm"),
    "period": stacks(lambda comm, pid: f"  50.00%  0.00%  123456  {comm}  [kernel.kallsyms]  [k] __schedule",
                     "comm"),
    "alpha": stacks(lambda comm, pid: f"{comm} D 0000000000000001     0  {pid}   4241\nTrace:"),
}


@pytest.mark.parametrize("name", HEADS)
def test_whose_stack(name):
    check(*HEADS[name])


def bare(frames):
    return [name_of(f) for f in frames]


def under(foot, mark="{}", between=""):
    """bcc: the task stands below its stack, and the program's own frames between."""
    return "".join("".join(f"    {mark.format(f)}\n" for f in bare(frames)) + between +
                   foot.format(comm, pid) + "\n        5123456\n\n" for comm, pid, _, frames in TASKS)


FEET = {
    "offcputime": under("    -                {} ({})"),
    "program": under("    -                {} ({})", between="    io_submit\n    [unknown]\n"),
    "delimited": under("    -                {} ({})", between="    --\n    io_submit\n"),
    "python 2": under("    -                b'{}' ({})", mark="b'{}'", between="    --\n    b'io_submit'\n"),
    "stackcount": under("    {} [{}]"),
    "folded": "".join(f"{comm} {pid};" + ";".join(reversed(bare(frames))) + " 17\n"
                      for comm, pid, _, frames in TASKS),
    "folded, program first": "".join(f"{comm}-{pid};main;io_submit;-;" + ";".join(reversed(bare(frames))) +
                                     " 17\n" for comm, pid, _, frames in TASKS),
}


@pytest.mark.parametrize("name", FEET)
def test_whose_stack_it_was(name):
    found = sorted(explained(FEET[name])["stacks"], key=lambda stack: stack["line"])
    assert [(stack["task"]["comm"], stack["task"]["pid"]) for stack in found] == \
        [(comm, pid) for comm, pid, *_ in TASKS]
    for stack, (*_, cause, frames) in zip(found, TASKS):
        assert stack["frames"][:len(frames)] == bare(frames)
        assert stack["cause"]["id"] == cause


NAMES = bare(TAG.split())
STRINGS = {
    "<": " < ".join(NAMES),
    "<-": " <- ".join(NAMES),
    "->": " -> ".join(reversed(NAMES)),
    "arrow": " \u2192 ".join(reversed(NAMES)),
    "=>": " => ".join(reversed(NAMES)),
    ">": " > ".join(reversed(NAMES)),
    "comma": ", ".join(NAMES),
    "telling": "telling   " + " < ".join(NAMES),
    "lines of ->": "\n  -> ".join(reversed(NAMES)),
    "()": "".join(f"{name}()\n" for name in NAMES),
    "indented": "".join("  " * i + f"-> {name}()\n" for i, name in enumerate(reversed(NAMES))),
    "boxes": "".join("  " * i + f"\u2514\u2500\u2500 {name}\n" for i, name in enumerate(reversed(NAMES))),
    "counted": "".join(f"    {i:2} {name}\n" for i, name in enumerate(NAMES)),
    "[counted]": "".join(f"[{i}] {name}\n" for i, name in enumerate(NAMES)),
    "(??:?)": "".join(f" {name} (??:?) \n" for name in NAMES),
    "blanks": "17 123456 9999 " + " ".join(NAMES),
    "crash -F": "".join(f" #{i} [ffffb1e2c3d4{i:04x}] {name} at ffffffff81a3b2c1\n"
                        f"    ffffb1e2c3d4{i:02x}08: [ffff9b8c41b1c000:task_struct] ffffffff81a3b2c1\n"
                        f"    ffffb1e2c3d4{i:02x}18: blk_mq_get_tag+99 [kmalloc-64]\n"
                        for i, name in enumerate(NAMES)),
}


@pytest.mark.parametrize("name", STRINGS)
def test_bare_names(name):
    check(STRINGS[name], [("", 0, "blk.tag", NAMES)])


@pytest.mark.parametrize("text", ("if (a_b < c_d && e_f < g_h)\n", "see ext4_a, ext4_b, and xfs_c, please\n",
                                  "The functions vfs_a, vfs_b, vfs_c are alike.\n", "a -> b -> c\n",
                                  "foo_bar() is wrong there\n", "12 my_prog\n"))
def test_sentences_are_no_stacks(text):
    done = subprocess.run([TOP / "build" / "aiostall", "causes", "--explain"], input=text.encode(),
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 1 and not done.stdout


def in_documents():
    """The two stacks as JSON, with and without who they are of."""
    listed = [{"comm": comm, "pid": pid, "state": "D", "frames": bare(frames)}
              for comm, pid, _, frames in TASKS]
    perf = [{"tid": pid, "comm": comm, "callchain": [{"ip": "0xffffffff81a3b2c1", "symbol": name}
                                                     for name in bare(frames)]}
            for comm, pid, _, frames in TASKS]
    own = json.dumps(explained(PLAIN))
    kstack = "".join(f"        {name}+17\n" for name in NAMES)
    array = [("", 0, cause, frames) for *_, cause, frames in TASKS]
    return {
        "array": (json.dumps(listed), TASKS),
        "indented": (json.dumps({"tasks": listed}, indent=2), TASKS),
        "lines": ("".join(json.dumps(row) + "\n" for row in listed), TASKS),
        "perf data convert": (json.dumps({"samples": perf}, indent=1), TASKS),
        "own report": (own, TASKS),
        "own report, sorted": (json.dumps(json.loads(own), indent=2, sort_keys=True), TASKS),
        "lines of a log": (json.dumps(LOG), TASKS),
        "lines of a log, indented": (json.dumps(LOG, indent=2), TASKS),
        "bytes": (rows(lambda line: json.dumps({"MESSAGE": list(line.encode())})), TASKS),
        "json-seq": (rows(lambda line: "\x1e" + json.dumps({"MESSAGE": line})), TASKS),
        "pretty": (rows(lambda line: json.dumps({"MESSAGE": line, "PRIORITY": "3"}, indent="\t")), TASKS),
        "docker": (rows(lambda line: json.dumps({"log": line + "\n", "stream": "stderr"})), TASKS),
        "no tasks": (json.dumps([{"frames": row["frames"]} for row in listed]), array),
        "bpftrace": (json.dumps({"type": "map", "data": {"@": {"\n" + kstack: 17}}}),
                     [("", 0, "blk.tag", NAMES)]),
    }


@pytest.mark.parametrize("name", in_documents())
def test_documents(name):
    check(*in_documents()[name])


def test_a_broken_document_is_read_as_far_as_it_goes():
    text = json.dumps({"stacks": [{"lines": [symbol(f, i) for i, f in enumerate(TAG.split())]}]}, indent=1)
    stack, = explained(text[:-8])["stacks"]
    assert stack["frames"] == NAMES
    assert not explained("{\n" * 1000 + PLAIN)["not_read"]


TABLES = {
    "ps": "  PID STAT WCHAN                       COMMAND\n"
          " 4242 D    blk_mq_get_tag              fio\n  777 Dsl  rwsem_down_write_slowpath   qemu-kvm\n"
          "    1 Ss   -                           systemd\n",
    "ps aux": "USER  PID %CPU %MEM  VSZ RSS TTY STAT START  TIME WCHAN  COMMAND\n"
              "root 4242  0.0  0.1 1000 100 ?   D    10:00  0:00 blk_mq_get_tag /usr/bin/fio --name=x\n"
              "root  777  0.0  0.1 1000 100 ?   D    10:00  0:00 rwsem_down_write_slowpath qemu-kvm -x\n",
    "no head": "4242 fio D blk_mq_get_tag\n777 qemu-kvm Dl rwsem_down_write_slowpath\n",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    tag, lock = explained(TABLES[name])["stacks"]
    assert (tag["task"]["comm"], tag["task"]["pid"], tag["frames"]) == ("fio", 4242, ["blk_mq_get_tag"])
    assert (lock["task"]["comm"], lock["task"]["pid"]) == ("qemu-kvm", 777)
    assert (tag["cause"]["id"], lock["cause"]["id"]) == ("blk.tag", "unknown")


def test_wchan():
    text = "/proc/4242/wchan:blk_mq_get_tag\n/proc/1/wchan:0\n"
    stack, = explained(text)["stacks"]
    assert (stack["task"]["pid"], stack["frames"]) == (4242, ["blk_mq_get_tag"])
    glued = "root@db1:~# cat /proc/4242/wchan\nblk_mq_get_tagroot@db1:~# \n" + PLAIN
    row, = explained(glued)["not_read"]
    assert row["line"] == 2


def among(step, mark):
    """Both tasks print at once, so many lines each in turn; mark: the prefix of the two."""
    logs = [[mark[i] + line for line in hung(comm, pid, frames)]
            for i, (comm, pid, _, frames) in enumerate(TASKS)]
    out = []
    while any(logs):
        for log in logs:
            out += log[:step]
            del log[:step]
    return "\n".join(out) + "\n"


def test_two_that_print_at_once():
    for mark in (("[ 1.5][ T4242] ", "[ 1.5][  T777] "), ("[ 1.5][  C1] ", "[ 1.5][  C2] "),
                 ("[ 1.5] [1] ", "[ 1.5] [2] ")):
        for step in (1, 3):
            check(among(step, mark))
    mixed = explained(among(1, ("[ 1.5] ", "[ 1.5] ")))["stacks"][0]
    assert not mixed["cause"]["certain"] and "mixed here" in mixed["doubt"]


@pytest.mark.parametrize("message", ("docker0", "usb 1-1: new device", "eth0: link up",
                                     "** 3 printk messages dropped **"))
def test_messages_within_a_stack(message):
    check("".join(f"[ 1.5] {line}\n" + ("" if i % 5 else f"[ 1.5] {message}\n") for i, line in enumerate(LOG)))


def test_a_frame_that_was_not_read_is_a_doubt():
    stack = ["[<0>] 0xffffffffc0123456", "[<0>] ext4_mb_new_blocks+0x1/0x2", "[<0>] aio_write+0x1/0x2"]
    text = "cat /proc/4242/stack\n" + "\n".join(stack) + "\n"
    found = explained(text)["stacks"][0]
    assert found["frames"] == ["(not read)", "ext4_mb_new_blocks", "aio_write"]
    assert not found["cause"]["certain"] and "was not understood" in found["doubt"]
    found = explained(text.replace(stack[0] + "\n", ""))["stacks"][0]
    assert found["cause"]["id"] == "ext4.alloc" and found["cause"]["certain"]
    stack[1], stack[0] = stack[0], stack[1]
    found = explained("cat /proc/4242/stack\n" + "\n".join(stack) + "\n")["stacks"][0]
    assert found["cause"]["certain"]


def test_offwaketime():
    text = "    waker:          swapper/3 0\n    b'blk_mq_end_request'\n    b'nvme_irq'\n" \
        "    --               --\n" + "".join(f"    b'{name}'\n" for name in NAMES) + \
        "    target:          fio 4242\n        5123\n"
    waker, target = sorted(explained(text)["stacks"], key=lambda stack: stack["line"])
    assert waker["sleep"] == "running"
    assert (target["task"]["pid"], target["frames"]) == (4242, NAMES)


def test_lines_keep_their_numbers():
    found = explained("first\r\nsecond<br>same\r\n" + PLAIN.replace("\n", "\r\n"))
    assert [stack["line"] for stack in found["stacks"]] == [9, 9 + len(LOG) // 2 + 2]


def test_what_cannot_be_read_is_not_read_as_something_else():
    done = subprocess.run([TOP / "build" / "aiostall", "causes", "--explain"],
                          input=base64.encodebytes(PLAIN.encode()), capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and not done.stdout
