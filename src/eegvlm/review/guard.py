"""Who is answered: the browser that opened the address with its token, on this machine, from the page itself.

- The server listens on the loopback interface alone (:mod:`.server`).
- ``Host`` must name that interface and port: a page elsewhere cannot reach it under a name of its own (DNS rebinding).
- The address that is printed holds a random token. It is exchanged once for a cookie that scripts cannot read and other
  sites cannot send (``HttpOnly``, ``SameSite=Strict``); everything else needs the cookie.
- A window that outlives its server logs in at the next one by a key, not by the old cookie (:mod:`.relogin`).
- A request that changes something must come from the page itself, by ``Origin``; one that another site caused, by
  ``Sec-Fetch-Site``, is refused whatever it is.
- Answers forbid the browser to load anything from anywhere else, to be framed, and to keep a copy.

Not covered: other programs of the same user, which can read his files anyway.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from eegvlm.review.relogin import CHALLENGE, KEY, PROOF, Relogin

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

HOSTS = ("127.0.0.1", "localhost")
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
_SAFE = ("GET", "HEAD")
_NOT_LOGGED_IN = "open the page by the address that eegvlm review printed"
_MOST_BYTES = 4_000_000  # the largest body: a montage


class Guard:
    """Answers in place of the application where a request is not the page's own.

    Parameters
    ----------
    app
        The application.
    token
        What the address holds.
    port
        On which the server listens.
    relogin
        Lets windows of the server before in; None: none of them.
    """

    def __init__(self, app: App, *, token: str, port: int, relogin: Relogin | None = None) -> None:
        self._app, self._token, self._relogin = app, token, relogin
        self._hosts = {f"{host}:{port}" for host in HOSTS}
        self._cookie = f"eegvlm-{port}"  # cookies do not tell ports apart

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers: dict[str, str] = {}
        for name, value in scope["headers"]:
            headers[name.decode("latin-1").lower()] = value.decode("latin-1")
        refusal = self._refusal(scope, headers)
        if refusal:
            await _answer(send, 403, {"error": refusal})
        elif self._brings_token(scope):
            await _answer(send, 303, None, [(b"location", b"/"), self._set_cookie()])
        elif self._relogin and scope["method"] == "POST" and scope["path"] in (CHALLENGE, PROOF):
            await self._log_in_again(self._relogin, scope, headers["origin"], send)
        elif not self._has_cookie(headers):
            await _answer(send, 401, {"error": _NOT_LOGGED_IN})
        elif self._relogin and scope["path"] == KEY:
            await _answer(send, 200, {"key": self._relogin.key})
        else:
            await self._app(scope, receive, _with_headers(send))

    async def _log_in_again(self, relogin: Relogin, scope: Scope, origin: str, send: Send) -> None:
        if scope["path"] == CHALLENGE:
            await _answer(send, 200, relogin.challenge(origin, _parameter(scope, "page_nonce")))
        elif relogin.accepts(origin, _parameter(scope, "nonce"), _parameter(scope, "proof")):
            await _answer(send, 200, {"welcome": True}, [self._set_cookie()])
        else:
            await _answer(send, 401, {"error": _NOT_LOGGED_IN})

    def _set_cookie(self) -> tuple[bytes, bytes]:
        return b"set-cookie", f"{self._cookie}={self._token}; HttpOnly; SameSite=Strict; Path=/".encode()

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> str:
        host = headers.get("host", "")
        if host not in self._hosts:
            return "this address is not the one that eegvlm review printed"
        origin = headers.get("origin")
        is_own = origin == f"http://{host}"
        if (origin is not None and not is_own) or headers.get("sec-fetch-site") in ("cross-site", "same-site"):
            return "requests of other pages are not answered"
        if scope["method"] not in _SAFE:
            if not is_own:
                return "only the page itself can change something"
            length = headers.get("content-length", "")
            if not length.isdecimal() or int(length) > _MOST_BYTES:
                return "the request states no length, or is too large"
        return ""

    def _brings_token(self, scope: Scope) -> bool:
        if scope["method"] != "GET" or scope["path"] != "/":
            return False
        return _same(_parameter(scope, "token"), self._token)

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(self._cookie)
        except CookieError:
            return False
        return morsel is not None and _same(morsel.value, self._token)


def _parameter(scope: Scope, name: str) -> str:
    """Return a parameter of the address; nothing where it is not there exactly once."""
    values = parse_qs(scope["query_string"].decode("latin-1")).get(name, [])
    return values[0] if len(values) == 1 else ""


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sending


async def _answer(
    send: Send, status: int, content: Mapping[str, Any] | None, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    body = b"" if content is None else json.dumps(content).encode()
    more = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    start = {"type": "http.response.start", "status": status, "headers": [*more, *_HEADERS, *(headers or ())]}
    await send(start)
    await send({"type": "http.response.body", "body": body})
