# SPDX-License-Identifier: GPL-2.0
"""Where a file is written: links, pipes and files of other users, and what a death leaves behind."""
import os
import pathlib
import signal
import stat
import subprocess
import threading
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STRANGER = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: files of another user")


@pytest.fixture(name="recording", scope="module")
def recording_fixture(tmp_path_factory):
    path = tmp_path_factory.mktemp("places") / "run.db"
    subprocess.run([ROOT / "build" / "tests" / "synth", path, "2", "10", "3"], check=True)
    return path


@pytest.fixture(name="sticky")
def sticky_fixture(tmp_path):
    """As /tmp is: all may write, only the owner of a file may remove it."""
    path = tmp_path / "sticky"
    path.mkdir()
    path.chmod(0o1777)
    return path


def of_stranger(path):
    os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    return path


def refused(done, why):
    assert done.returncode == 1
    assert not done.stdout
    lines = done.stderr.splitlines()
    assert lines[0].startswith("aiostall: cannot write ") and why in lines[0], done.stderr


@needs_root
def test_a_link_of_another_user_is_not_followed(aiostall, recording, sticky, tmp_path):
    """Neither that to a file, nor that to a directory, nor one that another link leads to."""
    target = tmp_path / "mine" / "secret"
    target.parent.mkdir()
    target.write_text("secret", encoding="ascii")
    target.chmod(0o600)
    (sticky / "file").symlink_to(target)
    (sticky / "folder").symlink_to(target.parent)
    (tmp_path / "own").symlink_to(sticky / "file")
    (sticky / "dangling").symlink_to(target.parent / "new")
    for link in ("file", "folder", "dangling"):
        of_stranger(sticky / link)
    for path in (sticky / "file", sticky / "folder" / "secret", tmp_path / "own",
                 sticky / "dangling"):
        refused(aiostall("report", "-o", str(path), str(recording)), "symbolic link of another")
    assert target.read_text(encoding="ascii") == "secret"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(target.parent) == ["secret"]


@needs_root
def test_nor_by_qualify(aiostall, sticky, tmp_path):
    """What it writes, where it does, and the device that it overwrites."""
    target = tmp_path / "secret"
    target.write_text("secret", encoding="ascii")
    (sticky / "out").symlink_to(target)
    os.mkfifo(sticky / "fifo")
    # the number of no device: nothing can be overwritten here
    os.mknod(tmp_path / "disk", 0o600 | stat.S_IFBLK, os.makedev(7, 250))
    (sticky / "disk").symlink_to(tmp_path / "disk")
    for name in ("out", "fifo", "disk"):
        of_stranger(sticky / name)
    refused(aiostall("qualify", "-o", str(sticky / "out"), str(tmp_path)), "symbolic link of another")
    refused(aiostall("qualify", "-o", str(sticky / "fifo"), str(tmp_path)), "belongs to another user")
    refused(aiostall("qualify", "--destructive", str(sticky / "disk")), "symbolic link of another")
    (tmp_path / "folder").mkdir()
    (sticky / "folder").symlink_to(tmp_path / "folder")
    of_stranger(sticky / "folder")
    for path in ("folder", "folder/", "folder/."):
        refused(aiostall("qualify", f"{sticky}/{path}"), "symbolic link of another")
    assert not list((tmp_path / "folder").iterdir())
    own = aiostall("qualify", "--destructive", str(tmp_path / "disk"))
    assert own.returncode == 1 and "link" not in own.stderr
    assert target.read_text(encoding="ascii") == "secret"


@needs_root
def test_nor_by_serve(aiostall, sticky, tmp_path):
    target = tmp_path / "secret"
    target.write_text("secret", encoding="ascii")
    (sticky / "metrics.prom").symlink_to(target)
    of_stranger(sticky / "metrics.prom")
    done = aiostall("serve", "--textfile", str(sticky / "metrics.prom"))
    if "cannot load" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("needs BPF")
    assert done.returncode == 1 and "metrics.prom: a symbolic link of another" in done.stderr
    assert target.read_text(encoding="ascii") == "secret"


@needs_root
def test_nor_by_the_ready_file(aiostall, sticky, tmp_path):
    target = tmp_path / "secret"
    target.write_text("secret", encoding="ascii")
    (sticky / "ready").symlink_to(target)
    of_stranger(sticky / "ready")
    done = aiostall("stat", "-d", "1ms", "--ready-file", str(sticky / "ready"))
    if "cannot load" in done.stderr or "not permitted" in done.stderr:
        pytest.skip("needs BPF")
    refused(done, "symbolic link of another")
    assert target.read_text(encoding="ascii") == "secret"


@needs_root
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_a_name_of_another_user_where_all_may_write(aiostall, recording, sticky, kind):
    path = sticky / "out"
    if kind == "pipe":
        os.mkfifo(path, 0o666)
    else:
        path.write_text("theirs", encoding="ascii")
        path.chmod(0o666)
    of_stranger(path)
    start = time.monotonic()
    refused(aiostall("report", "-o", str(path), str(recording)), "belongs to another user")
    assert time.monotonic() - start < 30
    if kind == "file":
        assert path.read_text(encoding="ascii") == "theirs"
    assert os.listdir(sticky) == ["out"]


