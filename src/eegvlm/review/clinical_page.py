"""The clinical page: statistics, hypnogram, signature and what was changed, on one or two sheets.

The patient is not named on it: headers' patient fields are never read. Not covered: respiratory events and limb
movements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from textwrap import shorten
from typing import Any

from eegvlm.core.notice import NOTICE
from eegvlm.core.templates import page_template
from eegvlm.errors import InputError
from eegvlm.hypnogram import CountedSleep, Hypnogram, HypnogramError, count_sleep
from eegvlm.report import numbers
from eegvlm.report.clock import time_label
from eegvlm.review.changes import ChangedEpoch, changed_epochs, transition_counts
from eegvlm.review.incomplete_epoch import LEFT_OUT, counted_epochs
from eegvlm.review.printed_hypnogram import COLOURS, HEIGHT, WIDTH, printed_hypnogram
from eegvlm.review.problems import ReviewError
from eegvlm.review.scoring import ReviewedScoring
from eegvlm.signals import EPOCH_S

# So many lines in three columns, and so many comments, fit the second sheet.
_MOST_CHANGES, _MOST_COMMENTS, _MOST_LETTERS = 105, 12, 160
_COLUMNS, _MOST_REOPENED = 3, 5
_MOST_ON_FIRST = 15  # changes that the first sheet has room for
_BASES = {
    "model": "the model's stages",
    "file": "a scorer's file",
    "blank": "no stages",
    "consensus": "what most scorers said",
}
_MARKS = {"arousal": "arousal", "spindle": "spindle", "k_complex": "K-complex", "artefact": "artefact", "text": "text"}


def clinical_page(
    scoring: ReviewedScoring, entries: Sequence[Mapping[str, Any]], described: Mapping[str, Any], notice: str = NOTICE
) -> str:
    """Return the page of a signed scoring as HTML that needs no other file.

    Parameters
    ----------
    scoring
        A signed one.
    entries
        Its journal.
    described
        The recording: ``file``, ``duration_s``.
    notice
        What the results may be used for.

    Raises
    ------
    ReviewError
        If the scoring is not signed.
    """
    signature = scoring.signature
    if signature is None:
        raise ReviewError("clinical page", "signature", "none", "sign the scoring first")
    night = scoring.hypnogram()
    changes = changed_epochs(scoring, entries)
    is_blank = scoring.begun["basis"] == "blank"
    return page_template("eegvlm.review", "clinical_page.html.jinja").render(
        file=described.get("file", ""),
        span=_span(night),
        width=WIDTH,
        height=HEIGHT,
        colours=COLOURS,
        hypnogram=printed_hypnogram(night, scoring.lights),
        lights=_lights(night, scoring.lights),
        signature=signature,
        signed_at=_minute(signature["when"]),
        model=signature.get("model") or {},
        basis=_BASES.get(scoring.begun["basis"], scoring.begun["basis"]),
        notice=notice,
        n_epochs=len(night),
        is_blank=is_blank,
        n_scored=len(scoring.scored),
        n_seen=len(scoring.seen | scoring.scored),
        changes=[] if is_blank else _columns(night, changes[:_MOST_CHANGES]),
        n_changed=len(changes),
        several=len({one.who for one in changes}) > 1,
        is_long=(not is_blank and len(changes) > _MOST_ON_FIRST) or len(scoring.comments) > _COLUMNS,
        n_left_out=max(0, len(changes) - _MOST_CHANGES),
        transitions=[] if is_blank else transition_counts(changes),
        comments=[
            (epoch, _time(night, epoch), shorten(scoring.comments[epoch], _MOST_LETTERS, placeholder=" …"))
            for epoch in sorted(scoring.comments)[:_MOST_COMMENTS]
        ],
        n_more_comments=max(0, len(scoring.comments) - _MOST_COMMENTS),
        reopened=[entry for entry in entries if entry["action"] == "reopen"][-_MOST_REOPENED:],
        **_statistics(counted_epochs(night, described), scoring),
    )


def _statistics(night: Hypnogram, scoring: ReviewedScoring) -> dict[str, Any]:
    try:
        counted: CountedSleep | None = count_sleep(night)
        error = ""
    except (HypnogramError, InputError) as failed:
        counted, error = None, str(failed)
    hours = 0.0 if counted is None else counted.statistics.tst_min / 60
    marks = Counter(_MARKS.get(str(mark["kind"]), str(mark["kind"])) for mark in scoring.marks.values())
    return {
        "numbers": [] if counted is None else numbers.all_numbers(counted),
        "stages": [] if counted is None else numbers.stage_rows(night, counted.statistics),
        "counted": "" if counted is None else counted.basis + (LEFT_OUT if len(night) < len(scoring.stages) else ""),
        "error": error,
        "marks": sorted(marks.items()),
        "arousals_per_hour": marks["arousal"] / hours if marks["arousal"] and hours else None,
    }


def _span(night: Hypnogram) -> str:
    length = numbers.hours(night.duration_s / 60)
    if night.start is None:
        return f"{length}, {len(night)} epochs of 30 s; clock time unknown"
    first, last = night.time_of(0), night.time_of(len(night))
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S}, {length}, {len(night)} epochs of 30 s"


def _lights(night: Hypnogram, lights: Mapping[str, float | None] | None) -> list[tuple[str, str]]:
    rows = []
    for name, words in (("off_s", "Lights off"), ("on_s", "Lights on")):
        seconds = (lights or {}).get(name)
        rows.append((words, "not known" if seconds is None else time_label(night, seconds - night.onset_s)))
    return rows


def _columns(night: Hypnogram, changes: Sequence[ChangedEpoch]) -> list[list[tuple[ChangedEpoch, str]]]:
    """Deal the changes out to columns of equal length, each read from top to bottom."""
    per_column = -(-len(changes) // _COLUMNS)
    lines = [(change, _time(night, change.epoch)) for change in changes]
    return [lines[k : k + per_column] for k in range(0, len(lines), per_column or 1)]


def _time(night: Hypnogram, epoch: int) -> str:
    """Return when an epoch, counted from 1, begins."""
    return time_label(night, EPOCH_S * (epoch - 1))


def _minute(when: str) -> str:
    return datetime.fromisoformat(when).strftime("%Y-%m-%d %H:%M %z")
