# SPDX-License-Identifier: GPL-2.0
"""--format html in a browser: what is said, what can be done, and that nothing else is needed."""
import base64
import html
import json
import os
import re
import subprocess
import sys

import pytest

import browser

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "../.."))
AXE = os.path.join(ROOT, "build/axe/axe.min.js")


def render(fixture, *by):
    done = subprocess.run(["build/tests/replay", *by, f"tests/replay/{fixture}.fix", "html"], cwd=ROOT,
                          capture_output=True, timeout=60, check=True)
    return done.stdout


@pytest.fixture(name="chromium", scope="session")
def chromium_fixture(tmp_path_factory):
    browser.need_chromium()
    one = browser.Browser(tmp_path_factory.mktemp("chromium"))
    yield one
    one.close()


@pytest.fixture(name="page")
def page_fixture(chromium, tmp_path):
    def load(fixture, *by):
        path = tmp_path / f"{fixture}.html"
        path.write_bytes(render(fixture, *by))
        chromium.open(path)
        return chromium
    yield load
    chromium.ask("Emulation.setScriptExecutionDisabled", value=False)
    chromium.ask("Emulation.setEmulatedMedia", media="", features=[])


FIXTURES = ["mixed", "hostile", "loss", "empty", "unwatched", "spilled"]


@pytest.mark.parametrize("fixture", FIXTURES)
def test_bytes_are_the_same_each_time(fixture):
    page = render(fixture)
    assert page == render(fixture)
    assert len(page) < 2 << 20
    page.decode("utf-8")


@pytest.mark.parametrize("fixture", FIXTURES)
def test_nothing_from_outside_is_markup(fixture):
    """Tags are those of the page; no name opens one, ends a script, or is an attribute."""
    text = render(fixture).decode()
    bare = re.sub(r"<style>.*?</style>|<script.*?</script>", "", text, flags=re.S)
    tags = set(re.findall(r"<([^\s>]*)", bare))
    assert {t.strip("/").lower() for t in tags} <= {
        "!doctype", "html", "head", "meta", "link", "title", "body", "header", "h1", "h2", "button", "main",
        "p", "section", "ul", "li", "strong", "span", "div", "table", "thead", "tbody", "tr", "th", "td",
        "details", "summary", "dl", "dt", "dd", "noscript", "label", "input"}
    assert text.count("</script") == text.count("<script")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text)


@pytest.mark.parametrize("fixture", FIXTURES)
def test_no_complaint_and_no_request(page, fixture):
    chromium = page(fixture)
    assert not chromium.complaints()
    assert [url for url in chromium.requests() if not url.startswith(("file:", "data:"))] == []


def test_says_what_the_report_says(page):
    chromium = page("mixed")
    report = json.loads(subprocess.run(["build/tests/replay", "tests/replay/mixed.fix", "json"], cwd=ROOT,
                                       capture_output=True, timeout=60, check=True).stdout)
    text = chromium.run("document.body.innerText")
    for row in report["filesystems"]:
        assert row["verdict"] in text
        for cause in row["causes"]:
            assert cause["id"] in text and cause["advice"] in text


