"""The description of a store: ``manifest.json``, written after the last night."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eegvlm.hypnogram import STAGES, Stage
from eegvlm.images import ImageLayout
from eegvlm.lab.datasets import DatasetProblem
from eegvlm.lab.epochs.problems import StoreError
from eegvlm.signals import EPOCH_S

FORMAT = "eegvlm-epochs-2"
MANIFEST = "manifest.json"
BUILT_ANEW = "build it with the same `eegvlm dataset build` into a new folder"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class NightEntry:
    """A night in a store.

    Parameters
    ----------
    name, subject
        As rows have them; the subject is the person, unique across data sets.
    rows
        Its epochs.
    missing
        Those without a sample in any panel.
    stages
        Numbers of epochs by label, ``?`` where unscored.
    channels
        Panel to the channel's name and role; None where the recording has none.
    saturated
        Panel to samples that were cut to the range; panels without any are left out.
    problems
        What the recording says of itself: code and sentence.
    n_bytes, sha256
        Of its two files.
    """

    name: str
    subject: str
    rows: int
    missing: int
    stages: Mapping[str, int]
    channels: Mapping[str, Mapping[str, str] | None]
    saturated: Mapping[str, int]
    problems: tuple[tuple[str, str], ...]
    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class BuildEntry:
    """What a build made of a night of the data set.

    Parameters
    ----------
    number
        Of the night among those of the plan, from 0.
    seconds
        What it took.
    source
        Hash of what it was made from.
    night
        None where it could not be read.
    left_out
        Why it could not; None where it could.
    """

    number: int
    seconds: float
    source: str
    night: NightEntry | None
    left_out: DatasetProblem | None

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> BuildEntry:
        """Build it from JSON's types; ValueError, KeyError or TypeError where they do not fit."""
        night, left_out = fields["night"], fields["left_out"]
        entry = cls(
            int(fields["number"]),
            float(fields["seconds"]),
            str(fields["source"]),
            night and NightEntry(**{**night, "problems": tuple((code, text) for code, text in night["problems"])}),
            left_out and DatasetProblem(**left_out),
        )
        if (entry.night is None) == (entry.left_out is None):
            raise ValueError(f"night {entry.number} contradicts itself")
        if entry.night is not None:
            stages = sum(entry.night.stages.values())
            if not _SHA256.fullmatch(entry.night.sha256) or not 0 < entry.night.rows == stages:
                raise ValueError(f"night {entry.number} contradicts itself")
        return entry


@dataclass(frozen=True)
class Manifest:
    """A finished store.

    Parameters
    ----------
    plan
        What was asked for: format, software, data set with its options, nights, layout, counts. Two stores of one plan
        and one copy of a data set hold the same rows.
    entries
        Of each night of the plan, in its order.
    problems
        Of the data set, as it was opened.
    """

    plan: Mapping[str, Any]
    entries: tuple[BuildEntry, ...]
    problems: tuple[DatasetProblem, ...]

    @property
    def layout(self) -> ImageLayout:
        """The layout whose panels are stored."""
        return ImageLayout.from_dict(self.plan["layout"])

    @property
    def microvolt_per_count(self) -> dict[str, float]:
        """Panel to the size of its count in µV."""
        return {panel: float(count) for panel, count in self.plan["microvolt_per_count"].items()}

    @property
    def nights(self) -> tuple[NightEntry, ...]:
        """Those that are in the store, in the order of its rows."""
        return tuple(entry.night for entry in self.entries if entry.night is not None)

    @property
    def left_out(self) -> tuple[DatasetProblem, ...]:
        """Why nights of the plan are not in the store."""
        return tuple(entry.left_out for entry in self.entries if entry.left_out is not None)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The persons, each once."""
        return tuple(dict.fromkeys(night.subject for night in self.nights))

    @property
    def rows(self) -> int:
        """Number of epochs."""
        return sum(night.rows for night in self.nights)

    @property
    def n_bytes(self) -> int:
        """Size of the nights' files."""
        return sum(night.n_bytes for night in self.nights)

    @property
    def seconds(self) -> float:
        """What the nights took to make, added up over processes."""
        return sum(entry.seconds for entry in self.entries)

    @property
    def stages(self) -> dict[str, int]:
        """Numbers of epochs by label, ``?`` where unscored."""
        return {stage.label: sum(night.stages[stage.label] for night in self.nights) for stage in (*STAGES, _UNSCORED)}

    @property
    def saturated(self) -> dict[str, int]:
        """Panel to samples that were cut to the range; panels without any are left out."""
        return dict(sum((Counter(night.saturated) for night in self.nights), Counter()))

    @property
    def all_problems(self) -> tuple[DatasetProblem, ...]:
        """The data set's problems, the nights that were left out, and what recordings say of themselves."""
        from_recordings = [
            DatasetProblem(code, message, night.name, "warning")
            for night in self.nights
            for code, message in night.problems
        ]
        return (*self.problems, *self.left_out, *from_recordings)

    def to_json(self) -> str:
        """Return it as JSON text."""
        totals = {
            "subjects": len(self.subjects),
            "nights": len(self.nights),
            "nights_left_out": len(self.left_out),
            "epochs": self.rows,
            "stages": self.stages,
            "saturated_samples": self.saturated,
            "bytes": self.n_bytes,
        }
        whole = {
            **self.plan,
            "totals": totals,
            "entries": [asdict(entry) for entry in self.entries],
            "problems": [asdict(problem) for problem in self.problems],
        }
        return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


_UNSCORED = Stage.UNSCORED


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a finished store.

    Raises
    ------
    StoreError
        Where there is none, or it is damaged or of another format.
    """
    file = folder / MANIFEST
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        hint = "run the same `eegvlm dataset build` again: it goes on where it stopped"
        raise StoreError(folder, MANIFEST, "not found", f"no finished store lies here; {hint}") from None
    except (OSError, ValueError) as error:
        raise StoreError(file, "manifest", error, "it is damaged; build the store again") from error
    try:
        if fields["format"] != FORMAT:
            raise StoreError(file, "format", fields["format"], f"this version reads {FORMAT}; {BUILT_ANEW}")
        entries = tuple(BuildEntry.from_dict(entry) for entry in fields.pop("entries"))
        problems = tuple(DatasetProblem(**problem) for problem in fields.pop("problems"))
        del fields["totals"]
        manifest = Manifest(fields, entries, problems)
        _check(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(file, "manifest", error, "it is damaged; build the store again") from error
    return manifest


def _check(manifest: Manifest) -> None:
    plan, layout = manifest.plan, manifest.layout
    if [entry.number for entry in manifest.entries] != list(range(len(plan["nights"]))):
        raise ValueError("its plan and its nights differ")
    if any(entry.night is not None and entry.night.name != plan["nights"][entry.number] for entry in manifest.entries):
        raise ValueError("its plan and its nights differ")
    if set(manifest.microvolt_per_count) != {panel.name for panel in layout.panels}:
        raise ValueError("its panels and its layout differ")
    if plan["samples_per_epoch"] != round(EPOCH_S * layout.rate):
        raise ValueError("its rate and its samples differ")
