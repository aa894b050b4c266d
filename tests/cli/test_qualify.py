# SPDX-License-Identifier: GPL-2.0
"""qualify without tracing: what it refuses, what it leaves behind, what a gate says."""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

FEW = ("--no-trace", "--rows", "overwrite,read,poll")


@pytest.fixture(name="folder")
def folder_fixture(tmp_path):
    """On a filesystem with direct I/O, unlike /tmp of some hosts."""
    if os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize < 64 << 20:
        pytest.skip("needs 64M of free space")
    return tmp_path


def test_wrong_usage_says_so(aiostall):
    for args, why in (
            (("--rows", "apend"), "Did you mean append"),
            (("--engine", "urin"), "Did you mean uring"),
            (("--fail-on", "append"), "ROW:VERDICT"),
            (("--fail-on", "append:slow"), "verdicts are"),
            (("--fail-on", "apend:blocks"), "no row of this run"),
            (("--rows", "poll", "--fail-on", "append:blocks"), "no row of this run"),
            (("--rows", "poll", "--engine", "aio", "--fail-on", "uring/poll:blocks"),
             "no row of this run"),
            (("--format", "xml"), "must be one of text, json, html, md"),
            (("--format", "jso"), "Did you mean json?"),
            (("--format", "csv"), "must be one of text, json, html, md"),
            (("--format", "md"), "without --page it must be one of text, json, html"),
            (("--page", "--format", "json", "x.json"), "with --page it must be one of html, md"),
            (("--time", "0"), "from 1s to 24h"),
            (("--rows",), "needs a value"),
            (("/tmp", "/var"), "one place"),
            (("--rows", ","), "empty name")):
        done = aiostall("qualify", *args)
        assert done.returncode == 2, (args, done.stderr)
        assert why in done.stderr, args
        assert done.stdout == ""


def test_rows_are_listed(aiostall):
    done = aiostall("qualify", "--rows", "list")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(rows) > 300
    assert len({row[0] for row in rows}) == len(rows)
    assert 35 <= sum(row[1] == "standard" for row in rows) <= 50


def test_text_begins_with_the_sentence(aiostall, folder):
    done = aiostall("qualify", str(folder), *FEW)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "fit for aio" in " ".join(lines[:2])
    assert "verdicts by getrusage alone, without causes: --no-trace" in done.stdout
    assert max(len(line) for line in lines) <= 80
    assert not os.listdir(folder)


def test_json_has_what_decides(aiostall, folder):
    out = folder / "result.json"
    done = aiostall("qualify", str(folder), *FEW, "--engine", "aio,threads", "--format", "json",
                    "-o", str(out))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    result = json.loads(out.read_text(encoding="utf-8"))
    assert result["schema"] == "aiostall-qualify/1"
    for key in ("kernel_build", "fstype", "mount_options", "direct_align_bytes",
                "direct_align_from", "block_bytes", "cpus"):
        assert result["facts"][key], key
    assert result["warm_up"]["requests"] == 8
    assert {cell["engine"] for cell in result["cells"]} == {"aio", "threads"}
    for cell in result["cells"]:
        assert cell["verdict"] == "n/a" or cell["requests"] > 0
        assert cell["verdict"] != "n/a" or cell["reason"]
    polls = [cell for cell in result["cells"] if cell["row"] == "poll"]
    assert polls[0]["verdict"] == "async"
    assert os.listdir(folder) == ["result.json"]


@pytest.fixture(name="results", scope="module")
def results_fixture(aiostall, tmp_path_factory):
    """The same place twice."""
    folder = tmp_path_factory.mktemp("results")
    paths = [folder / "old.json", folder / "new.json"]
    for path in paths:
        done = aiostall("qualify", str(folder), "--no-trace", "--rows", "poll,read-cached",
                        "--format", "json", "--label", "here", "-o", str(path))
        assert done.returncode == 0, done.stderr
    return [str(path) for path in paths]