def test_who_submitted_is_a_table():
    """As on the screen: processes with unit, cause and filesystem, and what failed."""
    report = json.loads(subprocess.run(["build/tests/replay", "tests/replay/mixed.fix", "json"], cwd=ROOT,
                                       capture_output=True, timeout=60, check=True).stdout)
    text = render("mixed").decode()
    table = text[text.index('id="h-who"'):text.index('id="h-failed"')]
    rows = [[html.unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<td.*?</td>", row)]
            for row in re.findall(r"<tr>(?=<td).*?</tr>", table, flags=re.S)]
    assert [row[:2] for row in rows] == [[p["comm"], str(p["pid"] or "several")]
                                          for p in report["processes"]]
    named = {row[0]: row[2:] for row in rows}
    assert named["loaddb"] == ["loaddb.service", "1000", "34.5%", "0.09", "355", "658ms", "18ms",
                               "ext4.dio_sync", "ext4 /data (nvme0n1p3)"]
    assert named["fio"] == ["(not known)", "?", "?", "?", "10", "2ms", "200us", "blk.tag",
                            "blockdev (nvme0n1p5)"]
    assert "1 submit failed: 1 EAGAIN" in text


def test_what_is_not_in_the_figures_is_said():
    assert "time that the same threads lose in fsync" in render("mixed").decode()
    assert "time that the same threads lose in fsync" not in render("loss").decode()


def test_a_small_loss_is_a_note():
    assert 'role="alert"' not in render("spilled").decode()
    assert "Lost, less than --max-loss: 1 stack not available" in render("spilled").decode()


def test_without_scripts(page, chromium):
    chromium.ask("Emulation.setScriptExecutionDisabled", value=True)
    page("mixed")
    # what is asked here is asked by the browser, not by the page
    dom = chromium.ask("DOM.getDocument", depth=-1)["root"]
    text = chromium.ask("DOM.getOuterHTML", nodeId=dom["nodeId"])["outerHTML"]
    assert "<noscript" in text and "iomap_dio_rw" in html.unescape(text)
    assert 'id="theme"' in text and 'id="flame" role="tree"' in text


def test_losses_come_first(page):
    chromium = page("loss")
    assert chromium.run("document.querySelector('main').firstElementChild.getAttribute('role')") == "alert"
    assert "26 events lost" in chromium.run("document.querySelector('[role=alert]').innerText")


def test_tables_sort(page):
    chromium = page("mixed")
    column = "[...document.querySelector('table.sort').tBodies[0].rows].map(r => Number(r.cells[1].dataset.v))"
    button = "document.querySelector('table.sort th:nth-child(2) button')"
    chromium.run(f"{button}.click()")
    assert chromium.run(column) == sorted(chromium.run(column), reverse=True)
    assert chromium.run(f"{button}.parentNode.getAttribute('aria-sort')") == "descending"
    chromium.run(f"{button}.click()")
    assert chromium.run(column) == sorted(chromium.run(column))


FOCUSED = "document.activeElement.textContent"


def test_flame_graph(page):
    """Widths are shares of the blocked time; keys walk, go in and out; search counts."""
    chromium = page("mixed")
    names = chromium.run("[...document.querySelectorAll('.f')].map(e => e.textContent)")
    assert names[0] == "all" and "ext4 /data (nvme0n1p3)" in names and "ext4.dio_sync" in names
    widths = chromium.run("Object.fromEntries([...document.querySelectorAll('.f')].map("
                          "e => [e.textContent, parseFloat(e.style.width)]))")
    # 618 ms of the 2280 ms that have a stack
    assert abs(widths["ext4.dio_sync"] - 100 * 618 / 2280.1) < 0.1
    chromium.run("document.querySelector('.f').focus()")
    chromium.key("ArrowDown")
    assert chromium.run(FOCUSED).startswith("pipefs")
    chromium.key("ArrowRight")
    assert chromium.run(FOCUSED) == "ext4 /data (nvme0n1p3)"
    chromium.key("Enter")
    assert chromium.run("decodeURIComponent(location.hash)") == "#ext4 /data (nvme0n1p3)"
    assert chromium.run("document.activeElement.style.width") == "100%"
    chromium.key("ArrowDown")
    assert chromium.run(FOCUSED) == "ext4.dio_sync"
    chromium.key("Escape")
    assert chromium.run("location.hash") in ("", "#")
    chromium.key("/")
    assert chromium.run("document.activeElement.id") == "search"
    chromium.run("(s => { s.value = 'BLK_MQ_get_tag'; s.dispatchEvent(new Event('input')); })"
                 "(document.getElementById('search'))")
    # 40 ms on ext4, 2 ms on the device
    assert "1.8 %" in chromium.run("document.getElementById('flame-note').textContent")
    assert chromium.run("document.querySelectorAll('.f.hit').length") >= 1


def test_flame_graph_is_a_tree_to_screen_readers(page):
    chromium = page("mixed")
    items = chromium.run("[...document.querySelectorAll('#flame > *')].map(e => [e.getAttribute('role'), "
                         "Number(e.getAttribute('aria-level')), e.getAttribute('aria-label')])")
    assert len(items) > 20
    assert all(role == "treeitem" and level > 0 and "of the blocked time" in label
               for role, level, label in items)
    assert chromium.run("document.querySelectorAll('#flame > [tabindex=\"0\"]').length") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("fixture", ["mixed", "loss", "hostile"])
def test_accessible(page, chromium, fixture, scheme):
    if not os.path.exists(AXE):
        pytest.skip("needs axe-core: sh tools/axe.sh")
    chromium.ask("Emulation.setEmulatedMedia", media="screen",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    page(fixture)
    with open(AXE, encoding="utf-8") as axe:
        chromium.run(axe.read() + "\n;0")
    found = chromium.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
                         "v => [v.id, v.help, v.nodes.slice(0, 2).map(n => n.html.slice(0, 200))]))")
    assert found == []


def test_theme_can_be_turned(page):
    chromium = page("mixed")
    colour = "getComputedStyle(document.body).backgroundColor"
    before = chromium.run(colour)
    chromium.run("document.getElementById('theme').click()")
    assert chromium.run(colour) != before


def test_groups(page):
    chromium = page("mixed", "-b", "fs,cause")
    assert not chromium.complaints()
    assert "ext4.dio_sync" in chromium.run("document.querySelector('table').innerText")


# ---- when ----

@pytest.fixture(name="timed", scope="session")
def timed_fixture(tmp_path_factory):
    """The page of a recording, and the same as JSON."""
    folder = tmp_path_factory.mktemp("timed")
    subprocess.run(["build/tests/make_recording", str(folder / "a.db"), "stack=tests/replay/stacks/blk.tag.stack",
                    "stack=tests/replay/stacks/ext4.dio_sync.stack", "seed=2"], cwd=ROOT, check=True, timeout=60)
    def report(form):
        return subprocess.run(["build/aiostall", "report", "--format", form, str(folder / "a.db")], cwd=ROOT,
                              capture_output=True, timeout=60, check=True).stdout
    page = folder / "a.html"
    page.write_bytes(report("html"))
    assert page.read_bytes() == report("html") and page.stat().st_size < 2 << 20
    return page, json.loads(report("json"))


CHOSEN = ("[...document.querySelectorAll('#time-tools tbody tr')].map(r => [r.cells[0].textContent, "
          "r.cells[1].textContent, Number(r.cells[2].dataset.v), Number(r.cells[3].dataset.v)])")


def test_times_add_up_to_the_report(chromium, timed):
    page, report = timed
    chromium.open(page)
    assert not chromium.complaints()
    assert {(cause, sleeps, ns) for _, cause, sleeps, ns in chromium.run(CHOSEN)} == \
        {(c["id"], c["sleeps"], c["blocked_ns"]) for c in report["filesystems"][0]["causes"]}
    lane = chromium.run("document.querySelector('.lane svg').getAttribute('aria-label')")
    assert lane.startswith("ext4 /data (loop0): blocked time")


def test_a_time_can_be_chosen(chromium, timed):
    """By the mouse over the lanes and by keys on the sliders: table and flame graph are of it."""
    chromium.open(timed[0])
    whole = sum(row[3] for row in chromium.run(CHOSEN))
    wide = "Number(document.querySelector('.f').getAttribute('aria-label').match(/, ([0-9]+) sleeps/)[1])"
    all_sleeps = chromium.run(wide)
    box = chromium.run("(b => [b.left, b.top, b.width, b.height])"
                       "(document.querySelector('.lane svg').getBoundingClientRect())")
    for kind, at in (("mousePressed", 0.25), ("mouseMoved", 0.4), ("mouseMoved", 0.5), ("mouseReleased", 0.5)):
        chromium.ask("Input.dispatchMouseEvent", type=kind, x=box[0] + at * box[2], y=box[1] + box[3] / 2,
                     button="left", buttons=1, clickCount=1)
    assert 0.15 * whole < sum(row[3] for row in chromium.run(CHOSEN)) < 0.4 * whole
    assert 0.15 * all_sleeps < chromium.run(wide) < 0.4 * all_sleeps
    assert "Chosen: from" in chromium.run("document.getElementById('time-note').textContent")
    assert "stacks in proportion" in chromium.run("document.getElementById('flame-note').textContent")
    assert not chromium.run("document.getElementById('brush').hidden")
    chromium.run("document.getElementById('all-time').click()")
    assert sum(row[3] for row in chromium.run(CHOSEN)) == whole and chromium.run(wide) == all_sleeps
    chromium.run("(e => { e.value = e.max - 1; e.dispatchEvent(new Event('input')); })(document.getElementById('to'))")
    assert 0 < sum(row[2] for row in chromium.run(CHOSEN)) <= all_sleeps
    assert chromium.run("document.getElementById('to').value") == chromium.run(
        "String(document.getElementById('to').max - 1)")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_times_are_accessible(chromium, timed, scheme):
    if not os.path.exists(AXE):
        pytest.skip("needs axe-core: sh tools/axe.sh")
    chromium.ask("Emulation.setEmulatedMedia", media="screen",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    chromium.open(timed[0])
    chromium.run("document.getElementById('from').value = 3;"
                 "document.getElementById('from').dispatchEvent(new Event('input'))")
    with open(AXE, encoding="utf-8") as axe:
        chromium.run(axe.read() + "\n;0")
    assert chromium.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
                        "v => [v.id, v.help, v.nodes.slice(0, 2).map(n => n.html.slice(0, 200))]))") == []


def test_times_without_scripts(chromium, timed):
    chromium.ask("Emulation.setScriptExecutionDisabled", value=True)
    chromium.open(timed[0])
    chromium.ask("Emulation.setScriptExecutionDisabled", value=False)
    text = timed[0].read_text(encoding="utf-8")
    assert '<div id="time-tools" hidden>' in text and "When most was blocked" in text
    assert re.search(r'<svg role="img"[^>]*><path d="M\d', text)


# ---- diff ----

@pytest.fixture(name="comparison", scope="session")
def comparison_fixture(tmp_path_factory):
    """Two recordings of a made-up host, the later one slower and with another cause: their page, and as JSON."""
    folder = tmp_path_factory.mktemp("recordings")
    stack = "stack=tests/replay/stacks/{}.stack"
    for name, *words in (("old.db", stack.format("blk.tag"), "seed=1"),
                         ("new<b>.db", stack.format("blk.tag"), stack.format("ext4.dio_sync"), "seed=2",
                          "sleep_us=2500")):
        subprocess.run(["build/tests/make_recording", str(folder / name), *words], cwd=ROOT, check=True, timeout=60)
    def compare(form):
        done = subprocess.run(["build/aiostall", "diff", str(folder / "old.db"), str(folder / "new<b>.db"), "--format",
                               form, "--fail-on", "appeared"], cwd=ROOT, capture_output=True, timeout=60, check=False)
        assert done.returncode in (0, 1) and not done.stderr
        return done.stdout
    page = folder / "diff.html"
    page.write_bytes(compare("html"))
    assert page.read_bytes() == compare("html") and page.stat().st_size < 2 << 20
    return page, json.loads(compare("json"))["diffs"][0]


def test_comparison_says_what_json_says(chromium, comparison):
    page, found = comparison
    chromium.open(page)
    assert not chromium.complaints()
    text = chromium.run("document.body.innerText")
    assert f"{found['different']} of {found['tests']} figures are different" in text
    assert "new<b>.db" in text and "ext4.dio_sync" in text and "appeared" in text
    assert "Failed: appeared" in text
    marked = chromium.run("[...document.querySelectorAll('td')].filter(e => e.textContent === 'different').length")
    assert marked == sum(m["different"] for g in found["groups"] for m in g["measures"]
                         if g["scope"] != "all") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_comparison_is_accessible(chromium, comparison, scheme):
    if not os.path.exists(AXE):
        pytest.skip("needs axe-core: sh tools/axe.sh")
    chromium.ask("Emulation.setEmulatedMedia", media="screen",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    chromium.open(comparison[0])
    with open(AXE, encoding="utf-8") as axe:
        chromium.run(axe.read() + "\n;0")
    assert chromium.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
                        "v => [v.id, v.help, v.nodes.slice(0, 2).map(n => n.html.slice(0, 200))]))") == []


# ---- qualify ----

@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_result_of_qualify(chromium, tmp_path, scheme):
    """What json says, a table of it, and accessible."""
    page = tmp_path / "result.html"
    subprocess.run(["build/aiostall", "qualify", "--no-trace", "--rows", "poll,read-cached,overwrite", "--time", "3s",
                    "--label", "<i>place", "--format", "html", "-o", str(page), str(tmp_path)], cwd=ROOT, check=True,
                   timeout=60, capture_output=True)
    chromium.ask("Emulation.setEmulatedMedia", media="screen",
                 features=[{"name": "prefers-color-scheme", "value": scheme}])
    chromium.open(page)
    assert not chromium.complaints()
    assert "<i>place" in chromium.run("document.body.innerText")
    rows = chromium.run("[...document.querySelector('table.sort').tBodies[0].rows].map(r => "
                        "[r.cells[0].textContent, r.cells[2].textContent])")
    assert {row for row, _ in rows} >= {"poll", "read-cached", "overwrite"}
    assert ["poll", "async"] in rows
    if not os.path.exists(AXE):
        pytest.skip("needs axe-core: sh tools/axe.sh")
    with open(AXE, encoding="utf-8") as axe:
        chromium.run(axe.read() + "\n;0")
    assert chromium.run("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
                        "v => [v.id, v.help, v.nodes.slice(0, 2).map(n => n.html.slice(0, 200))]))") == []


if __name__ == "__main__":
    # test_html.py FOLDER: pictures to look at.
    one = browser.Browser(sys.argv[1])
    for name in ("mixed", "hostile", "loss"):
        with open(f"{sys.argv[1]}/{name}.html", "wb") as out:
            out.write(render(name))
        for shade in ("light", "dark"):
            one.ask("Emulation.setEmulatedMedia", media="screen",
                    features=[{"name": "prefers-color-scheme", "value": shade}])
            one.open(f"{sys.argv[1]}/{name}.html")
            shot = one.ask("Page.captureScreenshot", format="png")["data"]
            with open(f"{sys.argv[1]}/{name}-{shade}.png", "wb") as out:
                out.write(base64.b64decode(shot))
    one.close()
