# SPDX-License-Identifier: GPL-2.0
"""
The packages under a systemd of their own: installed, scraped, killed, stopped, purged. systemd.guest.sh
does it in a guest, on a disk that debootstrap has filled, and build/kernels/systemd has what was seen.
Some ten minutes: PACKAGES=full. SYSTEMD_SEEN=FOLDER judges what a guest has left there, without one.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from test_packages import PACKAGES, ROOT, make

TOOL = ROOT / "tools/kernels"
SCRIPT = ROOT / "tests/packages/systemd.guest.sh"
OUT = ROOT / "build/kernels/systemd"
KERNEL = os.environ.get("SYSTEMD_KERNEL", "6.12")
CACHE = pathlib.Path(os.environ.get("AIOSTALL_CACHE") or
                     pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "aiostall")
SUITE = "bookworm"
# What the packages depend on, and what the script looks and loads with.
INCLUDE = ("systemd-sysv,dbus,udev,kmod,procps,curl,bpftool,podman,crun,"
           "libbpf1,libelf1,zlib1g,libjansson4,libsqlite3-0,libncursesw6,liburing2")
# A disk that has just been made is due for all of Debian's daily work.
QUIET = "systemd.mask=timers.target systemd.mask=podman-restart.service"
TIMEOUT_S = 3600
SKIPPED = 77
CAPS = sum(1 << n for n in (2, 19, 34, 38, 39))  # DAC_READ_SEARCH, SYS_PTRACE, SYSLOG, PERFMON, BPF
SERIES = re.compile(r'^(aiostall_\w+)\{(.*)\} (\S+)$', re.M)


def debian():
    """A folder with the files of a Debian that boots, made once for these packages."""
    tree = CACHE / "roots" / SUITE
    packages = tree.with_suffix(".packages")
    if packages.exists() and packages.read_text(encoding="utf-8") == INCLUDE:
        return tree
    packages.unlink(missing_ok=True)
    shutil.rmtree(tree, ignore_errors=True)
    tree.parent.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(["debootstrap", "--variant=minbase", f"--include={INCLUDE}", SUITE, tree],
                          capture_output=True, text=True, timeout=1800, check=False)
    if made.returncode:
        shutil.rmtree(tree, ignore_errors=True)
        pytest.skip(f"debootstrap: {made.stdout.strip()[-200:]}")
    packages.write_text(INCLUDE, encoding="utf-8")
    return tree


def boot(image):
    """Runs the script in a guest, which fills OUT."""
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    debs = [next((ROOT / "build/deb").glob(f"{package}_*.deb")) for package in PACKAGES]
    # with a clock of its own, since one assertion is of a second
    done = subprocess.run(
        [TOOL, "run", KERNEL, "--icount", "--root", image, "--append", QUIET, "--mem", "1536",
         "--timeout", str(TIMEOUT_S), "--out", OUT,
         "--file", SCRIPT, *(w for deb in debs for w in ("--file", deb)), "--", "sh", SCRIPT.name],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode == SKIPPED:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stderr + done.stdout[-6000:]


@pytest.fixture(name="guest", scope="module")
def guest_fixture(tmp_path_factory):
    """The folder of what was seen in a guest."""
    if os.environ.get("SYSTEMD_SEEN"):
        return pathlib.Path(os.environ["SYSTEMD_SEEN"])
    if os.environ.get("PACKAGES") != "full":
        pytest.skip("boots a Debian: PACKAGES=full")
    for tool in ("dh", "debootstrap", "mkfs.ext4"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.skip(f"needs {tool}")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    image = tmp_path_factory.mktemp("systemd") / "root.ext4"
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-d", debian(), image, "1G"], check=True, timeout=300)
    make("deb", "all", "tools")
    boot(image)
    return OUT


def said(guest, name):
    return (guest / name).read_text(encoding="utf-8")


def report(guest, name):
    return json.loads(said(guest, name))


def worked(guest, name):
    assert said(guest, f"{name}.status") == "0\n", said(guest, name) + said(guest, f"{name}.err")


def without_root(identity):
    """One of its own, with no more than the five capabilities."""
    found = dict(line.split(":\t", 1) for line in identity.splitlines() if ":\t" in line)
    # DynamicUser= takes these
    assert all(61184 <= int(number) <= 65519 for what in ("Uid", "Gid") for number in found[what].split()), identity
    assert int(found["CapBnd"], 16) == CAPS and int(found["CapEff"], 16) & ~CAPS == 0, identity
    assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", identity


def test_installed_is_not_running(guest):
    assert said(guest, "installed.units").splitlines() == [
        f"aiostall-{unit} disabled inactive" for unit in ("exporter.service", "exporter.socket", "record.service")]
    assert said(guest, "installed.programs") == said(guest, "programs.before")


def test_the_first_scrape_starts_it(guest):
    worked(guest, "enable")
    assert said(guest, "before-scrape") == "active inactive\n"
    assert said(guest, "after-scrape") == "active\n"
    assert "\naiostall_attached 1\n" in said(guest, "first.prom")
    without_root(said(guest, "exporter.identity"))
    assert said(guest, "scraped.programs") != said(guest, "programs.before")


def sleeps_by_container(guest):
    worked(guest, "by-container")
    return {group["container"]: group["sleeps"] for group in report(guest, "by-container")["groups"]}


def test_the_unit_of_a_load_is_named(guest):
    worked(guest, "load")
    sleeps = sleeps_by_container(guest)
    assert sleeps.get("shop-db.service", 0) > 0, sleeps
    worked(guest, "report")
    (process,) = [p for p in report(guest, "report")["processes"] if p["unit"] == "shop-db.service"]
    assert process["submits"] == 97 and process["sleeps"] == sleeps["shop-db.service"]
    told = {labels: float(value) for name, labels, value in SERIES.findall(said(guest, "loaded.prom"))
            if name == "aiostall_cgroup_sleeps_total"}
    assert any('cgroup="/system.slice/shop-db.service"' in k for k in told), told
    # its series begins with 0, and "other" has what was slept until then
    assert sum(told.values()) >= sleeps["shop-db.service"], told


def test_the_container_of_a_load_is_named(guest):
    """As podman names it, which names its cgroup by a number."""
    worked(guest, "imported")
    worked(guest, "contained")
    sleeps = sleeps_by_container(guest)
    assert sleeps.get("shop-web", 0) > 0, sleeps
    (process,) = [p for p in report(guest, "report")["processes"] if "/libpod-" in p["cgroup"]]
    assert process["submits"] == 89


def test_it_is_started_again(guest):
    assert said(guest, "restarts") == "1\n"
    assert "\naiostall_attached 1\n" in said(guest, "again.prom")
    assert said(guest, "again.programs") == said(guest, "scraped.programs")


def test_an_upgrade_goes_on_with_the_new_program(guest):
    worked(guest, "upgrade")
    assert said(guest, "upgraded.units").splitlines() == [
        "aiostall-exporter.service disabled active", "aiostall-exporter.socket enabled active",
        "aiostall-record.service disabled inactive"]
    assert "\naiostall_attached 1\n" in said(guest, "upgraded.prom")
    assert said(guest, "upgraded.programs") == said(guest, "scraped.programs")


def test_stopped_it_is_detached(guest):
    worked(guest, "stop")
    assert said(guest, "stop.result") == "success\n"
    assert said(guest, "stopped.programs") == said(guest, "programs.before")


def names(guest, what):
    return {n for n in said(guest, what).split() if n.endswith(".db")}


def test_a_killed_recorder_has_all_but_the_last_second(guest):
    """The load's file says how many calls there were a second before it and at the kill."""
    worked(guest, "record-start")
    without_root(said(guest, "recorder.identity"))
    worked(guest, "killed.report")
    early, late = int(said(guest, "calls.early")), int(said(guest, "calls.killed"))
    kept = report(guest, "killed.report")["totals"]["submits"]
    assert early <= kept <= late + 1, (early, kept, late)


def test_the_recorder_goes_on_in_another_file(guest):
    assert said(guest, "recorder.restarts") == "1\n"
    killed, stopped = names(guest, "recordings.killed"), names(guest, "recordings.stopped")
    assert len(killed) >= 3 and killed < stopped
    worked(guest, "record-stop")
    assert said(guest, "recorder.result") == "success\n"
    worked(guest, "whole.report")
    assert report(guest, "whole.report")["totals"]["submits"] > \
        report(guest, "killed.report")["totals"]["submits"]
    assert said(guest, "recorded.programs") == said(guest, "programs.before")


def test_purged_while_it_runs_it_leaves_nothing(guest):
    worked(guest, "purge")
    assert said(guest, "purged.programs") == said(guest, "programs.before")
    assert said(guest, "purged.processes") == said(guest, "purged.units") == ""
    assert said(guest, "purged.files") == ""