@needs_root
def test_a_link_of_ones_own_and_a_folder_of_another_user(aiostall, recording, sticky, tmp_path):
    """What sudo needs: links below somebody's home are his, and his files stay his."""
    (tmp_path / "real").write_text("old", encoding="ascii")
    (sticky / "link").symlink_to("../real")
    assert aiostall("report", "-o", str(sticky / "link"), str(recording)).returncode == 0
    assert (sticky / "link").is_symlink()
    assert "FILESYSTEM" in (tmp_path / "real").read_text(encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    (home / "data").mkdir()
    (home / "link").symlink_to("data")
    (home / "data" / "out").write_text("old", encoding="ascii")
    (home / "data" / "out").chmod(0o640)
    for path in (home, home / "link", home / "data", home / "data" / "out"):
        of_stranger(path)
    done = aiostall("report", "-o", str(home / "link" / "out"), str(recording))
    assert done.returncode == 0, done.stderr
    now = (home / "data" / "out").stat()
    assert (now.st_uid, stat.S_IMODE(now.st_mode)) == (STRANGER, 0o640)


@pytest.mark.parametrize("mode", [None, 0o600, 0o644, 0o666, 0o4755])
def test_mode(aiostall, recording, tmp_path, mode):
    """Nobody can read a new file but its owner; who could read the old one can read the new one."""
    path = tmp_path / "out"
    if mode:
        path.write_text("old", encoding="ascii")
        path.chmod(mode)
    assert aiostall("report", "-o", str(path), str(recording)).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == ((mode or 0o600) & 0o777)
    assert "FILESYSTEM" in path.read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("where", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("kind", ["pipe", "file"])
def test_a_descriptor_of_ones_own(aiostall, recording, tmp_path, where, kind):
    whole = aiostall("report", str(recording)).stdout
    if kind == "pipe":
        done = aiostall("report", "-o", where, str(recording))
        assert (done.returncode, done.stdout) == (0, whole), done.stderr
        return
    path = tmp_path / "log"
    path.write_text("before\n", encoding="ascii")
    with open(path, "a", encoding="utf-8") as log:
        done = aiostall("report", "-o", where, str(recording), stdout=log)
    assert done.returncode == 0, done.stderr
    assert path.read_text(encoding="utf-8") == "before\n" + whole
    assert os.listdir(tmp_path) == ["log"]


def test_a_pipe_of_ones_own_and_a_device(aiostall, recording, tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_text(encoding="utf-8")))
    reader.start()
    done = aiostall("report", "-o", str(path), str(recording))
    reader.join(timeout=30)
    assert done.returncode == 0, done.stderr
    assert got == [aiostall("report", str(recording)).stdout]
    assert stat.S_ISFIFO(path.stat().st_mode)
    done = aiostall("report", "-o", "/dev/null", str(recording))
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name,why", [("", "No such file"), ("a/", "Is a directory"),
                                      ("file/b", "Not a directory"), ("loop", "Too many levels"),
                                      ("x" * 256, "File name too long"), ("none/", "No such file"),
                                      (".", "Is a directory"), ("a/..", "Is a directory")])
def test_odd_paths(aiostall, recording, tmp_path, name, why):
    (tmp_path / "a").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    refused(aiostall("report", "-o", f"{tmp_path}/{name}" if name else f"{tmp_path}/no/x",
                     str(recording)), why)


@pytest.mark.parametrize("sig", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_death_leaves_nothing(binary, tmp_path, sig):
    """In the middle, when there is no file yet; a signal that can be caught ends it with a report."""
    if os.geteuid():
        pytest.skip("needs root")
    ready, out = tmp_path / "ready", tmp_path / "here" / "out"
    out.parent.mkdir()
    out.write_text("old", encoding="ascii")
    def as_at_a_terminal():
        """Under nohup a hangup is ignored, and stays so in what is started."""
        if sig != signal.SIGKILL:
            signal.signal(sig, signal.SIG_DFL)

    # pylint: disable=subprocess-popen-preexec-fn
    with subprocess.Popen([binary, "trace", "-o", out, "--ready-file", ready],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          stdin=subprocess.DEVNULL, preexec_fn=as_at_a_terminal) as tracer:
        while not ready.exists():
            if tracer.poll() is not None:
                pytest.skip("needs BPF")
            time.sleep(0.02)
        tracer.send_signal(sig)
        try:
            tracer.wait(timeout=60)
        finally:
            tracer.kill()
    assert os.listdir(out.parent) == ["out"]
    if sig == signal.SIGKILL:
        assert out.read_text(encoding="ascii") == "old"
    else:
        assert "CAUSE" in out.read_text(encoding="ascii")


@needs_root
def test_full_disk_leaves_nothing(aiostall, recording, tmp_path):
    code = subprocess.run(["unshare", "-m", "--propagation", "private", "true"], check=False)
    if code.returncode:
        pytest.skip("needs a mount namespace")
    done = subprocess.run(
        ["unshare", "-m", "--propagation", "private", "sh", "-c",
         'mount -t tmpfs -o size=4k,mode=755 none "$1" && echo old >"$1/out"; '
         '"$2" report --format json -o "$1/out" "$3"; echo "status $?"; ls -A "$1"; cat "$1/out"',
         "sh", tmp_path, ROOT / "build" / "aiostall", recording],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert done.stdout == "status 1\nout\nold\n"
    assert "No space left on device" in done.stderr
