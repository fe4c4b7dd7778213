"""A server on 127.0.0.1 that misbehaves as servers do."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path

NIGHT = bytes(range(256)) * 2000
HYPNOGRAM = b"scoring" * 100
PSG = "sleep-cassette/SC4001E0-PSG.edf"
SCORING = "sleep-cassette/SC4001EC-Hypnogram.edf"


@dataclass
class Server:
    """A folder on 127.0.0.1, and the faults that the next requests for a path shall meet."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def list(self, **sums: str) -> None:
        lines = [
            f"{sums.get(Path(path).stem, hashlib.sha256(content).hexdigest())} {path}"
            for path, content in self.files.items()
        ]
        self.files["SHA256SUMS.txt"] = ("\n".join(lines) + "\n").encode()

    def asked_for(self, path: str) -> list[str | None]:
        return [wanted for one, wanted, _ in self.requests if one == path]


def handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.removeprefix("/").replace("%20", " ")
            wanted = self.headers.get("Range")
            server.requests.append((path, wanted, self.headers.get("User-Agent")))
            fault = server.faults[path].pop(0) if server.faults[path] else ""
            content = server.files.get(path)
            if content is None:
                return self.answer(404, b"not here")
            if fault.isdigit():
                return self.answer(int(fault), b"try later", {"Retry-After": "0"} if fault == "429" else {})
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
            if start >= len(content) and wanted:
                return self.answer(416, b"")
            if wanted and fault == "other part":
                return self.answer(206, content, {"Content-Range": f"bytes 0-{len(content) - 1}/{len(content)}"})
            if not wanted or fault == "no ranges":
                return self.answer(200, content, cut=fault == "cut")
            span = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return self.answer(206, content[start:], {"Content-Range": span}, cut=fault == "cut")

        def answer(self, code: int, body: bytes, headers: dict[str, str] | None = None, *, cut: bool = False) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)
            self.close_connection = True

    return Handler
