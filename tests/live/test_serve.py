# SPDX-License-Identifier: GPL-2.0
"""serve: figures of real calls over HTTP, and clients that mean no good."""
import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import threading
import time

import pytest

import helpers
import tracing
from helpers import AIOSTALL, Program

OPENMETRICS = {"Accept": "application/openmetrics-text;version=1.0.0"}
# A bound against what stops a server altogether, not a measure of how fast it is.
SOON_S = 10


@contextlib.contextmanager
def serving(scratch, *options, **kwargs):
    """A server with its probes attached; get() fetches a page."""
    ready = pathlib.Path(scratch.dir, "serving")
    ready.unlink(missing_ok=True)
    listen = () if "--textfile" in options else ("--listen", "127.0.0.1:0")
    with Program([AIOSTALL, "serve", *listen, "--ready-file", ready, *options], **kwargs) as server:
        server.wait_file(ready)
        if listen:
            server.port = wait_port(server)
        server.get = lambda path, headers=None: get(server.port, path, headers or {})
        yield server


def wait_port(server, timeout=helpers.TIMEOUT):
    end = time.monotonic() + timeout
    while True:
        said = re.search(r"http://127\.0\.0\.1:(\d+)/", os.pread(server.stderr.fileno(), 4096, 0).decode())
        if said:
            return int(said.group(1))
        assert time.monotonic() < end and server.proc.poll() is None, "serves nowhere"
        time.sleep(0.01)


def get(port, path, headers):
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=SOON_S)
    try:
        client.request("GET", path, headers=headers)
        answer = client.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        client.close()


def series(text):
    """{name and labels: value}"""
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
            for line in text.splitlines() if line and line[0] != "#"}


def of(text, name, **labels):
    """Sum of the series of that name that have these labels."""
    return sum(value for key, value in series(text).items()
               if key.split("{")[0] == name and
               all(f'{k}="{v}"' in key for k, v in labels.items()))


def test_pages(scratch):
    with serving(scratch) as server:
        assert ports(server.pid)
        status, kind, text = server.get("/metrics")
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert series(text)["aiostall_attached"] == 1
        status, kind, text = server.get("/metrics", OPENMETRICS)
        assert (status, kind) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
        assert text.endswith("\n# EOF\n")
        assert server.get("/healthz")[::2] == (200, "ok\n")
        assert server.get("/")[0] == 200 and server.get("/nowhere")[0] == 404
        assert "aiostall on " in server.get("/report")[2]
        assert json.loads(server.get("/report?format=json")[2])["schema"] == "aiostall-report/1"
        status, kind, text = server.get("/report?format=html")
        assert (status, kind) == (200, "text/html; charset=utf-8") and text.endswith("</html>\n")
        assert json.loads(server.get("/report", {"Accept": "application/json"})[2])
        assert server.get("/report?format=perfetto")[0] == 406
        assert server.get("/report.json")[1] == "application/json"
        assert server.get("/report", {"Accept": "text/html,*/*;q=0.8"})[1].startswith("text/html")
        assert server.get("/report.pdf")[0] == 404 and server.get("/reports")[0] == 404
        assert re.search(r"\d+ series now; at most \d+ for the \d+ filesystems? now mounted",
                         server.text()[1])
        server.signal(signal.SIGTERM)
        done = server.finish()
    assert done.status == 0, done.stderr


def test_figures_of_a_load(scratch):
    """As many as the load made, in the series of its device, which was there before with 0."""
    helpers.need_fs("ext4")
    place = scratch.fs("ext4", "counted", "64M")
    device = os.path.basename(os.path.realpath(place.dev))
    args = ("--pattern", "append", "--calls", "20", "--file", f"{place.mnt}/file", "--size", "4M")
    with tracing.waiting(scratch, args) as load, serving(scratch) as server:
        before = server.get("/metrics")[2]
        key = f'aiostall_submits_total{{api="aio",fstype="ext4",device="{device}"}}'
        assert series(before)[key] == 0
        load.go()
        figures = load.done()
        text = server.get("/metrics")[2]
        report = json.loads(server.get("/report?format=json")[2])
    row = helpers.filesystem(report, "ext4", mount=place.mnt)
    assert series(text)[key] == figures["submits"] == row["submits"]
    labels = {"fstype": "ext4", "device": device}
    assert of(text, "aiostall_sleeps_total", **labels) == row["sleeps"]
    assert of(text, "aiostall_sleep_duration_seconds_count", **labels) == row["sleeps"]
    assert of(text, "aiostall_requests_total", **labels) == row["requests"]
    assert f'device="{device}",mount="{place.mnt}"' in text


