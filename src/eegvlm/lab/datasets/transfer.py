"""One file over HTTP: resumed where it stopped, verified, and moved into its place in one step.

What has arrived stays in ``<name>.part``; the next call asks for the rest (HTTP ``Range``). A file that does not fit
its checksum after it was pieced together is fetched once more from its start; then it is an error.
"""

from __future__ import annotations

import http.client
import re
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eegvlm import __version__
from eegvlm.core.output_errors import output_errors
from eegvlm.lab.datasets.files import PARTIAL_SUFFIX, sha256_of
from eegvlm.lab.datasets.problems import DatasetError

USER_AGENT = f"eeg-vlm/{__version__} (https://github.com/eeg-vlm/eeg-vlm)"
_CHUNK = 1 << 18
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_LONGEST_WAIT_S = 120.0
_MAY_PASS = (408, 425, 429, 500, 502, 503, 504)
_MOST_TEXT_BYTES = 16 << 20

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class RetryPolicy:
    """How a server is treated.

    Parameters
    ----------
    pause_s
        Between two files.
    attempts
        How often in a row a file may bring nothing new before it is given up.
    first_wait_s
        Before the second attempt; doubled before each further one. A server's ``Retry-After`` is obeyed.
    timeout_s
        For which the server may be silent.
    """

    pause_s: float = 0.5
    attempts: int = 5
    first_wait_s: float = 2.0
    timeout_s: float = 60.0


class _BrokenOffError(Exception):
    """A transfer that stopped for a reason that may pass."""

    def __init__(self, reason: object, wait_s: float | None = None) -> None:
        super().__init__(str(reason))
        self.wait_s = wait_s


class Fetcher:
    """Fetches files one after the other.

    Parameters
    ----------
    retries
        Patience and pauses.
    """

    def __init__(self, retries: RetryPolicy | None = None) -> None:
        self.retries = retries or RetryPolicy()

    def text(self, url: str) -> str:
        """Fetch a small text file.

        Raises
        ------
        DatasetError
            Where it cannot be had; the sentence names the address.
        """
        idle = 0
        while True:
            try:
                with self._answer(url, 0) as answer:
                    content = _read_all(answer)
                return content.decode("utf-8", errors="replace")
            except _BrokenOffError as reason:
                idle += 1
                self._wait(url, idle, reason)

    def file(self, url: str, target: Path, sha256: str, progress: Progress | None = None) -> int:
        """Fetch a file, or the rest of it.

        Parameters
        ----------
        url, target
            From where, to where. The target does not exist yet; its folder does.
        sha256
            What the file must hash to, in hexadecimal digits.
        progress
            Called with the bytes that are there and the bytes of the whole file (None where unknown).

        Returns
        -------
        int
            Bytes that came over the line.

        Raises
        ------
        DatasetError
            Where the file cannot be had or does not fit its checksum.
        InputError
            Where it cannot be written.
        """
        part = target.with_name(target.name + PARTIAL_SUFFIX)
        received = 0
        with output_errors(target):
            while True:
                resumed = part.exists() and part.stat().st_size > 0
                received += self._complete(url, part, progress)
                digest = sha256_of(part)
                if digest == sha256:
                    part.replace(target)
                    return received
                part.unlink()
                if not resumed:
                    break
        mismatch = f"SHA-256 {digest[:12]}... instead of {sha256[:12]}..."
        hint = "nothing was kept; try again later, and tell the data set's keepers if it stays so"
        raise DatasetError(url, "checksum", mismatch, hint)

    def _complete(self, url: str, part: Path, progress: Progress | None) -> int:
        """Fetch until all has arrived; attempts count only where nothing new came."""
        received = idle = 0
        while True:
            before = part.stat().st_size if part.exists() else 0
            try:
                return received + self._append(url, part, progress)
            except _BrokenOffError as reason:
                gained = (part.stat().st_size if part.exists() else 0) - before
                received += max(0, gained)
                idle = 0 if gained > 0 else idle + 1
                self._wait(url, idle, reason)

    def _append(self, url: str, part: Path, progress: Progress | None) -> int:
        have = part.stat().st_size if part.exists() else 0
        received = 0
        with self._answer(url, have) as answer:
            if answer.status == 416:
                # All bytes are there, or more than there should be; the checksum tells.
                return 0
            if answer.status != 206:
                have = 0
            length = answer.headers.get("Content-Length")
            total = have + int(length) if length and length.isdecimal() else None
            if total is not None and total - have > shutil.disk_usage(part.parent).free:
                hint = f"{(total - have) / 1e6:.0f} MB are needed: make room, or choose another folder"
                raise DatasetError(part.parent, "free space", "too little", hint)
            with part.open("ab" if have else "wb") as file:
                while chunk := _read_chunk(answer):
                    file.write(chunk)
                    received += len(chunk)
                    if progress is not None:
                        progress(have + received, total)
        if total is not None and have + received < total:
            raise _BrokenOffError(f"the connection closed after {have + received} of {total} bytes")
        return received

    def _answer(self, url: str, have: int) -> http.client.HTTPResponse:
        """Ask for a file from a byte on."""
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        if not url.lower().startswith(("http://", "https://")):
            raise DatasetError(url, "address", url.partition(":")[0], "give one that begins with https:// or http://")
        try:
            request = urllib.request.Request(url, headers=headers)  # noqa: S310 - the scheme was tested
            answer = urllib.request.urlopen(request, timeout=self.retries.timeout_s)  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code == 416 and have:
                return error  # type: ignore[return-value]
            error.close()
            raise _refused(url, error) from None
        except (OSError, http.client.HTTPException) as error:
            raise _BrokenOffError(getattr(error, "reason", None) or error) from None
        except ValueError as error:
            raise DatasetError(url, "address", error, "correct it") from None
        match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if answer.status == 206 and (match is None or int(match[1]) != have):
            answer.close()
            raise DatasetError(url, "answer", "not the part that was asked for", "delete the .part file and try again")
        return answer  # type: ignore[no-any-return]

    def _wait(self, url: str, idle: int, reason: _BrokenOffError) -> None:
        """Wait before the next attempt; give up after too many attempts in a row that brought nothing."""
        if idle >= self.retries.attempts:
            hint = "check the network and run the same command again: it goes on where it stopped"
            raise DatasetError(url, "transfer", reason, hint) from None
        wait_s = self.retries.first_wait_s * 2 ** max(0, idle - 1)
        time.sleep(min(_LONGEST_WAIT_S, wait_s if reason.wait_s is None else reason.wait_s))


def _refused(url: str, error: urllib.error.HTTPError) -> Exception:
    if error.code in _MAY_PASS:
        after = error.headers.get("Retry-After", "")
        return _BrokenOffError(f"HTTP status {error.code}", float(after) if after.isdecimal() else None)
    hints = {
        401: "this file needs a log-in; fetch it in a browser",
        403: "this file needs a signed agreement, or the server refuses downloads; fetch it in a browser",
        404: "there is no such file; check the address (--url) and the version in it",
        410: "there is no such file any more; check the address (--url) and the version in it",
    }
    return DatasetError(url, "HTTP status", error.code, hints.get(error.code, "the server refuses; try again later"))


def _read_chunk(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenOffError(error) from None


def _read_all(answer: http.client.HTTPResponse) -> bytes:
    length = answer.headers.get("Content-Length")
    content = b""
    while len(content) < _MOST_TEXT_BYTES and (chunk := _read_chunk(answer)):
        content += chunk
    if length and length.isdecimal() and len(content) < min(int(length), _MOST_TEXT_BYTES):
        raise _BrokenOffError(f"the connection closed after {len(content)} of {length} bytes")
    return content
