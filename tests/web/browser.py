# SPDX-License-Identifier: GPL-2.0
"""Chromium without a window, spoken to over two pipes in its own protocol: no driver is needed."""
import json
import os
import select
import shutil
import subprocess
import time

import pytest

TIMEOUT = 180


def need_chromium():
    if not shutil.which("chromium"):
        pytest.skip("needs chromium")


class Browser:
    def __init__(self, folder):
        theirs_in, self.to = os.pipe()
        self.come, theirs_out = os.pipe()
        def on_3_and_4():
            os.dup2(theirs_in, 30)
            os.dup2(theirs_out, 31)
            os.dup2(30, 3)
            os.dup2(31, 4)
        # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
        self.proc = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={folder}/profile", "--hide-scrollbars",
             "--window-size=1200,900", "about:blank"], preexec_fn=on_3_and_4, close_fds=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.rest, self.asked, self.session = b"", 0, None
        self.events = []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def close(self):
        self.proc.terminate()
        self.proc.wait(TIMEOUT)
        os.close(self.to)
        os.close(self.come)

    def _next(self, until):
        while b"\0" not in self.rest:
            left = until - time.monotonic()
            assert left > 0 and select.select([self.come], [], [], left)[0], "chromium says nothing"
            got = os.read(self.come, 1 << 16)
            assert got, "chromium has ended"
            self.rest += got
        one, self.rest = self.rest.split(b"\0", 1)
        return json.loads(one)

    def ask(self, method, **params):
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + TIMEOUT
        while True:
            got = self._next(until)
            if got.get("id") == self.asked:
                assert "error" not in got, got
                return got["result"]
            self.events.append(got)

    def open(self, path):
        self.events.clear()
        self.ask("Page.navigate", url=f"file://{path}")
        until = time.monotonic() + TIMEOUT
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self._next(until))

    def run(self, code):
        """The value of an expression, which may be a promise."""
        got = self.ask("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in got, got
        return got["result"].get("value")

    def key(self, key):
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key)

    def complaints(self):
        """What the console shows as wrong: errors, exceptions, what the page's policy refused."""
        return [e for e in self.events
                if e.get("method") == "Runtime.exceptionThrown" or
                e.get("method") == "Log.entryAdded" or
                e.get("method") == "Runtime.consoleAPICalled"]

    def requests(self):
        return [e["params"]["request"]["url"] for e in self.events
                if e.get("method") == "Network.requestWillBeSent"]
