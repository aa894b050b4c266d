# SPDX-License-Identifier: GPL-2.0
"""A Prometheus server that scrapes us: the alerts of contrib/ and the queries of its dashboard."""
import contextlib
import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request

import pytest

import helpers
import tracing
from helpers import ROOT, Program
from test_serve import serving

BIN = ROOT / "build/prometheus/usr/bin"
RULES = ROOT / "contrib/prometheus/aiostall.rules.yml"
DASHBOARD = ROOT / "contrib/grafana/aiostall.json"
# The promise is that an alert fires with the first evaluations that find a sleep of more than 5 s: of
# scrapes that tell one, so many may come before. How long they take is the host's affair.
HANGS_S, LATE = 5, 3

CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: aiostall
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def need_prometheus():
    if not (BIN / "prometheus").exists():
        pytest.skip("needs Prometheus: sh tools/prometheus.sh")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Prometheus:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/v1"

    def ask(self, what, **parameters):
        url = f"{self.base}/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=helpers.TIMEOUT) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]

    def wait(self, done, timeout):
        """What done(self) returns as soon as it is true."""
        end = time.monotonic() + timeout
        while True:
            with contextlib.suppress(OSError):
                found = done(self)
                if found:
                    return found
            assert time.monotonic() < end, "it did not come to that"
            time.sleep(0.1)


@contextlib.contextmanager
def scraping(scratch, target_port):
    port = free_port()
    folder = pathlib.Path(scratch.dir)
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(rules=RULES, port=target_port), encoding="utf-8")
    with Program([BIN / "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb",
                  f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]):
        server = Prometheus(port)
        server.wait(lambda s: s.query("aiostall_attached == 1"), helpers.TIMEOUT)
        yield server


def firing(server):
    return [a for a in server.ask("alerts")["alerts"] if a["state"] == "firing"]


def samples(server, series):
    """[(time, value)] of the one series, as it was scraped or evaluated."""
    (found,) = server.query(f"{series}[10m]")
    return [(float(at), float(value)) for at, value in found["values"]]


def grown(server, name):
    """Of all series of that name on ext4, each from the first time it was scraped to the last."""
    found = server.query(f'{name}{{fstype="ext4"}}[10m]')
    return sum(float(one["values"][-1][1]) - float(one["values"][0][1]) for one in found)


def dashboard_queries():
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    for panel in panels:
        for target in panel["targets"]:
            yield re.sub(r"\$(instance|fstype|device)", ".*", target["expr"]) \
                .replace("$__rate_interval", "30s")


def test_rules_are_valid():
    need_prometheus()
    done = subprocess.run([BIN / "promtool", "check", "rules", RULES], capture_output=True, text=True,
                          timeout=helpers.TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr
    assert "5 rules found" in done.stdout


def test_metrics_of_contrib_exist(scratch):
    """In each rule and query, by name: one that was renamed would just be silent for ever."""
    with serving(scratch) as server:
        there = set(re.findall(r"^([a-z_]+)", server.get("/metrics")[2], re.M))
    named = set(re.findall(r"\b(?:aiostall|process)_[a-z_]+\b",
                           RULES.read_text(encoding="utf-8") + "\n".join(dashboard_queries())))
    assert len(named) > 10
    assert named <= there


def test_alert_on_a_dead_device(scratch):
    """And the dashboard's queries against the same server, while there is something to see."""
    need_prometheus()
    helpers.need_slow_device()
    place = scratch.fs("ext4", "slow", "64M", slow=True)
    path = f"{place.mnt}/file"
    helpers.aioload("--prepare", "--pattern", "buffered-read", "--file", path, "--size", "1M")
    scratch.remount(place)
    args = ("--pattern", "buffered-read", "--calls", "20", "--no-prepare", "--file", path,
            "--size", "1M")
    with tracing.waiting(scratch, args) as load, serving(scratch, "--mount", place.mnt) as server, \
            scraping(scratch, server.port) as prometheus:
        prometheus.wait(lambda p: p.query("aiostall_submits_total"), helpers.TIMEOUT)
        assert not prometheus.ask("alerts")["alerts"]
        scratch.delay(place, hold=1)
        load.go()
        tracing.wait_in_submit(load.pid)
        (alert,) = prometheus.wait(firing, helpers.TIMEOUT)
        fired = samples(prometheus, 'ALERTS{alertstate="firing"}')[0][0]
        ages = samples(prometheus, 'aiostall_oldest_unfinished_sleep_seconds{fstype="ext4"}')
        late = [(at, age) for at, age in ages if age > HANGS_S and at < fired]
        assert len(late) <= LATE, (fired, ages)
        assert alert["labels"]["alertname"] == "AiostallDeviceHangs"
        assert alert["labels"]["fstype"] == "ext4"
        assert "has slept for" in alert["annotations"]["summary"]
        silent = set(dashboard_queries())

        def answered(server):
            """Each at some time: a rate goes back to 0 when the load is over."""
            silent.difference_update([q for q in silent if server.query(q)])
            return not silent and not firing(server)
        scratch.delay(place, hold=0)
        load.done()
        with contextlib.suppress(AssertionError):
            prometheus.wait(answered, helpers.TIMEOUT)
        assert not silent, silent
        assert not firing(prometheus)


def takes_the_place(prometheus, scratch, place, name, before):
    """
    A program of that name sleeps, more and more often, until it is told by its name: who takes the place of
    another has slept twice as long, and how long a sleep takes is the host's choice. Returns its sleeps.
    """
    program = pathlib.Path(scratch.dir, name)
    program.write_bytes(helpers.AIOLOAD.read_bytes())
    program.chmod(0o755)
    slept, calls = 0, 20
    while not prometheus.query(f'aiostall_comm_sleeps_total{{comm="{name}"}}'):
        assert calls < 20000, f"{name} slept {slept} times and has no series"
        done = helpers.run([program, "--pattern", "append", "--calls", calls, "--gap-us", "500",
                            "--file", f"{place.mnt}/{name}", "--size", "4M"])
        slept += json.loads(done.stdout)["nvcsw"]
        query = 'sum(aiostall_sleep_duration_seconds_count{fstype="ext4"}) == '
        prometheus.wait(lambda p, want=query + str(before + slept): p.query(want), helpers.TIMEOUT)
        calls *= 3
    return slept


def test_by_label_it_grows_as_all_do(scratch):
    """Three programs that take the one place from each other; none appears with what it slept before."""
    need_prometheus()
    helpers.need_fs("ext4")
    place = scratch.fs("ext4", "named", "64M")
    with serving(scratch, "--mount", place.mnt, "--label", "comm:1") as server, \
            scraping(scratch, server.port) as prometheus:
        prometheus.wait(lambda p: p.query('aiostall_comm_sleeps_total{comm="other"} == 0'), helpers.TIMEOUT)
        slept = 0
        for name in ("first", "second", "third", "first"):
            slept += takes_the_place(prometheus, scratch, place, name, slept)
        assert grown(prometheus, "aiostall_comm_sleeps_total") == slept > 0
        names = {one["metric"]["comm"] for one in prometheus.query("aiostall_comm_sleeps_total[10m]")}
        assert names == {"first", "second", "third", "other"}
