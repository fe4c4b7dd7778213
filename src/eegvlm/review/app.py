"""The application behind the page: what it can ask for, and how errors are said."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from eegvlm import __version__
from eegvlm.errors import InputError
from eegvlm.report.page import DRAWING
from eegvlm.review.keys import read_keys, write_keys
from eegvlm.review.montage import MontageRow, default_montage, montage_of, read_montage, write_montage
from eegvlm.review.night import ReviewedNight
from eegvlm.review.overview import LONG_S
from eegvlm.review.problems import ConflictError, NotFoundError, ReadOnlyError, ReviewError
from eegvlm.review.requests import KeysRequest, MontageRequest, PageRequest, PlaceRequest
from eegvlm.review.scoring_routes import scoring_routes
from eegvlm.review.signing import STATEMENT
from eegvlm.review.traces import Trace, pack, read_trace
from eegvlm.review.work_list import ReviewList

ASSETS = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    **dict.fromkeys(
        (
            *("page.js", "state.js", "opening.js", "changes.js", "view.js", "signal_pages.js", "moving.js", "hands.js"),
            *("server.js", "drawing.js", "ruler.js", "navigator.js", "montage.js", "panels.js", "keys.js", "spoken.js"),
            *("focus.js", "go_to.js", "marks.js", "noted.js", "rows.js", "epoch_strip.js"),
            *("comparison.js", "connection.js"),
        ),
        "text/javascript; charset=utf-8",
    ),
}
# Reading and filtering leave Python's lock to others; more threads than cores would only wait.
_READERS = min(4, os.cpu_count() or 1)
_STATUS = {ConflictError: 409, ReadOnlyError: 409, NotFoundError: 404}


def make_app(nights: ReviewList, close: Callable[[], None]) -> FastAPI:
    """Make the application; :class:`~eegvlm.review.guard.Guard` stands before it.

    Parameters
    ----------
    nights
        What is reviewed.
    close
        Ends the server.
    """
    app = FastAPI(title="eegvlm review", docs_url=None, redoc_url=None, openapi_url=None)
    readers = ThreadPoolExecutor(_READERS, thread_name_prefix="rows")
    app.add_exception_handler(InputError, _say_error)
    app.add_exception_handler(RequestValidationError, _say_invalid)
    app.add_exception_handler(HTTPException, _say_http)

    @app.get("/")
    def page() -> Response:
        return _asset("index.html")

    @app.get("/assets/{name}")
    def asset(name: str) -> Response:
        return _asset(name)

    @app.get("/api/nights")
    def work_list() -> dict[str, Any]:
        return {"nights": nights.to_list(), "software": f"eeg-vlm {__version__}", "statement": STATEMENT}

    @app.get("/api/alive")
    def alive() -> dict[str, Any]:
        return {"alive": True}

    @app.post("/api/close")
    def end() -> dict[str, Any]:
        close()
        return {"closed": True}

    @app.get("/api/keys")
    def keys() -> dict[str, Any]:
        return {"keys": read_keys()}

    @app.put("/api/keys")
    def keep_keys(request: KeysRequest) -> dict[str, Any]:
        write_keys(request.keys)
        return {"keys": read_keys()}

    @app.get("/api/nights/{number}")
    def night(number: int) -> dict[str, Any]:
        return describe(nights.night(number))

    @app.post("/api/nights/{number}/page")
    def signal(number: int, request: PageRequest) -> Response:
        return Response(_page(nights.night(number), request, readers), media_type="application/octet-stream")

    @app.put("/api/nights/{number}/montage")
    def keep_montage(number: int, request: MontageRequest) -> dict[str, Any]:
        rows = montage_of(request.rows)
        for row in rows:
            row.channel(nights.night(number).signals.recording)
        write_montage(nights.night(number).review_folder, rows)
        return {"montage": [row.to_dict() for row in rows]}

    @app.post("/api/nights/{number}/recording")
    def recording(number: int, request: PlaceRequest) -> dict[str, Any]:
        nights.night(number).signals.point_at(Path(request.path).expanduser())
        return describe(nights.night(number))

    @app.get("/api/nights/{number}/report")
    def report(number: int) -> Response:
        file = nights.night(number).report
        # to be saved, not shown: the policy of the page's own address would take the report's style away
        return FileResponse(file, filename=f"{nights.night(number).title}.{file.name}")

    app.include_router(scoring_routes(nights))
    return app


def describe(night: ReviewedNight) -> dict[str, Any]:
    """Return what the page needs of a night before a scoring is chosen; nothing of what the model said."""
    described = {key: night.described.get(key) for key in ("file", "start", "duration_s", "n_epochs", "gaps")}
    rows: dict[str, Any] = {"signals": [], "montage": [], "default_montage": [], "recording_error": None}
    try:
        recording = night.signals.recording
        rows["signals"] = [
            {"label": signal.label, "rate": float(signal.rate), "unit": _unit(signal.factor, signal.unit)}
            for signal in recording.source.signals
        ]
        rows["default_montage"] = [row.to_dict() for row in default_montage(recording)]
        rows["montage"] = [row.to_dict() for row in read_montage(night.review_folder, recording)]
    except InputError as error:
        rows["recording_error"] = str(error)
    return {
        "title": night.title,
        **described,
        **rows,
        "bases": [*(["model"] if night.results else []), *(["file"] if night.file else []), "blank"],
        "scorings": night.scorings.to_list(),
    }


def _page(night: ReviewedNight, request: PageRequest, readers: ThreadPoolExecutor) -> bytes:
    if request.stop_s <= request.start_s:
        raise ReviewError("page", "time", f"{request.start_s:g} to {request.stop_s:g} s", "it must end after it starts")
    recording = night.signals.recording
    rows = montage_of(request.rows)
    span = (request.start_s, request.stop_s, request.width)
    is_long = request.stop_s - request.start_s > LONG_S
    overview = night.signals.overview if is_long else None

    def trace(row: MontageRow) -> Trace:
        return read_trace(recording, row, *span) if overview is None else overview.trace(row, *span)

    signals = recording.source.signals
    leads = [signals[row.channel(recording).terms[0][0]] for row in rows]
    units = [_unit(lead.factor, lead.unit) for lead in leads]
    return pack(rows, list(readers.map(trace, rows)), units)


def _unit(factor: float | None, unit: str) -> str:
    return unit if factor is None else "µV"


def _asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFoundError("page", "file", name, "the page has none of that name")
    # One drawing of signals: the report's.
    place = files("eegvlm.report") if name == DRAWING else files("eegvlm.review").joinpath("page")
    content = place.joinpath(name).read_bytes()
    return Response(content, headers={"content-type": ASSETS[name]})


def _say_error(_: Request, error: Exception) -> Response:
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 422)
    return JSONResponse({"error": str(error)}, status)


def _say_invalid(_: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    field = ".".join(str(part) for part in first.get("loc", ())[1:]) or "body"
    return JSONResponse({"error": f"request: {field}: {first.get('msg', 'not understood')}"}, 422)


def _say_http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = error.detail if isinstance(error, HTTPException) else "failed"
    return JSONResponse({"error": f"request: {said}"}, status)
