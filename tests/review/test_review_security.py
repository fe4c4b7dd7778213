"""Whom the server answers: nobody without the token, no other host or page; and hostile texts stay texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_nights import PORT, TOKEN, Page, client_of, write_night

PATHS = ("/", "/assets/page.js", "/api/nights", "/api/nights/0", "/api/nights/0/scorings/main")


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_answered_without_the_token(night: Path, path: str) -> None:
    answer = client_of([night]).get(path)
    assert (answer.status_code, "night.edf" in answer.text) == (401, False)


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", "é"])
def test_a_wrong_token_opens_nothing(night: Path, token: str) -> None:
    client = client_of([night])
    assert client.get("/", params={"token": token}).status_code == 401
    assert client.get("/api/nights").status_code == 401


def test_a_wrong_cookie_opens_nothing(night: Path) -> None:
    for cookie in (f"eegvlm-{PORT}=x", f"eegvlm-{PORT + 1}={TOKEN}", "=;=", f"eegvlm-{PORT}"):
        assert client_of([night]).get("/api/nights", headers={"cookie": cookie}).status_code == 401


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(night: Path) -> None:
    answer = client_of([night]).get("/", params={"token": TOKEN}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert {"HttpOnly", "SameSite=Strict"} <= set(answer.headers["set-cookie"].split("; "))


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", f"127.0.0.1:{PORT + 1}", f"127.0.0.1:{PORT}.evil.example"],
)
def test_another_host_is_refused_even_with_the_cookie(page: Page, host: str) -> None:
    assert page.client.get("/api/nights", headers={"host": host}).status_code == 403
    assert page.client.get("/", params={"token": TOKEN}, headers={"host": host}).status_code == 403


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"https://127.0.0.1:{PORT}", f"http://127.0.0.1:{PORT + 1}"]
)
def test_another_origin_is_refused_even_with_the_cookie(page: Page, origin: str) -> None:
    before = page.show()
    body = {"who": "AB", "revision": 1, "edit": {"what": "stage", "stage": "R", "epochs": [1]}}
    path = "/api/nights/0/scorings/main/edits"
    assert page.client.post(path, json=body, headers={"origin": origin}).status_code == 403
    assert page.client.get("/api/nights", headers={"origin": origin}).status_code == 403
    assert page.show() == before


def test_a_change_without_an_origin_is_refused(page: Page) -> None:
    del page.client.headers["origin"]
    assert page.client.post("/api/close", json={}).status_code == 403
    assert page.client.get("/api/nights").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_causes_is_refused(page: Page, site: str) -> None:
    assert page.client.get("/api/nights", headers={"sec-fetch-site": site}).status_code == 403


def test_every_answer_forbids_foreign_content_frames_and_copies(page: Page, night: Path) -> None:
    for client in (page.client, client_of([night])):
        for path in (*PATHS, "/nowhere"):
            headers = client.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "name",
    ["../app.py", "..%2fapp.py", "%2e%2e/%2e%2e/app.py", "/etc/passwd", "page.js%00", "....//app.py", "__init__.py"],
)
def test_a_path_leads_nowhere_but_to_the_pages_own_files(page: Page, name: str) -> None:
    assert page.client.get(f"/assets/{name}").status_code == 404


@pytest.mark.parametrize("name", ["../main", "..%2fmain", "MAIN", "main.jsonl", "a/b", "", "x" * 41, "-x"])
def test_a_name_of_a_scoring_is_no_path(page: Page, night: Path, name: str) -> None:
    before = sorted(night.rglob("*"))
    body = {"name": name, "who": "AB", "basis": "blank"}
    assert page.client.post("/api/nights/0/scorings", json=body).status_code == 422
    assert page.client.get(f"/api/nights/0/scorings/{name}").status_code in (404, 405)
    assert sorted(night.rglob("*")) == before


@pytest.mark.parametrize("number", ["-1", "1", "99999999999999999999", "x", "0.5"])
def test_a_night_that_is_not_there_is_one_sentence(page: Page, number: str) -> None:
    answer = page.client.get(f"/api/nights/{number}")
    assert answer.status_code in (404, 422)
    assert "\n" not in answer.json()["error"]


def test_a_body_that_is_too_large_is_not_read(page: Page) -> None:
    headers = {"content-length": str(10**9), "content-type": "application/json"}
    assert page.client.post("/api/close", content=b"{}", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"who": 1}', b'{"who": "AB", "revision": true, "edit": {}}', b"\xff"]
)
def test_a_body_that_cannot_be_understood_is_one_sentence(page: Page, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = page.client.post("/api/nights/0/scorings/main/edits", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"].startswith("request: ")


def test_hostile_texts_are_kept_as_they_are_and_answered_as_json_alone(page: Page) -> None:
    hostile = '"><script>alert(1)</script>{{7*7}}\u2028\u202e.'
    page.edit("comment", epoch=1, text=hostile)
    page.edit("mark", kind="text", start_s=1, stop_s=2, channel=hostile, text=hostile)
    answer = page.client.get("/api/nights/0/scorings/main")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["comments"]["1"] == answer.json()["marks"][0]["text"] == hostile


def test_neither_patient_nor_folders_reach_the_page(tmp_path: Path) -> None:
    folder = write_night(tmp_path / "Doe_Jane", hours=0.1)
    file = folder.parent / "night.edf"
    data = bytearray(file.read_bytes())
    data[8:88] = b"MCH-0234567 F 02-MAY-1951 Haagse_Harry".ljust(80)
    file.write_bytes(data)
    page = Page.of([folder])
    page.begin()
    for path in (*PATHS, "/api/nights/0/scorings/main/results"):
        text = page.client.get(path).text
        assert not any(word in text for word in ("Haagse", "0234567", "Doe_Jane")), path
