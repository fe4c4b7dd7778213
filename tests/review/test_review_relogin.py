"""A window that outlives its server: what lets it in at the next one, and what does not."""

from __future__ import annotations

import hmac
import os
import socket
from pathlib import Path

import pytest
from review_nights import ADDRESS, PORT, TOKEN
from starlette.testclient import TestClient

from eegvlm.review import login_keys
from eegvlm.review.app import make_app
from eegvlm.review.guard import Guard
from eegvlm.review.login_keys import LoginKeys
from eegvlm.review.relogin import Relogin
from eegvlm.review.server import _bound, _listening
from eegvlm.review.work_list import ReviewList

SECRET = bytes(range(32))
NEXT_TOKEN = "token-of-the-next-server"


def server(night: Path, key: bytes = SECRET, token: str = TOKEN) -> TestClient:
    """Return a client of a server that knows a key, without its cookie."""
    guard = Guard(make_app(ReviewList([night]), lambda: None), token=token, port=PORT, relogin=Relogin(key))
    return TestClient(guard, base_url=ADDRESS, headers={"origin": ADDRESS})


def signed(*words: str, key: bytes = SECRET) -> str:
    return hmac.new(key, " ".join(words).encode(), "sha256").hexdigest()


def challenge(client: TestClient, page_nonce: str = "mine") -> dict[str, str]:
    answer = client.post("/api/relogin/challenge", params={"page_nonce": page_nonce})
    assert answer.status_code == 200
    return dict(answer.json())


def prove(client: TestClient, nonce: str, proof: str) -> int:
    return client.post("/api/relogin/proof", params={"nonce": nonce, "proof": proof}).status_code


def test_a_window_gets_the_key_by_its_cookie_alone(night: Path) -> None:
    client = server(night)
    assert client.get("/api/relogin/key").status_code == 401
    client.get("/", params={"token": TOKEN})
    assert client.get("/api/relogin/key").json() == {"key": SECRET.hex()}


def test_who_proves_the_key_gets_the_cookie_of_the_next_server(night: Path) -> None:
    client = server(night, token=NEXT_TOKEN)
    client.cookies.set(f"eegvlm-{PORT}", TOKEN)  # of the server before: worth nothing here
    assert client.get("/api/nights").status_code == 401
    del client.cookies[f"eegvlm-{PORT}"]
    nonce = challenge(client)["nonce"]
    assert prove(client, nonce, signed("page", ADDRESS, nonce)) == 200
    assert client.get("/api/nights").status_code == 200


def test_the_server_proves_the_key_too(night: Path) -> None:
    answer = challenge(server(night), "mine")
    assert answer["proof"] == signed("server", ADDRESS, "mine", answer["nonce"])
    assert challenge(server(night, key=bytes(32)), "mine")["proof"] != answer["proof"]


def test_a_proof_counts_once(night: Path) -> None:
    client = server(night)
    nonce = challenge(client)["nonce"]
    assert prove(client, nonce, "wrong") == 401
    assert prove(client, nonce, signed("page", ADDRESS, nonce)) == 401
    nonce = challenge(client)["nonce"]
    assert prove(client, nonce, signed("page", ADDRESS, nonce)) == 200
    assert prove(client, nonce, signed("page", ADDRESS, nonce)) == 401


@pytest.mark.parametrize(
    "words", [("server", ADDRESS), ("page", "http://127.0.0.1:9"), ("page", f"http://localhost:{PORT}"), ("page",)]
)
def test_a_proof_for_another_purpose_or_address_opens_nothing(night: Path, words: tuple[str, ...]) -> None:
    client = server(night)
    nonce = challenge(client)["nonce"]
    assert prove(client, nonce, signed(*words, nonce)) == 401
    assert client.get("/api/nights").status_code == 401


def test_a_server_of_another_key_lets_nobody_in(night: Path) -> None:
    client = server(night, key=bytes(32))
    nonce = challenge(client)["nonce"]
    assert prove(client, nonce, signed("page", ADDRESS, nonce)) == 401


