# SPDX-License-Identifier: GPL-2.0
"""What is handed on: the sources, the static binary, Debian's packages."""
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import time

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = ["aiostall", "aiostall-exporter"]

# A root of its own over this one's: what is written is in upper, and gone with the namespace.
ELSEWHERE = """
set -e
mount -t tmpfs none "$1"
cd "$1" && mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" none root || exit 77
for folder in proc sys dev tmp; do mount --rbind /$folder root/$folder; done
mkdir root/packages && cp -r "$2"/debian/tests "$3"/*.deb root/packages
chroot root env LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive sh -ec "$4"
rm -r root/packages
find upper -mindepth 1 ! -type c | cut -c6- | sort | while read -r path; do
	[ -e "$path" ] || echo "left: $path"
done
"""


def run(*argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False,
                          cwd=more.pop("cwd", ROOT), timeout=more.pop("timeout", 900), **more)
    assert done.returncode == 0, f"{argv}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def make(*what, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
    return run("make", "-s", f"-j{os.cpu_count()}", *what, env=env, **more)


@pytest.fixture(name="debs", scope="module")
def debs_fixture():
    for tool, package in (("dh", "debhelper"), ("dpkg-buildpackage", "dpkg-dev")):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool} ({package})")
    make("deb")
    return ROOT / "build/deb"


def in_a_root_of_its_own(debs, folder, script):
    """What the script in that root said, and lines of what it left there."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    done = subprocess.run(["unshare", "--mount", "sh", "-c", ELSEWHERE, "sh", folder, ROOT, debs, script],
                          capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == 77:
        pytest.skip("needs an overlay over the root filesystem")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_sources_are_the_same_bytes_each_time(tmp_path):
    if not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    make("dist")
    tar = next((ROOT / "build").glob("aiostall-*[0-9].tar.gz"))
    first = tar.read_bytes()
    # a clone has neither our folder, nor our umask, nor our times
    run("git", "clone", "-q", ROOT, tmp_path / "clone")
    run("git", "-C", tmp_path / "clone", "config", "tar.umask", "0077")
    make("dist", cwd=tmp_path / "clone", umask=0o077)
    assert (tmp_path / "clone/build" / tar.name).read_bytes() == first
    with tarfile.open(tar) as sources:
        names = {n.split("/", 1)[-1] for n in sources.getnames()}
    assert {"Makefile", "bpf/wire.h", "debian/control", "LICENSE"} <= names


def test_the_static_binary_in_a_tarball(tmp_path):
    make("tarball")
    tar = next((ROOT / "build").glob("aiostall-*-linux-*.tar.gz"))
    first = tar.read_bytes()
    with tarfile.open(tar) as files:
        assert all(m.uid == m.gid == 0 for m in files)
        files.extractall(tmp_path)
    folder = tmp_path / tar.name.removesuffix(".tar.gz")
    assert "ext4.dio_sync" in run(folder / "aiostall", "causes", cwd=folder, env={})
    assert {"aiostall.8", "LICENSE", "completions", "contrib"} <= {p.name for p in folder.iterdir()}
    os.utime(ROOT / "build/aiostall")
    make("tarball", umask=0o077)
    assert tar.read_bytes() == first


def test_lintian_has_nothing_to_say(debs):
    if not shutil.which("lintian"):
        pytest.skip("needs lintian")
    said = run("lintian", "-EviI", "--allow-root", "--fail-on", "error,warning", *debs.glob("*.changes"))
    assert [line for line in said.splitlines() if line[:2] in ("E:", "W:", "I:", "P:")] == []


def test_what_is_in_which_package(debs):
    def files(package):
        deb, = debs.glob(f"{package}_*.deb")
        return {line.split()[5].lstrip(".") for line in run("dpkg", "-c", deb).splitlines()}
    main, exporter = map(files, PACKAGES)
    assert {"/usr/sbin/aiostall", "/usr/share/man/man8/aiostall.8.gz",
            "/lib/systemd/system/aiostall-record.service"} <= main
    assert {"/lib/systemd/system/aiostall-exporter.service", "/lib/systemd/system/aiostall-exporter.socket",
            "/etc/default/aiostall-exporter"} <= exporter


def test_installed_tested_and_purged(debs, tmp_path):
    said = in_a_root_of_its_own(debs, tmp_path, f"""
        cd /packages
        dpkg -i {" ".join(p + "_*.deb" for p in PACKAGES)}
        sh tests/without-root
        mkdir /var/lib/aiostall && touch /var/lib/aiostall/aiostall-1.db
        echo "tested"
        dpkg --purge {" ".join(reversed(PACKAGES))}
    """)
    assert "\ntested\n" in said
    assert [line for line in said.splitlines() if line.startswith("left: ")] == []


def test_what_is_installed_traces(debs, tmp_path):
    if not shutil.which("fio"):
        pytest.skip("needs fio")
    said = in_a_root_of_its_own(debs, tmp_path, """
        cd /packages
        dpkg -i aiostall_*.deb
        export AUTOPKGTEST_TMP=/packages/scratch && mkdir $AUTOPKGTEST_TMP
        sh tests/live
        echo "traced"
    """)
    assert "\ntraced\n" in said


@pytest.mark.parametrize("unit", ["exporter.service", "exporter.socket", "record.service"])
def test_units(debs, tmp_path, unit):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze (systemd)")
    run("dpkg", "-x", next(debs.glob("aiostall-exporter_*.deb")), tmp_path)
    run("dpkg", "-x", next(debs.glob("aiostall_*.deb")), tmp_path)
    path = f"/lib/systemd/system/aiostall-{unit}"
    (tmp_path / "lib/systemd/system/sysinit.target").write_text("[Unit]\n")
    (tmp_path / "lib/systemd/system/basic.target").write_text("[Unit]\n")
    done = subprocess.run(["systemd-analyze", "verify", f"--root={tmp_path}", "--man=no", path],
                          capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in done.stderr.splitlines() if "aiostall" in line] == []


@pytest.mark.parametrize("unit", ["exporter", "record"])
def test_services_are_confined(debs, tmp_path, unit):
    if not shutil.which("systemd-analyze"):
        pytest.skip("needs systemd-analyze (systemd)")
    run("dpkg", "-x", next(debs.glob("aiostall-exporter_*.deb")), tmp_path)
    run("dpkg", "-x", next(debs.glob("aiostall_*.deb")), tmp_path)
    # 3.6 is what the capabilities and an open port leave
    run("systemd-analyze", "security", "--offline=true", "--threshold=36", f"--root={tmp_path}",
        f"aiostall-{unit}.service")


def let_through(words):
    """The system calls of SystemCallFilter=, groups within groups."""
    found = set()
    for word in words:
        if word.startswith("@"):
            lines = run("systemd-analyze", "syscall-filter", word).splitlines()[1:]
            found |= let_through(w for line in lines if (w := line.strip()) and not w.startswith("#"))
        else:
            found.add(word)
    return found


AS_SERVICE = """
mountpoint -q /sys/kernel/tracing || mount -t tracefs none /sys/kernel/tracing
exec strace -f -qq -o "$1" setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs \
	--inh-caps="$2" --ambient-caps="$2" --bounding-set="-all,$2" sh -c 'cd "$1" && shift && exec "$@"' sh "$3" \
	timeout --signal=INT 20 ./aiostall $4