def test_pages(aiostall, results, tmp_path):
    intro = tmp_path / "intro"
    intro.write_text("## Of <all>\n\ntext\n", encoding="utf-8")
    done = aiostall("qualify", "--page", "--intro", str(intro), *results)
    assert (done.returncode, done.stderr) == (0, "")
    assert "## here" in done.stdout and "| poll | async |" in done.stdout
    out = tmp_path / "page.html"
    done = aiostall("qualify", "--page", "--format", "html", "--intro", str(intro), "-o", str(out),
                    *results)
    assert done.returncode == 0, done.stderr
    page = out.read_text(encoding="utf-8")
    assert "Of &lt;all&gt;" in page and page.endswith("</body></html>\n")
    assert "http" not in page


def test_pages_of_what_is_none(aiostall, results, tmp_path):
    bad = tmp_path / "bad.json"
    for text, why in (("{", "no JSON"), ("{}", "no result of"), ("[" * 100000, "no JSON")):
        bad.write_text(text, encoding="utf-8")
        done = aiostall("qualify", "--page", results[0], str(bad))
        assert done.returncode == 1
        assert why in done.stderr
    assert aiostall("qualify", "--page").returncode == 2
    assert aiostall("qualify", "--page", "--format", "text", *results).returncode == 2
    assert aiostall("qualify", "--page", str(tmp_path / "no.json")).returncode == 1


def test_results_are_compared(aiostall, results):
    done = aiostall("diff", *results)
    assert done.returncode == 0, done.stderr
    assert "of 2 verdicts changed" in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 80


def test_a_gate_ends_with_1(aiostall, folder):
    done = aiostall("qualify", str(folder), "--no-trace", "--rows", "poll",
                    "--fail-on", "poll:async")
    assert done.returncode == 1
    assert "--fail-on poll:async: poll on aio is async" in done.stderr
    done = aiostall("qualify", str(folder), "--no-trace", "--rows", "poll",
                    "--fail-on", "poll:blocks,any:refuses")
    assert done.returncode == 0, done.stderr


def test_places_that_are_none(aiostall, folder):
    (folder / "file").write_text("x")
    for place, why in ((folder / "file", "neither a folder nor"), (folder / "no", "cannot look at"),
                       ("/proc", "free")):
        done = aiostall("qualify", str(place), "--no-trace")
        assert done.returncode == 1
        assert why in done.stderr


def start(binary, folder, *args):
    # pylint: disable=consider-using-with
    return subprocess.Popen([binary, "qualify", str(folder), "--no-trace", *args],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_open(pid, folder, timeout=20):
    """Until a child of that process has a file without a name in the folder."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                for fd in os.scandir(f"/proc/{child}/fd"):
                    try:
                        if os.readlink(fd.path).startswith(f"{folder}/"):
                            return child
                    except FileNotFoundError:
                        continue
        time.sleep(0.005)
    raise AssertionError("no file was opened")


def wait_until_gone(pid, timeout=20):
    end = time.monotonic() + timeout
    while os.path.exists(f"/proc/{pid}/fd/0") and time.monotonic() < end:
        time.sleep(0.01)
    assert not os.path.exists(f"/proc/{pid}/fd/0"), "the load goes on"


def test_killed_it_leaves_nothing(binary, folder):
    proc = start(binary, folder)
    child = wait_until_open(proc.pid, folder)
    assert not os.listdir(folder)
    proc.kill()
    proc.communicate(timeout=20)
    wait_until_gone(child)
    assert not os.listdir(folder)


def test_interrupted_it_prints_what_it_has(binary, folder):
    proc = start(binary, folder, "--format", "json")
    wait_until_open(proc.pid, folder)
    proc.send_signal(signal.SIGINT)
    out, err = proc.communicate(timeout=20)
    assert proc.returncode == 3, err
    result = json.loads(out)
    assert result["interrupted"] is True
    assert len(result["cells"]) < 44
    assert not os.listdir(folder)


@pytest.fixture(name="open_folder")
def open_folder_fixture():
    """One that every user may write to; those of pytest are for its own user."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.chmod(folder, 0o777)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: becomes another user")
def test_without_root_it_says_so(binary, open_folder):
    copy = shutil.copy(binary, open_folder)
    done = subprocess.run([copy, "qualify", open_folder, "--rows", "overwrite"], text=True,
                          capture_output=True, user=65534, group=65534, extra_groups=[],
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "without causes: not run by root" in " ".join(done.stdout.split())
