"""The rows of the page: which signals are shown or subtracted, in which order, colour and scale; kept as JSON."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eegvlm.core.files import write_text
from eegvlm.review.problems import ReviewError
from eegvlm.signals import Channel, Recording, Role
from eegvlm.signals.channel import as_recorded, derive

FILE = "montage.json"
_MOST_ROWS = 512
_COLOUR = re.compile(r"#[0-9a-f]{6}|")


@dataclass(frozen=True)
class MontageRow:
    """One row of the page.

    Parameters
    ----------
    name
        What is written beside it.
    plus
        Label of a signal in the file.
    minus
        Labels whose mean is subtracted; empty for the signal as recorded.
    colour
        ``#rrggbb``, or "" for the theme's own.
    sensitivity
        Microvolt per 10 pixels (the unit of the signal where it is no voltage).
    negative_up
        Whether negative values point upwards, as is usual in sleep medicine.
    hidden
        Whether the row is left out.
    low, high, notch
        Edges of the filter and the notch in Hz; None leaves it out.
    """

    name: str
    plus: str
    minus: tuple[str, ...] = ()
    colour: str = ""
    sensitivity: float = 20.0
    negative_up: bool = True
    hidden: bool = False
    low: float | None = None
    high: float | None = None
    notch: float | None = None

    @classmethod
    def from_dict(cls, fields: object) -> MontageRow:
        """Make a row of JSON.

        Raises
        ------
        ReviewError
            Naming the field that is missing, unknown, or of the wrong type.
        """
        if not isinstance(fields, Mapping):
            raise ReviewError("montage", "row", type(fields).__name__, "expected an object")
        unknown = sorted(str(key) for key in fields.keys() - cls.__dataclass_fields__.keys())
        if unknown:
            raise ReviewError("montage", "row", ", ".join(unknown), "there are no such fields")
        plus, minus = fields.get("plus"), fields.get("minus", ())
        if not isinstance(plus, str) or not isinstance(fields.get("name", ""), str):
            raise ReviewError("montage", "row", plus, "expected the label of a signal as plus, and a name")
        if not isinstance(minus, Sequence) or isinstance(minus, str) or not all(isinstance(m, str) for m in minus):
            raise ReviewError("montage", f"{plus}, minus", minus, "expected a list of labels")
        colour = fields.get("colour", "")
        if not isinstance(colour, str) or not _COLOUR.fullmatch(colour):
            raise ReviewError("montage", f"{plus}, colour", colour, "expected #rrggbb or an empty text")
        flags = {name: fields.get(name, getattr(cls, name)) for name in ("negative_up", "hidden")}
        if not all(isinstance(flag, bool) for flag in flags.values()):
            raise ReviewError("montage", plus, flags, "negative_up and hidden are true or false")
        low, high, notch = (_positive(plus, name, fields.get(name)) for name in ("low", "high", "notch"))
        return cls(
            fields.get("name") or "-".join([plus, *minus]),
            plus,
            tuple(minus),
            colour,
            _positive(plus, "sensitivity", fields.get("sensitivity")) or cls.sensitivity,
            flags["negative_up"],
            flags["hidden"],
            low,
            high,
            notch,
        )

    def channel(self, recording: Recording) -> Channel:
        """Return the signal that the row shows.

        Raises
        ------
        ReviewError
            If the file has no signal of one of the labels, or they have different rates or units.
        """
        source = recording.source
        labels = {signal.label: index for index, signal in enumerate(source.signals)}
        for label in (self.plus, *self.minus):
            if label not in labels:
                raise ReviewError(recording.path.name, f"signal of row {self.name}", label, "the file has none of it")
        plus = source.signals[labels[self.plus]]
        for label in self.minus:
            other = source.signals[labels[label]]
            if other.rate != plus.rate:
                value = f"{float(plus.rate):g} and {float(other.rate):g} Hz"
                hint = "only signals of one rate can be subtracted"
                raise ReviewError(recording.path.name, f"rates of row {self.name}", value, hint)
            if (other.factor is None) != (plus.factor is None) or (other.factor is None and other.unit != plus.unit):
                hint = "only signals of one unit can be subtracted"
                raise ReviewError(
                    recording.path.name, f"units of row {self.name}", f"{plus.unit} and {other.unit}", hint
                )
        if not self.minus:
            return as_recorded(source, labels[self.plus], Role.OTHER, name=self.name)
        return derive(
            source, labels[self.plus], tuple(labels[label] for label in self.minus), Role.OTHER, name=self.name
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {**asdict(self), "minus": list(self.minus)}


def montage_of(rows: object) -> list[MontageRow]:
    """Make a montage of JSON: a list of rows.

    Raises
    ------
    ReviewError
        If it is not one.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not 0 < len(rows) <= _MOST_ROWS:
        raise ReviewError("montage", "rows", type(rows).__name__, f"expected a list of 1 to {_MOST_ROWS} rows")
    return [MontageRow.from_dict(one) for one in rows]


def default_montage(recording: Recording) -> list[MontageRow]:
    """Return the rows that a night opens with: the channels that play a role, derived ones too, then all others."""
    rows, labels_in_rows = [], set()
    signals = recording.source.signals
    for channel in recording.channels:
        labels = [signals[index].label for index, _ in channel.terms]
        plus, *minus = labels
        labels_in_rows.add(plus)
        rows.append(MontageRow(channel.name, plus, tuple(minus), **_usual(channel.role, channel.rate)))
    rows += [MontageRow(signal.label, signal.label) for signal in signals if signal.label not in labels_in_rows]
    return rows


def read_montage(folder: Path, recording: Recording) -> list[MontageRow]:
    """Return the montage that was saved with a night, or the default where none was.

    Raises
    ------
    ReviewError
        If the file is damaged.
    """
    file = folder / FILE
    if not file.is_file():
        return default_montage(recording)
    try:
        return montage_of(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ReviewError(file, "montage", error, "delete the file to begin with the default") from error


def write_montage(folder: Path, rows: Sequence[MontageRow]) -> None:
    """Save a montage with a night."""
    write_text(folder / FILE, json.dumps([row.to_dict() for row in rows], indent=1, ensure_ascii=False) + "\n")


def _usual(role: Role, rate: float) -> dict[str, Any]:
    """Return the filters (AASM manual, chapter III) and the scale at which a role is looked at."""
    low, high, sensitivity = {
        "eeg": (0.3, 35.0, 20.0),
        "eog": (0.3, 35.0, 20.0),
        "emg": (10.0, 100.0, 20.0),
        "ecg": (0.3, 70.0, 400.0),
    }.get(role.modality, (None, None, 20.0))
    if low is not None and low >= rate / 2:
        low = None
    if high is not None and high >= rate / 2:
        high = None
    # Negative up is the custom for EEG and EOG; an electrocardiogram is read with R waves upwards.
    return {"low": low, "high": high, "sensitivity": sensitivity, "negative_up": role.modality != "ecg"}


def _positive(label: str, name: str, value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ReviewError("montage", f"{label}, {name}", value, "expected a number above zero, or null")
    return float(value)