"""


@pytest.mark.parametrize("unit, options", [("record", "--rotate 1s --retain 2s -o a.db"),
                                           ("exporter", "--label cgroup --textfile a.prom -i 1")])
def test_the_filter_lets_through_what_a_service_calls(unit, options):
    """By the capabilities of its unit, with a load whose cgroup is looked up; what is refused would be an error."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for tool in ("strace", "setpriv", "systemd-analyze"):
        if not shutil.which(tool):
            pytest.skip(f"needs {tool}")
    make("all", "tools")
    text = (ROOT / f"contrib/systemd/aiostall-{unit}.service").read_text()
    caps = re.search(r"^AmbientCapabilities=(.*)$", text, re.M).group(1)
    caps = caps.lower().replace("cap_", "+").replace(" ", ",")
    verb, = re.findall(r"^ExecStart=/usr/sbin/aiostall (\w+) ", text, re.M)
    words = re.search(r"^SystemCallFilter=(.*)$", text, re.M).group(1).split()
    with tempfile.TemporaryDirectory(prefix="aiostall-service-") as folder:
        os.chmod(folder, 0o777)
        shutil.copy(ROOT / "build/aiostall", folder)
        argv = ["unshare", "--mount", "sh", "-ec", AS_SERVICE, "sh", f"{folder}/calls", caps, folder,
                f"{verb} {options} -d 6s --ready-file ready"]
        with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as service:
            while service.poll() is None and not os.path.exists(f"{folder}/ready"):
                time.sleep(0.05)
            if service.poll() is None:
                run(ROOT / "build/tools/aioload", "--pattern", "append", "--gap-us", "5000", "--calls", "300",
                    "--size", "2M", "--file", f"{folder}/load")
            said = service.communicate(timeout=60)[1]
        assert service.returncode in (0, 3), said
        calls = set(re.findall(r"^\d+ +(\w+)\(", pathlib.Path(folder, "calls").read_text(errors="replace"), re.M))
    assert {"bpf", "open_by_handle_at"} <= calls, "it has not traced, or has not looked for the cgroup"
    assert calls - let_through(words) == set()
    assert "\nSystemCallErrorNumber=EPERM\n" in text


def test_one_version():
    version = (ROOT / "Makefile").read_text().split("VERSION := ")[1].split()[0]
    assert (ROOT / "debian/changelog").read_text().startswith(f"aiostall ({version})")
    assert f"\nVersion: {version}\n" in (ROOT / "contrib/aiostall.spec").read_text()


@pytest.fixture(name="slow")
def slow_fixture():
    if os.environ.get("PACKAGES") != "full":
        pytest.skip("builds all once more: PACKAGES=full")


def test_package_for_arm64(slow):
    foreign = subprocess.run(["dpkg-query", "-W", "libbpf-dev:arm64"], capture_output=True, check=False)
    if foreign.returncode or not shutil.which("aarch64-linux-gnu-g++"):
        pytest.skip("needs make deps ARCH=arm64, and crossbuild-essential-arm64")
    # beside the packages of this machine, which other tests look at
    make("deb", f"B={ROOT}/build/cross", "DEB_OPTIONS=--host-arch arm64 -Pcross,nocheck")
    deb, = (ROOT / "build/cross/deb").glob("aiostall_*_arm64.deb")
    assert run("dpkg-deb", "-f", deb, "Architecture") == "arm64\n"
    assert "libbpf1" in run("dpkg-deb", "-f", deb, "Depends")
    assert "_aiostall" in run("dpkg", "-c", deb)


def test_packages_of_rpm(slow):
    if not shutil.which("rpmbuild"):
        pytest.skip("needs rpmbuild (rpm)")
    made = [pathlib.Path(line) for line in make("rpm").splitlines()
            if line.endswith(".rpm")]
    assert sorted(p.name.split("-0")[0] for p in made) == ["aiostall", "aiostall-exporter"]
    assert all("/aiostall" in run("rpm", "-qlp", p) for p in made)
