"""A real Chromium, driven over its DevTools protocol by a pair of pipes."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIMIT_S = 60.0
_KEYS = {"Tab": (9, ""), "Enter": (13, "\r")}


class Page:
    """One tab, what it asked the network for, and what it complained of.

    Attributes:
        requested: addresses of every request it made.
        complaints: errors on its console and policies that it broke.
    """

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self.requested: list[str] = []
        self.complaints: list[str] = []
        self._to, self._from = to_browser, from_browser
        self._buffer = b""
        self._number = 0
        self._session: str | None = None
        self._loaded = 0
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")

    def call(self, method: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Have the browser do something; gives what it answers."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result

    def open(self, url: str) -> None:
        """Go somewhere and wait until all of it is there."""
        before = self._loaded
        assert not self.call("Page.navigate", url=url).get("errorText"), url
        self._wait(before)

    def run(self, script: str) -> Any:  # noqa: ANN401 - JSON
        """The value of an expression in the page."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def text(self, selector: str = "body") -> str:
        """What a person reads there."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def write(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def press(self, key: str) -> None:
        """Press a key."""
        code, text = _KEYS[key]
        common: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def press_and_wait(self, key: str) -> None:
        """Press a key that leads to another page, and wait for that."""
        before = self._loaded
        self.press(key)
        self._wait(before)

    def look(
        self, *, width: int = 1280, height: int = 900, dark: bool = False, printed: bool = False
    ) -> None:
        """See the page as on another screen or on paper."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip
        self.call("Emulation.setEmulatedMedia", media="print" if printed else "", features=[scheme])

    def picture(self, *, whole: bool = True) -> bytes:
        """The page as PNG, or only what of it is on the screen."""
        told = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])

    def paper(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def _wait(self, before: int) -> None:
        until = time.monotonic() + _LIMIT_S
        while self._loaded == before:
            assert time.monotonic() < until, "the page never came"
            self._next()

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._from], [], [], _LIMIT_S)
            assert ready, "the browser says nothing"
            piece = os.read(self._from, 1 << 20)
            assert piece, "the browser ended"
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        told: dict[str, Any] = json.loads(message)
        self._notice(told.get("method", ""), told.get("params", {}))
        return told

    def _notice(self, method: str, params: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded += 1
        elif method == "Network.requestWillBeSent":
            self.requested.append(params["request"]["url"])
        elif method == "Log.entryAdded" and params["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(params["exceptionDetails"]))


@contextlib.contextmanager
def browsing(profile: Path) -> Iterator[Page]:
    """A tab of a browser of its own for the length of the block."""
    chromium = shutil.which("chromium")
    assert chromium, "chromium is missing: run `make tools`"
    ours_out, theirs_in = os.pipe()[::-1]
    ours_in, theirs_out = os.pipe()

    def take_pipes() -> None:
        # The browser reads on 3 and writes on 4.
        read, write = os.dup(theirs_in), os.dup(theirs_out)
        os.dup2(read, 3)
        os.dup2(write, 4)

    command = [
        chromium, "--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--no-first-run",
        "--disable-gpu", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--hide-scrollbars", f"--user-data-dir={profile}", "about:blank",
    ]  # fmt: skip
    process = subprocess.Popen(
        command, preexec_fn=take_pipes, close_fds=False, stdin=subprocess.DEVNULL,  # noqa: PLW1509 - no thread runs yet
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield Page(ours_out, ours_in)
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(ours_out)
        os.close(ours_in)
