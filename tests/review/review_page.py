"""Driving the review page: a server that can be killed, and a scorer's hands."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from driven import DrivenBrowser

EPOCH = "Number(document.documentElement.dataset.epoch)"
REVISION = "Number(document.documentElement.dataset.revision)"
IDLE = "(document.documentElement.dataset.pending ?? '0') === '0'"


class Served:
    """A server on a folder, which can be killed and started again."""

    def __init__(self, folder: Path, *options: str | Path) -> None:
        self.folder, self.options = folder, options
        self.settings, self.state = folder.parent / "settings", folder.parent / "state"
        self.start()

    def start(self) -> None:
        places = {"XDG_CONFIG_HOME": str(self.settings), "XDG_STATE_HOME": str(self.state)}
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **places}
        command = [sys.executable, "-m", "eegvlm", "review", self.folder, *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().removeprefix("open ").strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def open_page(
    browser: DrivenBrowser, server: Served, *, who: str = "AB", width: int = 1280, scheme: str = "light"
) -> None:
    browser.resize(width, scheme=scheme)
    browser.leave()
    browser.navigate(server.address)
    browser.wait("document.getElementById('begin')?.open && document.getElementById('basis').options.length > 0")
    browser.value(f"document.getElementById('who').value = {json.dumps(who)}; document.getElementById('start').click()")
    browser.wait("location.hash.startsWith('#epoch=')")  # the results are here, and the page stands at its epoch
    browser.wait(f"{EPOCH} > 0 && document.documentElement.dataset.loaded !== undefined")
    browser.wait(IDLE)


def press(browser: DrivenBrowser, key: str, revisions: int = 0) -> None:
    """Press a key and wait until the server has confirmed what it does."""
    before = browser.value(REVISION)
    browser.press(key)
    browser.wait(f"{REVISION} === {before + revisions} && ({IDLE})")


def select_stretch(browser: DrivenBrowser, start: float, length: float) -> None:
    """Select a stretch of the signals by the keyboard: seconds after the recording's start."""
    browser.press("b")
    browser.wait("document.getElementById('stretch').open")
    browser.value(f"document.getElementById('stretch-start').value = '{start}'")
    browser.value(f"document.getElementById('stretch-length').value = '{length}'")
    browser.value("document.querySelector('#stretch button').click()")
    browser.wait("!document.getElementById('stretch').open")


def drag(browser: DrivenBrowser, selector: str, begin: float, end: float) -> None:
    """Drag over an element, from one part of its width to another."""
    box = browser.value(
        f"(({{left, top, width, height}}) => [left, top, width, height])"
        f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
    )
    y = box[1] + box[3] * 0.15
    browser.drag((box[0] + box[2] * begin, y), (box[0] + box[2] * end, y))


def text_of(browser: DrivenBrowser, name: str) -> str:
    """Return the text of an element by its id."""
    return str(browser.value(f"document.getElementById({json.dumps(name)}).textContent"))


def time_place(browser: DrivenBrowser, seconds: float, start: float, length: float) -> tuple[float, float]:
    """Return where a time lies on the signals of a page that begins at ``start`` and lasts ``length`` seconds."""
    left, top, width, height = browser.value(
        "(({left, top, width, height}) => [left, top, width, height])"
        "(document.getElementById('traces').getBoundingClientRect())"
    )
    names, scale_keys = 124, 58  # LEFT and RIGHT of drawing.js
    return left + names + (seconds - start) / length * (width - names - scale_keys), top + height * 0.3
