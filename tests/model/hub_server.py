"""A Hugging Face Hub of one repository on this machine: what huggingface_hub asks for, and no more."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REVISIONS = {"main": COMMIT, "v1": COMMIT, COMMIT: COMMIT}


@contextmanager
def hub_of(folder: Path, repository: str) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder as a repository; yield the address, and the list that every request is added to."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(body=False)

        def do_GET(self):
            self.answer(body=True)

        def answer(self, *, body: bool):
            requests.append(f"{self.command} {self.path}")
            segments = self.path.partition("?")[0].strip("/").split("/")
            if segments[:2] == ["api", "models"]:
                self.api(segments[2:])
            elif "/".join(segments[:2]) == repository and segments[2:3] == ["resolve"]:
                self.file(segments[3], "/".join(segments[4:]), body=body)
            else:
                self.refuse("RepoNotFound")

        def api(self, segments: list[str]):
            if "/".join(segments[:2]) != repository:
                return self.refuse("RepoNotFound")
            revision = segments[3] if len(segments) > 3 else "main"
            if revision not in REVISIONS:
                return self.refuse("RevisionNotFound")
            names = sorted(file.name for file in folder.iterdir())
            if segments[2:3] == ["tree"]:
                listed = [self.described(name) for name in names]
            else:
                listed = {
                    "id": repository,
                    "modelId": repository,
                    "sha": REVISIONS[revision],
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                    "likes": 0,
                    "siblings": [{"rfilename": name} for name in names],
                }
            self.reply(json.dumps(listed).encode(), {"Content-Type": "application/json"}, body=True)

        def described(self, name: str) -> dict[str, object]:
            data = (folder / name).read_bytes()
            return {"type": "file", "path": name, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}

        def file(self, revision: str, name: str, *, body: bool):
            if revision not in REVISIONS:
                return self.refuse("RevisionNotFound")
            if not (folder / name).is_file():
                return self.refuse("EntryNotFound")
            data = (folder / name).read_bytes()
            tag = f'"{hashlib.sha1(data).hexdigest()}"'
            self.reply(data, {"ETag": tag, "X-Repo-Commit": REVISIONS[revision]}, body=body)

        def refuse(self, code: str):
            self.send_response(404)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def reply(self, data: bytes, headers: dict[str, str], *, body: bool):
            self.send_response(200)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            if body:
                self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