@pytest.mark.parametrize("path", ["challenge", "proof"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"http://127.0.0.1:{PORT + 1}", None])
def test_a_login_from_elsewhere_is_refused(night: Path, path: str, origin: str | None) -> None:
    client = server(night)
    if origin is None:
        del client.headers["origin"]
    else:
        client.headers["origin"] = origin
    assert client.post(f"/api/relogin/{path}", params={"page_nonce": "x"}).status_code == 403
    host = {"host": f"evil.example:{PORT}", "origin": f"http://evil.example:{PORT}"}
    assert client.post(f"/api/relogin/{path}", headers=host).status_code == 403


def test_old_challenges_are_forgotten() -> None:
    relogin = Relogin(SECRET)
    first = relogin.challenge(ADDRESS, "x")["nonce"]
    for _ in range(300):
        relogin.challenge(ADDRESS, "x")
    assert not relogin.accepts(ADDRESS, first, signed("page", ADDRESS, first))


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for what is kept for this user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "eegvlm" / "review"


def test_a_key_is_kept_for_this_user_alone_and_outside_the_results(private: Path, night: Path) -> None:
    before = sorted(night.rglob("*"))
    key = LoginKeys([night], None, None).keep(8123)
    (file,) = private.iterdir()
    assert file.read_text() == key.hex()
    assert (file.stat().st_mode & 0o777, private.stat().st_mode & 0o777) == (0o600, 0o700)
    assert LoginKeys([night], None, None).keep(8123) == key
    assert sorted(night.rglob("*")) == before


def test_other_nights_ports_and_channels_have_other_keys(private: Path, night: Path) -> None:
    keys = [
        LoginKeys([night], None, None).keep(8123),
        LoginKeys([night], None, None).keep(8124),
        LoginKeys([night, night.parent], None, None).keep(8123),
        LoginKeys([night], night / "hypnogram.csv", None).keep(8123),
        LoginKeys([night], None, {"eeg": "C4-M1"}).keep(8123),
    ]
    assert len(set(keys)) == 5
    assert sorted(LoginKeys([night], None, None).ports()) == [8123, 8124]


def test_a_key_is_void_after_close_and_after_a_week(private: Path, night: Path) -> None:
    keys = LoginKeys([night], None, None)
    first = keys.keep(8123)
    keys.void(8123)
    assert keys.ports() == []
    second = keys.keep(8123)
    (file,) = private.iterdir()
    old = file.stat().st_mtime - 8 * 86400
    os.utime(file, (old, old))
    assert keys.ports() == []
    assert len({first, second, keys.keep(8123)}) == 3


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the system has no such permissions")
def test_a_key_that_others_can_read_or_that_is_a_link_counts_no_more(private: Path, night: Path) -> None:
    keys = LoginKeys([night], None, None)
    first = keys.keep(8123)
    (file,) = private.iterdir()
    file.chmod(0o640)
    assert keys.ports() == []
    assert keys.keep(8123) != first
    file.rename(private / "elsewhere")
    file.symlink_to(private / "elsewhere")
    assert keys.ports() == []


def test_review_works_where_no_key_can_be_kept(night: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert len(LoginKeys([night], None, None).keep(8123)) == 32
    assert login_keys._folder() == tmp_path / "file" / "eegvlm" / "review"


def test_the_next_server_takes_the_port_of_the_last_where_it_is_free(private: Path, night: Path) -> None:
    keys = LoginKeys([night], None, None)
    with _listening(0, keys) as first:
        port = first.getsockname()[1]
        keys.keep(port)
        with _listening(0, keys) as second:
            assert second.getsockname()[1] != port
    with _listening(0, keys) as third, socket.socket() as client:
        assert third.getsockname()[1] == port
        client.connect(("127.0.0.1", port))
    with _bound(0) as other:
        assert other.getsockname()[1] != 0
