"""A headless Chromium that a script or a test steers, through the pipe that Chromium itself offers.

Nothing is needed besides a browser (Debian: ``apt-get install chromium``): its protocol is JSON, one message after the
other with a zero byte between them. Here are just those calls that looking at a page takes.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip
KEYS = {
    " ": ("Space", 32), "Tab": ("Tab", 9), "Enter": ("Enter", 13), "Escape": ("Escape", 27),
    "ArrowLeft": ("ArrowLeft", 37), "ArrowUp": ("ArrowUp", 38), "ArrowRight": ("ArrowRight", 39),
    "ArrowDown": ("ArrowDown", 40),
}  # fmt: skip


def find_browser() -> str | None:
    """Return the path of a browser, or None: CHROMIUM in the environment, else the first one on the path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """A browser process; use it as a context."""

    def __init__(self, timeout: float = 120.0) -> None:
        program = find_browser()
        if program is None:
            raise FileNotFoundError("no Chromium is installed: on Debian, apt-get install chromium")
        self.timeout = timeout
        self.folder = tempfile.mkdtemp(prefix="made_np-browser-")
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()
        # The browser reads from 3 and writes to 4, wherever our ends of the pipes are.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (reads, writes)]
        line = f"import os, sys; os.dup2({ends[0]}, 3); os.dup2({ends[1]}, 4); os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-ISc", line, program, *FLAGS, f"--user-data-dir={self.folder}"]
        home = {"HOME": self.folder, "XDG_CONFIG_HOME": self.folder, "XDG_CACHE_HOME": self.folder}
        self.process = subprocess.Popen(
            command, pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **home}
        )
        for end in (reads, writes, *ends):
            os.close(end)
        self._rest = b""
        self._last = 0
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and remove its folder."""
        with suppress(Exception):
            self.call("Browser.close")
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Send one message, and return what is answered; events that come before it are kept."""
        self._last += 1
        own = self._last
        message: dict[str, Any] = {"id": own, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        end = time.monotonic() + self.timeout
        while True:
            found = self._read(end)
            if found.get("id") == own:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']['message']}")
                result: dict[str, Any] = found.get("result", {})
                return result
            self.events.append(found)

    def wait_for(self, method: str, session: str) -> dict[str, Any]:
        """Return the parameters of the next event of that name, which may have come already."""
        end = time.monotonic() + self.timeout
        while True:
            for k, event in enumerate(self.events):
                if event.get("method") == method and event.get("sessionId") == session:
                    del self.events[k]
                    parameters: dict[str, Any] = event["params"]
                    return parameters
            self.events.append(self._read(end))

    def _read(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._from], [], [], max(end - time.monotonic(), 0))
            if not ready:
                raise TimeoutError(f"the browser said nothing for {self.timeout:g} s")
            data = os.read(self._from, 1 << 20)
            if not data:
                raise RuntimeError("the browser has ended")
            self._rest += data
        message, self._rest = self._rest.split(b"\0", 1)
        found: dict[str, Any] = json.loads(message)
        return found


class Page:
    """One page of a browser: what is on it, what it said, what it asked for."""

    def __init__(
        self, browser: Browser, *, width: int = 1200, height: int = 900, dark: bool = False, still: bool = True
    ) -> None:
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.width = width
        phone = width < 600
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=2 if phone else 1,
            mobile=phone,
        )  # fmt: skip
        if phone:
            self.call("Emulation.setTouchEmulationEnabled", enabled=True)
        self.media(dark=dark, still=still)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one message to this page."""
        return self.browser.call(method, self.session, **parameters)

    def media(self, *, dark: bool = False, still: bool = False, medium: str = "") -> None:
        """Say what the person prefers: dark colours, no motion; or the medium, such as "print"."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}
        self.call("Emulation.setEmulatedMedia", media=medium, features=[scheme, motion])

    def open(self, path: str | Path) -> None:
        """Open a file, and wait until it is there."""
        self.call("Page.navigate", url=Path(path).resolve().as_uri())
        self.browser.wait_for("Page.loadEventFired", self.session)

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript is; an exception there is a RuntimeError here."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            details = found["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return found["result"].get("value")

    def key(self, key: str) -> None:
        """Press a key, as a person does."""
        code, number = KEYS.get(key, ("", ord(key.upper()) if len(key) == 1 else 0))
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        common = {"key": key, "code": code, "windowsVirtualKeyCode": number}
        self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **common, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def tap(self, selector: str) -> None:
        """Touch the middle of an element with a finger."""
        x, y = self._middle(selector)
        self.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
        self.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        self.settle()

    def click(self, selector: str) -> None:
        """Click on the middle of an element with the mouse."""
        x, y = self._middle(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def hover(self, selector: str) -> None:
        """Move the mouse over an element."""
        x, y = self._middle(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()

    def settle(self) -> None:
        """Wait until what follows from a touch, or a move of the mouse, has happened: it comes with the next frame."""
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))")

    def _middle(self, selector: str) -> tuple[float, float]:
        element = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{element}.scrollIntoView({{block: 'center', behavior: 'instant'}})")
        middle = "({x, y, width, height}) => [x + width / 2, y + height / 2]"
        place = self.run(f"({middle})({element}.getBoundingClientRect())")
        return place[0], place[1]

    def picture(self, path: str | Path, *, height: int | None = None) -> None:
        """Save the page as a PNG: what is seen of it, or its first `height` pixels."""
        more: dict[str, Any] = {}
        if height is not None:
            clip = {"x": 0, "y": 0, "width": self.width, "height": height, "scale": 1}
            more = {"captureBeyondViewport": True, "clip": clip}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def printed(self) -> bytes:
        """Return the page as it is printed, a PDF."""
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])

    def heard(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all events of that name so far."""
        self.run("1")  # all that came before has been read then
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        return [event["params"] for event in mine if event["method"] == method]

    def complaints(self) -> list[str]:
        """Return what went wrong: exceptions, errors and warnings of the console, what the policy refused."""
        found = [str(each["exceptionDetails"]) for each in self.heard("Runtime.exceptionThrown")]
        loud = ("error", "warning", "assert")
        found += [str(each["args"]) for each in self.heard("Runtime.consoleAPICalled") if each["type"] in loud]
        return found + [each["entry"]["text"] for each in self.heard("Log.entryAdded")]

    def asked_for(self) -> list[str]:
        """Return the addresses that the page has asked for."""
        return [each["request"]["url"] for each in self.heard("Network.requestWillBeSent")]

    def close(self) -> None:
        """Close the page."""
        self.browser.call("Target.closeTarget", targetId=self.target)