def sleeps_of_report(server, path):
    return json.loads(server.get(path)[2])["totals"]["sleeps"]


def test_report_of_the_last_seconds(scratch):
    """What is older is only in that of all; who slept is in the series of the label, too."""
    helpers.need_fs("ext4")
    place = scratch.fs("ext4", "lately", "64M")
    with serving(scratch, "--window", "3s", "--label", "comm:5", "--mount", place.mnt) as server:
        load = helpers.aioload("--pattern", "append", "--calls", "13", "--file", f"{place.mnt}/file",
                               "--size", "4M").out
        sleeps = sleeps_of_report(server, "/report.json?all=1")
        assert sleeps == load["nvcsw"] > 0
        end = time.monotonic() + helpers.TIMEOUT
        while True:
            report = json.loads(server.get("/report.json")[2])
            if not report["totals"]["sleeps"] and 1e9 <= report["capture"]["duration_ns"] < 6e9:
                break
            assert time.monotonic() < end, "it is never forgotten"
            time.sleep(0.2)
        assert not report["processes"]
        assert sleeps_of_report(server, "/report.json?all=1") == sleeps
        text = server.get("/metrics")[2]
    assert of(text, "aiostall_comm_sleeps_total", comm="aioload") == sleeps


def test_device_that_hangs(scratch):
    """Its age grows while nothing else changes, and is 0 when the device goes on."""
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    path = f"{place.mnt}/file"
    helpers.aioload("--prepare", "--pattern", "buffered-read", "--file", path, "--size", "1M")
    scratch.remount(place)
    args = ("--pattern", "buffered-read", "--calls", "1", "--no-prepare", "--file", path, "--size", "1M")
    name = "aiostall_oldest_unfinished_sleep_seconds"
    here = {"fstype": "ext4", "device": os.path.basename(os.path.realpath(place.dev))}
    with tracing.waiting(scratch, args) as load, serving(scratch) as server:
        scratch.delay(place, hold=1)
        began = time.monotonic()
        load.go()
        tracing.wait_in_submit(load.pid)
        first = of(server.get("/metrics")[2], name, **here)
        time.sleep(0.2)
        text = server.get("/metrics")[2]
        assert first + 0.2 <= of(text, name, **here) < time.monotonic() - began
        assert of(text, "aiostall_unfinished_sleeps", **here) == 1
        scratch.delay(place, hold=0)
        load.done()
        text = server.get("/metrics")[2]
        assert of(text, name, **here) == 0 and of(text, "aiostall_unfinished_sleeps", **here) == 0


def ports(pid):
    """What it listens on; a pair of sockets between it and a helper is none."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return [line for kind in ("tcp", "tcp6", "udp", "udp6", "unix")
            for line in pathlib.Path(f"/proc/{pid}/net/{kind}").read_text("ascii").splitlines()
            if any(f"socket:[{word}]" in inodes for word in line.split()) and
            (kind != "unix" or line.split()[3] == "00010000")]


def test_textfile(scratch):
    """Whole at each moment, readable by others, and no port is open."""
    place = pathlib.Path(scratch.dir, "aiostall.prom")
    with serving(scratch, "--textfile", place, "-i", "1") as server:
        tracing.wait_path(place)
        assert place.stat().st_mode & 0o777 == 0o644
        first = place.stat()
        end = time.monotonic() + helpers.TIMEOUT
        while (place.stat().st_ino, place.stat().st_mtime_ns) == (first.st_ino, first.st_mtime_ns):
            assert time.monotonic() < end, "it is not written again"
            time.sleep(0.05)
        assert series(place.read_text(encoding="utf-8"))["aiostall_attached"] == 1
        assert not ports(server.pid)
        server.signal(signal.SIGTERM)
        assert server.finish().status == 0


def test_inherited_socket(scratch):
    """As systemd hands it over: descriptor 3, with our process id in the environment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        os.dup2(listener.fileno(), 30)
        ready = pathlib.Path(scratch.dir, "serving")
        argv = ["bash", "-c", f"LISTEN_FDS=1 LISTEN_PID=$$ exec {AIOSTALL} serve --ready-file {ready} 3<&30"]
        with Program(argv, pass_fds=(30,)) as server:
            server.wait_file(ready)
            assert get(port, "/healthz", {})[0] == 200
    os.close(30)


