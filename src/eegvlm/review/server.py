"""The server: on the loopback interface alone, until the page or the terminal ends it."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from eegvlm.core.files import check_output_folder
from eegvlm.errors import InputError
from eegvlm.review.description import REVIEW_FOLDER
from eegvlm.review.login_keys import LoginKeys
from eegvlm.review.problems import ReviewError

if TYPE_CHECKING:
    from fastapi import FastAPI

LOOPBACK = "127.0.0.1"
_TOKEN_BYTES = 32


def serve(
    folders: list[Path],
    *,
    scoring: Path | None = None,
    channels: Mapping[str, str | Sequence[str]] | None = None,
    port: int = 0,
    ready: Callable[[str], None] = print,
) -> None:
    """Serve nights until the page, or a signal, ends it.

    Parameters
    ----------
    folders
        One for each night: :func:`eegvlm.review.work_list.find_nights`.
    scoring
        A scorer's file, for a single night.
    channels
        The user's choice of channels for a single night, as in :func:`eegvlm.signals.read_recording`.
    port
        0: the one on which these nights were served last, where it is free, or else any.
    ready
        Called with the address, its token included, once the port is ours.

    Raises
    ------
    InputError
        If the port is taken, a folder cannot be written, FastAPI is not installed, or a file cannot be read.
    """
    try:
        import uvicorn

        from eegvlm.review.app import make_app
        from eegvlm.review.guard import Guard
        from eegvlm.review.relogin import Relogin
        from eegvlm.review.work_list import ReviewList
    except ImportError as error:
        hint = "install it with pip install 'eeg-vlm[review]'"
        raise InputError("review", "extra", f"{error.name} is not installed", hint) from error
    if scoring is not None and len(folders) != 1:
        raise ReviewError(scoring, "--scoring", f"{len(folders)} nights", "name one night to lay a scoring on it")
    for folder in folders:
        check_output_folder(folder / REVIEW_FOLDER)
    if channels and len(folders) != 1:
        raise ReviewError("arguments", "--channels", f"{len(folders)} nights", "name one night to choose its channels")
    nights = ReviewList(folders, scoring, channels)
    if len(folders) == 1:
        night = nights.night(0)
        if channels:
            night.signals.recording  # noqa: B018  (a label that the file lacks is said before a browser opens)
    login_keys = LoginKeys(folders, scoring, channels)
    with _listening(port, login_keys) as listener:
        port = listener.getsockname()[1]
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        server: uvicorn.Server

        def close() -> None:
            login_keys.void(port)  # Ctrl-C leaves it: who starts the command again goes on in the open window
            server.should_exit = True

        app: FastAPI = make_app(nights, close)
        guard = Guard(app, token=token, port=port, relogin=Relogin(login_keys.keep(port)))
        config = uvicorn.Config(
            guard,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            ws="none",
            lifespan="off",
        )
        server = uvicorn.Server(config)
        ready(f"http://{LOOPBACK}:{port}/?token={token}")
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn hands it on after it has shut down
            pass
        finally:
            nights.close()


def _listening(port: int, login_keys: LoginKeys) -> socket.socket:
    """Listen on a port; for 0 on the last one of these nights, where open windows look for their server."""
    for last in login_keys.ports() if port == 0 else ():
        try:
            return _bound(last)
        except InputError:  # another server of these nights, or another program, has it
            continue
    return _bound(port)


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # the option of the same name lets Windows give one port to two programs
    option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
    listener.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(64)
    except (OSError, OverflowError) as error:
        listener.close()
        said = getattr(error, "strerror", None) or error
        raise InputError("arguments", "--port", f"{port}: {said}", "choose another, or 0 for a free one") from error
    return listener
