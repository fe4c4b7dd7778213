"""The page: everything that was gathered, laid out by the template."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from eegvlm.core.files import make_folder, write_text
from eegvlm.core.notice import NOTICE
from eegvlm.core.templates import page_template
from eegvlm.errors import InputError
from eegvlm.evidence import Evidence
from eegvlm.hypnogram import CountedSleep, Hypnogram
from eegvlm.hypnogram.review import Review
from eegvlm.hypnogram.second_opinion import SecondOpinion
from eegvlm.images import PreparedNight
from eegvlm.report import numbers
from eegvlm.report.charts import hypnodensity_paths, hypnogram_paths, ticks_path, unscored_spans
from eegvlm.report.clock import time_label, time_ticks
from eegvlm.report.details import epoch_details
from eegvlm.report.gathering import Pictures, gather, panel_words, panels_in_order
from eegvlm.report.leads import FurtherLeads
from eegvlm.report.overlay import Overlay, put_weights
from eegvlm.report.packing import BITS, pack_bytes, pack_json
from eegvlm.report.review import ReviewEpoch, review_list
from eegvlm.report.script_data import script_data
from eegvlm.report.second_row import second_row
from eegvlm.report.signal_quality import epoch_notes, quality_rows, read_from
from eegvlm.report.spectrogram import scale_colours
from eegvlm.report.traces import CHUNK

FILE = "report.html"
SCRIPTS = ("unpack.js", "picture.js", "epoch.js", "night.js")
DRAWING = "drawing.js"
# Of traces and details: a page of four panels stays below 3 MB up to 10 h, and grows with the night beyond that.
_BYTES_PER_EPOCH, _MOST_BYTES_PER_EPOCH, _BYTES_OF_TEN_HOURS = 2050, 3200, 2_450_000
_BYTES_PER_FURTHER_PANEL = 500
# With leads that the model did not read the page is filled to 3 MB; spectrogram, curves and probabilities take 400
# bytes an epoch of it (measured at 8 and 10 h).
_BYTES_WITH_LEADS, _BYTES_OF_THE_REST = 2_990_000, 400
_LEAST_FOR_TRACES = 700
_DEFAULT_SHARE = 0.10


class ReportedNight(Protocol):
    """What a page shows: a :class:`eegvlm.staging.StagedNight`, of which this room knows no more."""

    @property
    def hypnogram(self) -> Hypnogram: ...  # noqa: D102
    @property
    def recording(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def prepared(self) -> PreparedNight: ...  # noqa: D102
    @property
    def panels(self) -> dict[str, str | None]: ...  # noqa: D102
    @property
    def provenance(self) -> dict[str, Any]: ...  # noqa: D102
    @property
    def timing(self) -> dict[str, float]: ...  # noqa: D102
    @property
    def all_problems(self) -> list[dict[str, Any]]: ...  # noqa: D102
    @property
    def counted(self) -> CountedSleep: ...  # noqa: D102
    @property
    def review(self) -> Review: ...  # noqa: D102
    @property
    def evidence(self) -> Evidence | None: ...  # noqa: D102
    @property
    def rationales(self) -> tuple[dict[str, Any], ...] | None: ...  # noqa: D102
    @property
    def votes(self) -> Mapping[str, Hypnogram]: ...  # noqa: D102
    @property
    def second(self) -> SecondOpinion | None: ...  # noqa: D102
    @property
    def leads(self) -> FurtherLeads | None: ...  # noqa: D102


def write_report(path: str | Path, night: ReportedNight, *, overlay: Overlay | None = None) -> Path:
    """Write the report of a staged night.

    Parameters
    ----------
    path
        A folder (made where it does not exist), in which ``report.html`` is written, or a file that ends in ``.html``.
    night
        What :meth:`eegvlm.staging.Stager.stage` returned: the traces that the model saw, and, where asked for,
        measurements (findings beside each epoch, events boxed in its traces), reasons, what each derivation says by
        itself, and a second reader's hypnogram under ours, with the differences marked.
    overlay
        What is laid over the traces of some epochs; None: nothing.

    Returns
    -------
    Path
        The page. It is one file and needs nothing else.

    Raises
    ------
    InputError
        Where evidence, rationales, votes, second opinion or overlay are of another night, or the page cannot be
        written.

    Examples
    --------
    >>> stager = Stager.from_pretrained("nano")                                # doctest: +SKIP
    >>> night = stager.stage(read_recording("night.edf"), measure=True)       # doctest: +SKIP
    >>> write_report("out", night)                                            # doctest: +SKIP
    """
    path = Path(path)
    file = path if path.suffix == ".html" else path / FILE
    scored, prepared, second = night.hypnogram, night.prepared, night.second
    if prepared.n_epochs != len(scored):
        hint = f"give the night that was staged: it has {len(scored)} epochs"
        raise InputError(night.recording.get("file", "recording"), "epochs", prepared.n_epochs, hint)
    panels = panels_in_order(prepared.layout)
    details = epoch_details(scored, night.evidence, night.rationales)
    for epoch, notes in enumerate(epoch_notes(prepared, panels)):
        if notes:
            details[epoch]["signal"] = notes
    if overlay is not None:
        put_weights(details, overlay, [panel.name for panel in panels])
    packed_details = [pack_json(details[k : k + CHUNK]) for k in range(0, len(details), CHUNK)]
    has_leads = night.leads is not None and bool(night.leads.channels)
    room = _room_for_traces(len(scored), len(panels), packed_details, has_leads=has_leads)
    pictures = gather(prepared, room, night.leads)
    listed = review_list(scored, night.review)
    data = script_data(night, pictures, listed, _default_count(night.review), overlay)
    text = page_template("eegvlm.report", "page.html.jinja").render(
        **_said(night),
        **_drawn(night, pictures, listed),
        second=None if second is None else second_row(scored, second),
        meta=pack_json(data),
        chunks=list(zip(map(pack_bytes, pictures.chunks), packed_details, strict=True)),
        **_inlined(),
    )
    make_folder(file.parent)
    write_text(file, text, errors="replace")
    return file


def _room_for_traces(n_epochs: int, n_panels: int, details: Sequence[str], *, has_leads: bool) -> int:
    """Return how many bytes the packed traces may have; two letters hold 13 bits."""
    most = _BYTES_WITH_LEADS - _BYTES_OF_THE_REST * n_epochs if has_leads else _BYTES_OF_TEN_HOURS
    letters = max(_BYTES_PER_EPOCH * n_epochs, min(_MOST_BYTES_PER_EPOCH * n_epochs, most))
    letters += _BYTES_PER_FURTHER_PANEL * max(0, n_panels - 4) * n_epochs
    return max(_LEAST_FOR_TRACES * n_epochs, (letters - sum(map(len, details))) * BITS // 16)


def _said(night: ReportedNight) -> dict[str, Any]:
    """Return what the page says in words and tables."""
    scored, counted = night.hypnogram, night.counted
    limit = night.review.limit
    return {
        "name": night.recording.get("file", ""),
        "span": _span(scored),
        "headline": numbers.headline(counted.statistics),
        "numbers": numbers.all_numbers(counted),
        "stages": numbers.stage_rows(scored, counted.statistics),
        "whole_stages": numbers.stage_rows(scored, counted.whole) if numbers.counts_a_part(counted) else [],
        "counted": counted.basis,
        "notes": [*scored.notes, *counted.statistics.notes],
        "problems": _decisive_first(night.all_problems, limit),
        "panels": night.panels,
        "stand_ins": read_from(night.prepared),
        "panel_words": panel_words,
        "channels": {channel["name"]: channel for channel in night.recording.get("channels", ())},
        "other_channels": night.recording.get("other_channels", ()),
        "provenance": {key: _short(value) for key, value in night.provenance.items() if key != "notice"},
        "notice": night.provenance.get("notice", NOTICE),
        "timing": night.timing,
        "calibration": _calibration(night.provenance),
        "default_share": _DEFAULT_SHARE,
        "shares": night.review.shares,
        "limit": limit,
    }


def _decisive_first(problems: Sequence[dict[str, Any]], limit: str) -> list[dict[str, Any]]:
    """Return unusable channels, the limit for which no figure is given, epochs without EEG, and then the others."""
    return sorted(
        problems,
        key=lambda one: (one["severity"] != "error", one["message"] != limit, one["code"] != "no-usable-eeg"),
    )


def _drawn(night: ReportedNight, pictures: Pictures, listed: Sequence[ReviewEpoch]) -> dict[str, Any]:
    """Return what the page draws over the night, and the list of epochs to review."""
    scored = night.hypnogram
    bars, steps = hypnogram_paths(scored)
    count, n_unstaged = _default_count(night.review), night.review.n_unstaged
    staged = [entry for entry in listed if entry.rank >= n_unstaged]  # the others are hatched
    return {
        "n_epochs": len(scored),
        "bars": bars,
        "steps": steps,
        "layers": hypnodensity_paths(scored),
        "unscored": unscored_spans(scored),
        "n_unstaged": n_unstaged,
        "quality": quality_rows(night.prepared, night.votes),
        "ticks": time_ticks(scored),
        "clock": scored.start is not None,
        "review_ticks": ticks_path(entry.epoch for entry in staged if entry.rank < count),
        "flag_ticks": ticks_path(entry.epoch for entry in staged if entry.reasons),
        "review": [
            (entry, scored[entry.epoch].label, time_label(scored, entry.epoch * scored.epoch_s)) for entry in listed
        ],
        "n_flagged": sum(1 for entry in staged if entry.reasons),
        "default_count": count,
        "spectrogram": pictures.spectrogram,
        "spectrogram_channel": pictures.spectrogram_channel,
        "scale": scale_colours(),
    }


def _default_count(review: Review) -> int:
    return review.n_unstaged + next((entry.epochs for entry in review.shares if entry.share == _DEFAULT_SHARE), 0)


def _short(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{str(key).replace('_', ' ')} {_short(item)}" for key, item in value.items())
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _span(scored: Hypnogram) -> str:
    length = numbers.hours(scored.duration_s / 60)
    if scored.start is None:
        return f"{length}, {len(scored)} epochs; clock time unknown"
    first, last = scored.time_of(0), scored.time_of(len(scored))
    return f"{first:%Y-%m-%d %H:%M:%S} to {last:%H:%M:%S}, {length}, {len(scored)} epochs"


def _calibration(provenance: Mapping[str, Any]) -> list[str]:
    """Say what is on record about the probabilities, and no more."""
    calibration = provenance.get("calibration", provenance)
    calibration = calibration if isinstance(calibration, Mapping) else {}
    first, second = calibration.get("stage_temperature", 1), calibration.get("smoothed_temperature", 1)
    sentences = [_tempered(first) if first != 1 else "the checkpoint holds no calibration of single epochs"]
    smoothing = provenance.get("smoothing", "none")
    if smoothing != "none":
        after = f"{_tempered(second)} again" if second != 1 else "not calibrated again after that"
        sentences += [f"then smoothed over neighbouring epochs ({smoothing})", after]
    return [*sentences, "whether they hold for this recording is not known"]


def _tempered(temperature: object) -> str:
    return f"calibrated by the checkpoint's temperature ({_short(temperature)})"


def _inlined() -> dict[str, str]:
    """Return style and script, and their hashes for the content security policy."""
    room = files("eegvlm.report")
    style = room.joinpath("page.css").read_text(encoding="utf-8")
    drawing = room.joinpath(DRAWING).read_text(encoding="utf-8").replace("\nexport ", "\n")  # a module elsewhere
    scripts = [room.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    script = "\n".join([scripts[0], drawing, *scripts[1:]])  # the first says "use strict"
    return {"style": style, "script": script, "style_hash": _hash(style), "script_hash": _hash(script)}


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