def test_socket_of_systemd(scratch):
    """systemd's own: it listens, and starts the server at the first connection, which gets its answer."""
    activate = shutil.which("systemd-socket-activate")
    if not activate:
        pytest.skip("needs systemd-socket-activate")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ready = pathlib.Path(scratch.dir, "serving")
    argv = [activate, "-l", f"127.0.0.1:{port}", AIOSTALL, "serve", "--ready-file", ready]
    with Program(argv) as server:
        end = time.monotonic() + helpers.TIMEOUT
        while "Listening on" not in server.text()[1]:
            assert time.monotonic() < end and server.proc.poll() is None
            time.sleep(0.02)
        assert not ready.exists()
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(4096), b""))
        assert answer.startswith(b"HTTP/1.1 200") and answer.endswith(b"ok\n")
        assert get(port, "/metrics", {})[0] == 200
        server.signal(signal.SIGTERM)
        assert server.finish().status == 0


def test_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = helpers.run([AIOSTALL, "serve", "--listen", f"127.0.0.1:{listener.getsockname()[1]}"])
    assert done.status == 1
    assert "Address already in use" in done.stderr and "--listen" in done.stderr


GARBAGE = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET " + b"/" * 70000, b"\0" * 20000,
           b"POST /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n",
           b"GET /metrics HTTP/1.1\r\n" + b"A: b\r\n" * 5000, b"\r\n\r\n\r\n", b""]


def bother(port, stop, what):
    while not stop.is_set():
        with contextlib.suppress(OSError), \
                socket.create_connection(("127.0.0.1", port), timeout=1) as client:
            client.sendall(what)
            if what:
                client.recv(1000)


def test_clients_that_mean_no_good(scratch):
    """Garbage without end, and twenty that connect and wait: a scrape gets through each time."""
    with serving(scratch) as server, contextlib.ExitStack() as open_ones:
        stop = threading.Event()
        threads = [threading.Thread(target=bother, args=(server.port, stop, what)) for what in GARBAGE]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                open_ones.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=SOON_S))
            for _ in range(5):
                status, _, text = server.get("/metrics")
                assert status == 200 and series(text)["aiostall_attached"] == 1
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        after = series(server.get("/metrics")[2])
    assert after["process_open_fds"] < 100
    assert after["process_resident_memory_bytes"] < 64 << 20


@pytest.mark.parametrize("host,status", [("localhost", 200), ("127.0.0.1:1", 200), ("evil.example", 403)])
def test_page_of_a_stranger(scratch, host, status):
    with serving(scratch) as server:
        assert server.get("/report", {"Host": host})[0] == status


def test_tracing_that_costs_too_much_ends(scratch):
    """The server goes on: who alerts on aiostall_attached learns of it. One that may cost more traces on."""
    with serving(scratch, "--max-cpu", "100%") as frugal, \
            serving(scratch, "--max-cpu", "0.0001%") as server:
        assert of(server.get("/metrics")[2], "aiostall_attached") == 1
        assert server.get("/healthz")[0] == 200
        end = time.monotonic() + helpers.TIMEOUT
        while server.get("/healthz")[0] == 200 and time.monotonic() < end:
            time.sleep(0.2)
        assert server.get("/healthz")[0] == 503
        first = server.get("/metrics")[2]
        assert of(first, "aiostall_attached") == 0
        assert of(first, "aiostall_unfinished_sleeps") == 0
        path = pathlib.Path(scratch.dir, "pipe")
        helpers.aioload("--pattern", "pipe", "--file", path, "--calls", "31")
        assert of(server.get("/metrics")[2], "aiostall_submits_total") == of(first, "aiostall_submits_total")
        assert server.get("/report")[0] == 200
        assert "more than --max-cpu" in server.text()[1]
        server.signal(signal.SIGTERM)
        assert server.finish().status == 0
        # it has been judged, too: it began before
        assert frugal.get("/healthz")[0] == 200 and of(frugal.get("/metrics")[2], "aiostall_attached") == 1
