"""What the page asks of a scoring. Every answer to a change is the scoring as it is afterwards."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from eegvlm.review.problems import ReviewError
from eegvlm.review.requests import BeginRequest, Change, EditRequest, ReopenRequest, SeenRequest, SignRequest
from eegvlm.review.shown_scoring import shown_scoring
from eegvlm.review.work_list import ReviewList

_OF_NIGHT = "/api/nights/{number}"
_OF_SCORING = _OF_NIGHT + "/scorings/{name}"


def scoring_routes(nights: ReviewList) -> APIRouter:
    """Return the routes of the scorings of these nights."""
    router = APIRouter()

    def state(number: int, name: str) -> dict[str, Any]:
        night = nights.night(number)
        return shown_scoring(night, night.scorings.of(name))

    @router.post(_OF_NIGHT + "/scorings")
    def begin(number: int, request: BeginRequest) -> dict[str, Any]:
        night = nights.night(number)
        night.begin(request.name, request.who, request.basis, blind=request.blind, of=request.of)
        return state(number, request.name)

    @router.get(_OF_SCORING)
    def show(number: int, name: str) -> dict[str, Any]:
        return state(number, name)

    @router.get(_OF_SCORING + "/results")
    def results(number: int, name: str) -> dict[str, Any]:
        night = nights.night(number)
        if night.scorings.of(name).refresh().is_hidden:
            raise ReviewError(name, "results", "hidden", "they are shown once this blind scoring is finished")
        return {"results": night.results and night.results.to_dict()}

    @router.get(_OF_SCORING + "/compare/{reading}")
    def compare(number: int, name: str, reading: str) -> dict[str, Any]:
        night = nights.night(number)
        return night.compare(night.scorings.of(name), reading)

    @router.get(_OF_NIGHT + "/spectrogram")
    def spectrogram(number: int, plus: str, minus: str = "") -> dict[str, Any]:
        return nights.night(number).signals.spectrogram(plus, minus)

    @router.get(_OF_SCORING + "/details")
    def details(number: int, name: str) -> dict[str, Any]:
        night = nights.night(number)
        if night.scorings.of(name).refresh().is_hidden:
            raise ReviewError(name, "findings", "hidden", "they are shown once this blind scoring is finished")
        return night.details()

    @router.post(_OF_SCORING + "/edits")
    def edit(number: int, name: str, request: EditRequest) -> dict[str, Any]:
        nights.night(number).scorings.of(name).edit(request.who, request.revision, request.edit)
        return state(number, name)

    @router.post(_OF_SCORING + "/undo")
    def undo(number: int, name: str, request: Change) -> dict[str, Any]:
        nights.night(number).scorings.of(name).undo(request.who, request.revision)
        return state(number, name)

    @router.post(_OF_SCORING + "/redo")
    def redo(number: int, name: str, request: Change) -> dict[str, Any]:
        nights.night(number).scorings.of(name).redo(request.who, request.revision)
        return state(number, name)

    @router.post(_OF_SCORING + "/seen")
    def seen(number: int, name: str, request: SeenRequest) -> dict[str, Any]:
        night = nights.night(number)
        scoring = night.scorings.of(name)
        scoring.see(request.who, request.epochs)
        return shown_scoring(night, scoring)

    @router.post(_OF_SCORING + "/finish")
    def finish(number: int, name: str, request: Change) -> dict[str, Any]:
        nights.night(number).scorings.of(name).finish(request.who, request.revision)
        return state(number, name)

    @router.post(_OF_SCORING + "/sign")
    def sign(number: int, name: str, request: SignRequest) -> dict[str, Any]:
        night = nights.night(number)
        night.sign(night.scorings.of(name), request.who, request.revision, request.statement)
        return state(number, name)

    @router.post(_OF_SCORING + "/outputs")
    def outputs(number: int, name: str) -> dict[str, Any]:
        night = nights.night(number)
        night.write_outputs(night.scorings.of(name))
        return state(number, name)

    @router.post(_OF_SCORING + "/reopen")
    def reopen(number: int, name: str, request: ReopenRequest) -> dict[str, Any]:
        nights.night(number).scorings.of(name).reopen(request.who, request.revision, request.reason)
        return state(number, name)

    return router
