"""A server is killed under an open window and started again: the window says so, goes on, and lets nobody else in."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from chromium import Chromium
from driven import DrivenBrowser
from firefox import Firefox
from review_page import EPOCH, IDLE, Served, open_page, press, text_of

from eegvlm.review.scoring_file import ReviewedScoringFile

pytestmark = pytest.mark.slow

IS_LOST = "!document.getElementById('connection').hidden"
IS_BACK = "document.getElementById('connection').hidden"
STAGE = "document.getElementById('stage').textContent"


def stages_of(night: Path) -> list[str]:
    return ReviewedScoringFile(night / "review" / "main.jsonl").state.stages


def port_of(server: Served) -> int:
    return int(server.address.split(":")[2].split("/")[0])


def other_than(stage: str) -> tuple[str, str]:
    return ("3", "N3") if stage != "N3" else ("5", "R")


def lose_and_find_again(browser: DrivenBrowser, served: Served, night: Path) -> None:
    open_page(browser, served)
    press(browser, "Home")
    key, stage = other_than(stages_of(night)[0])
    press(browser, key, revisions=1)
    first = served.address
    served.kill()
    stages = stages_of(night)
    assert stages[0] == stage

    key, stage = other_than(stages[1])
    for _ in range(3):
        browser.press(key)
    browser.wait(f"{IS_LOST} && ({IDLE})")
    assert "trying again" in text_of(browser, "connection")
    assert "not confirmed" in text_of(browser, "message")
    assert browser.value(f"{EPOCH} === 2 && {STAGE} === '{stages[1]}'")
    browser.value("document.getElementById('comment').focus()")
    browser.press("X")
    browser.press("Enter")
    assert stages_of(night) == stages

    served.start()
    assert served.address != first
    assert served.address.partition("?")[0] == first.partition("?")[0]
    browser.wait(IS_BACK, seconds=60)
    browser.wait("document.getElementById('message').textContent.startsWith('Connected again')")
    browser.wait(f"document.getElementById('comments').textContent.includes('X') && ({IDLE})")
    assert "not confirmed meanwhile" in text_of(browser, "message")
    browser.value("document.getElementById('comment').blur()")
    press(browser, key, revisions=1)
    assert stages_of(night) == [stages[0], stage, *stages[2:]]


def test_a_window_goes_on_with_the_next_server(browser: Chromium, served: Served, night: Path) -> None:
    lose_and_find_again(browser, served, night)


def test_a_window_of_firefox_goes_on_with_the_next_server(firefox: Firefox, served: Served, night: Path) -> None:
    lose_and_find_again(firefox, served, night)


def test_a_window_that_rests_finds_the_next_server_too(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    served.kill()
    browser.wait(IS_LOST)
    served.start()
    browser.wait(IS_BACK, seconds=60)
    press(browser, "Home")
    press(browser, "0" if browser.value(STAGE) != "W" else "2", revisions=1)


def test_after_close_a_window_that_was_open_is_not_let_in(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    other = browser.value("fetch('/api/close', {method: 'POST', body: '{}'}).then((answer) => answer.status)")
    assert (other, served.process.wait(60)) == (200, 0)
    browser.wait(IS_LOST)
    port = port_of(served)
    assert served.process.stdout is not None
    served.process.stdout.close()
    served.options = ("--port", str(port))
    served.start()
    browser.wait("document.getElementById('connection').textContent.includes('another server answers')", seconds=60)
    assert browser.value("fetch('/api/nights').then((answer) => answer.status)") == 401


class Stranger(BaseHTTPRequestHandler):
    """A program that takes the port of a killed server and keeps what it is sent."""

    heard: list[tuple[str, str | None]]

    def do_POST(self) -> None:
        self.heard.append((self.path, self.headers.get("cookie")))
        body = b'{"nonce": "00", "proof": "00"}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_stranger_at_the_port_gets_no_cookie_and_no_edit(browser: Chromium, served: Served) -> None:
    open_page(browser, served)
    press(browser, "Home")
    port = port_of(served)
    served.kill()
    browser.wait(IS_LOST)
    Stranger.heard = []
    HTTPServer.allow_reuse_address = True
    with HTTPServer(("127.0.0.1", port), Stranger) as stranger:
        thread = threading.Thread(target=stranger.serve_forever)
        thread.start()
        browser.wait("document.getElementById('connection').textContent.includes('another server answers')")
        browser.press("0")
        browser.wait("document.getElementById('message').textContent.includes('not confirmed')")
        stranger.shutdown()
        thread.join()
    assert {(path.partition("?")[0], cookie) for path, cookie in Stranger.heard} == {("/api/relogin/challenge", None)}
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
