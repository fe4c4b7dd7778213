"""From what a scorer asks for to the changes that stand in the journal; what makes no sense is refused."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from eegvlm.hypnogram.stage import stage_of_spelling
from eegvlm.review.problems import ReviewError
from eegvlm.review.scoring import Change, ReviewedScoring

MARK_KINDS = ("arousal", "spindle", "k_complex", "artefact", "text")
_MOST_TEXT = 2000
_MOST_WHO = 100


def changes_of(scoring: ReviewedScoring, request: Mapping[str, Any], incomplete: int | None = None) -> list[Change]:
    """Return the changes that a request asks for; those that change nothing are left out.

    Parameters
    ----------
    scoring
        As it is now.
    request
        ``what`` and its fields: ``stage`` (``epochs`` counted from 1, ``stage``), ``mark`` (``kind``, ``start_s``,
        ``stop_s``, ``channel``, ``text``, and ``id`` to move or alter one), ``unmark`` (``id``), ``lights`` (``off_s``,
        ``on_s``), ``comment`` (``epoch``, ``text``; an empty one removes it).
    incomplete
        An epoch, counted from 1, that gets no stage unless it has one (:mod:`.incomplete_epoch`); among several it is
        left as it is.

    Raises
    ------
    ReviewError
        Naming the field and what it may be.
    """
    makers: dict[Any, Callable[[ReviewedScoring, Mapping[str, Any]], list[Change]]] = {
        "stage": partial(_stage, incomplete=incomplete),
        "mark": _mark,
        "unmark": _unmark,
        "lights": _lights,
        "comment": _comment,
    }
    what = request.get("what")
    if what not in makers:
        raise ReviewError("edit", "what", what, f"expected one of {', '.join(makers)}")
    return [change for change in makers[what](scoring, request) if change["from"] != change["to"]]


def checked_who(who: object) -> str:
    """Return the name or initials of a scorer, without blanks around them.

    Raises
    ------
    ReviewError
        If it is empty, too long, or holds control characters.
    """
    name = who.strip() if isinstance(who, str) else ""
    if not name or len(name) > _MOST_WHO or not name.isprintable():
        raise ReviewError("edit", "scorer", who, "enter your name or initials, at most 100 characters")
    return name


def checked_epochs(scoring: ReviewedScoring, epochs: object) -> list[int]:
    """Return epochs counted from 1, in order and each once.

    Raises
    ------
    ReviewError
        If one does not exist, or there is none.
    """
    n_epochs = len(scoring.stages)
    numbers = epochs if isinstance(epochs, Sequence) and not isinstance(epochs, str) else []
    if not numbers or not all(type(one) is int and 1 <= one <= n_epochs for one in numbers):
        raise ReviewError("edit", "epochs", epochs, f"expected numbers from 1 to {n_epochs}")
    return sorted(set(numbers))


def _stage(scoring: ReviewedScoring, request: Mapping[str, Any], incomplete: int | None) -> list[Change]:
    label = request.get("stage")
    stage = stage_of_spelling(label) if isinstance(label, str) else None
    if stage is None:
        raise ReviewError("edit", "stage", label, "expected W, N1, N2, N3, R or ?")
    epochs = checked_epochs(scoring, request.get("epochs"))
    if incomplete in epochs and scoring.stages[incomplete - 1] == "?":
        epochs.remove(incomplete)
        if not epochs and stage.label != "?":
            raise ReviewError(
                "edit", "epoch", f"{incomplete} is incomplete", "an epoch of less than 30 s gets no stage"
            )
    return [_change("stage", epoch, scoring.stages[epoch - 1], stage.label) for epoch in epochs]


def _mark(scoring: ReviewedScoring, request: Mapping[str, Any]) -> list[Change]:
    key = request.get("id")
    if key is not None and key not in scoring.marks:
        raise ReviewError("edit", "mark", key, "it is not there any more")
    kind = request.get("kind")
    if kind not in MARK_KINDS:
        raise ReviewError("edit", "kind of mark", kind, f"expected one of {', '.join(MARK_KINDS)}")
    start_s, stop_s = (_seconds(scoring, name, request.get(name)) for name in ("start_s", "stop_s"))
    if start_s > stop_s:
        raise ReviewError("edit", "mark", f"{start_s:g} to {stop_s:g} s", "it must not end before it starts")
    channel = request.get("channel")
    mark = {
        "kind": kind,
        "start_s": start_s,
        "stop_s": stop_s,
        "channel": None if channel is None else _text("channel", channel),
        "text": _text("text", request.get("text", "")),
    }
    new = f"m{scoring.revision + 1}" if key is None else key
    return [_change("mark", new, scoring.marks.get(new), mark)]


def _unmark(scoring: ReviewedScoring, request: Mapping[str, Any]) -> list[Change]:
    key = request.get("id")
    if not isinstance(key, str) or key not in scoring.marks:
        raise ReviewError("edit", "mark", key, "it is not there any more")
    return [_change("mark", key, scoring.marks[key], None)]


def _lights(scoring: ReviewedScoring, request: Mapping[str, Any]) -> list[Change]:
    off_s, on_s = (
        None if request.get(name) is None else _seconds(scoring, name, request[name]) for name in ("off_s", "on_s")
    )
    if off_s is not None and on_s is not None and off_s >= on_s:
        epochs = [f"epoch {int(value // scoring.begun['epoch_s']) + 1}" for value in (off_s, on_s)]
        raise ReviewError("edit", "lights", "off in {}, on in {}".format(*epochs), "lights on must follow lights off")
    to = None if off_s is None and on_s is None else {"off_s": off_s, "on_s": on_s}
    return [_change("lights", "lights", scoring.lights, to)]


def _comment(scoring: ReviewedScoring, request: Mapping[str, Any]) -> list[Change]:
    (epoch,) = checked_epochs(scoring, [request.get("epoch")])
    text = _text("text", request.get("text", "")).strip()
    return [_change("comment", epoch, scoring.comments.get(epoch), text or None)]


def _change(of: str, key: object, before: object, after: object) -> dict[str, Any]:
    return {"of": of, "key": key, "from": before, "to": after}


def _seconds(scoring: ReviewedScoring, name: str, value: object) -> float:
    end_s = scoring.begun["onset_s"] + len(scoring.stages) * scoring.begun["epoch_s"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ReviewError("edit", name, value, "expected seconds after the recording's start")
    if not 0 <= value <= end_s:
        raise ReviewError("edit", name, f"{value:g} s", f"the night runs from 0 to {end_s:g} s")
    return round(float(value), 4)


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ReviewError("edit", name, type(value).__name__, f"expected a text of at most {_MOST_TEXT} characters")
    return value
