"""Headless Firefox, driven by WebDriver BiDi over the websocket that it opens by itself: no geckodriver.

https://www.w3.org/TR/webdriver-bidi/
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from driven import DrivenBrowser

PROGRAM = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
WHY_NOT = (
    "no Firefox is installed (Debian: apt-get install firefox-esr)"
    if PROGRAM is None
    else ""
    if find_spec("websocket")
    else "websocket-client is not installed (pip install -e '.[dev]')"
)
_KEYS = {
    "Escape": "\ue00c", "Tab": "\ue004", "Enter": "\ue007", "PageUp": "\ue00e", "PageDown": "\ue00f", "End": "\ue010",
    "Home": "\ue011", "ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015",
}  # fmt: skip
# Nothing is asked of the network but what the page asks, and one process draws it: more of them take longer to start.
_SETTINGS = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.safebrowsing.update.enabled": False,
    "browser.tabs.remote.separatePrivilegedContentProcess": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.ipc.processCount": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "fission.autostart": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.enabled": False,
}
_SCHEMES = {"dark": 0, "light": 1}
_STARTS_WITHIN_S = 180
_ANSWERS_WITHIN_S = 120


class Firefox(DrivenBrowser):
    """One page in one Firefox, in one colour scheme.

    Parameters
    ----------
    profile
        An empty folder for the browser's own files.
    scheme
        ``"light"`` or ``"dark"``: BiDi does not change it afterwards.
    """

    def __init__(self, profile: Path, scheme: str = "light") -> None:
        from websocket import create_connection

        assert PROGRAM is not None
        settings = _SETTINGS | {"layout.css.prefers-color-scheme.content-override": _SCHEMES[scheme]}
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items()]
        (profile / "user.js").write_text("".join(lines))
        self._scheme = scheme
        self._process = subprocess.Popen(
            [PROGRAM, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._socket = None
        self._number = 0
        self.errors, self.requests = [], []
        try:
            place = self._wait_for_address(profile / "WebDriverBiDiServer.json")
            # Without an Origin: it refuses web pages that would drive it.
            self._socket = create_connection(f"{place}/session", timeout=_ANSWERS_WITHIN_S, suppress_origin=True)
            self("session.new", capabilities={})
            self("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
            self._page = self("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self._end()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; what is reported meanwhile is kept."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == self._number:
                if answer["type"] == "error":
                    raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
                return dict(answer["result"])
            self._keep(answer)

    def value(self, expression: str) -> Any:
        target = {"context": self._page}
        answer = self("script.evaluate", expression=expression, target=target, awaitPromise=True, userActivation=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return _plain(answer["result"])

    def resize(self, width: int, height: int = 900, scheme: str = "light") -> None:
        if scheme != self._scheme:
            raise ValueError(f"this Firefox was started for pages in the {self._scheme} scheme")
        self("browsingContext.setViewport", context=self._page, viewport={"width": width, "height": height})

    def navigate(self, address: str) -> None:
        self("browsingContext.navigate", context=self._page, url=address, wait="none")

    def press(self, key: str) -> None:
        value = _KEYS.get(key, key)
        self._act("key", "keyboard", [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}])

    def drag(self, begin: tuple[float, float], end: tuple[float, float]) -> None:
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y)} for x, y in (begin, end)]
        down, up = {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}
        self._act("pointer", "mouse", [moves[0], down, moves[1], up])

    def screenshot(self) -> bytes:
        return base64.b64decode(self("browsingContext.captureScreenshot", context=self._page)["data"])

    def _act(self, kind: str, device: str, actions: list[dict[str, Any]]) -> None:
        one = {"type": kind, "id": device, "actions": actions}
        self("input.performActions", context=self._page, actions=[one])

    def _wait_for_address(self, file: Path) -> str:
        until = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                told = json.loads(file.read_text())
                return f"ws://{told['ws_host']}:{told['ws_port']}"
            except (OSError, ValueError):  # not written, or not to its end
                time.sleep(0.05)
        raise TimeoutError(f"{PROGRAM} did not open its websocket within {_STARTS_WITHIN_S} s")

    def _end(self) -> None:
        if self._socket:
            self._socket.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _keep(self, event: dict[str, Any]) -> None:
        told = event.get("params", {})
        if event.get("method") == "log.entryAdded" and told["level"] in ("error", "warn"):
            self.errors.append(told["text"])
        elif event.get("method") == "network.beforeRequestSent":
            self.requests.append(told["request"]["url"])


def _plain(remote: dict[str, Any]) -> Any:
    """Return a value of BiDi as Python has it."""
    kind, value = remote["type"], remote.get("value")
    if kind == "array":
        return [_plain(one) for one in value]
    if kind == "object":
        return {key: _plain(one) for key, one in value}
    if kind == "number" and isinstance(value, str):
        return float(value.replace("Infinity", "inf"))  # "NaN", "-0", "Infinity"
    return value if kind in ("string", "number", "boolean") else None
