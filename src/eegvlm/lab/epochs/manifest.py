"""The description of a store: ``manifest.json``, written after the last shard."""

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

FORMAT = "eegvlm-epochs-1"
MANIFEST = "manifest.json"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class NightEntry:
    """A night in a shard.

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
    """

    name: str
    subject: str
    rows: int
    missing: int
    stages: Mapping[str, int]
    channels: Mapping[str, Mapping[str, str] | None]
    saturated: Mapping[str, int]
    problems: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ShardEntry:
    """A Parquet file.

    Parameters
    ----------
    number
        From 0.
    rows, n_bytes, sha256
        Of the file. A shard of which no night could be read has no file: 0 rows.
    seconds
        What it took to make.
    sources
        Hashes of what its nights were made from.
    nights
        In the order of the rows.
    left_out
        Nights that could not be read, and why.
    """

    number: int
    rows: int
    n_bytes: int
    sha256: str
    seconds: float
    sources: tuple[str, ...]
    nights: tuple[NightEntry, ...]
    left_out: tuple[DatasetProblem, ...]

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ShardEntry:
        """Build it from JSON's types; ValueError, KeyError or TypeError where they do not fit."""
        entry = cls(
            int(fields["number"]),
            int(fields["rows"]),
            int(fields["n_bytes"]),
            str(fields["sha256"]),
            float(fields["seconds"]),
            tuple(str(source) for source in fields["sources"]),
            tuple(
                NightEntry(**{**night, "problems": tuple((code, message) for code, message in night["problems"])})
                for night in fields["nights"]
            ),
            tuple(DatasetProblem(**problem) for problem in fields["left_out"]),
        )
        rows = [night.rows for night in entry.nights]
        if not _SHA256.fullmatch(entry.sha256) or entry.rows != sum(rows) or 0 in rows:
            raise ValueError(f"shard {entry.number} contradicts itself")
        return entry


@dataclass(frozen=True)
class Manifest:
    """A finished store.

    Parameters
    ----------
    plan
        What was asked for: format, software, data set with its options, nights, layout, counts. Two stores of one plan
        and one copy of a data set hold the same rows.
    shards
        In order.
    problems
        Of the data set, as it was opened.
    """

    plan: Mapping[str, Any]
    shards: tuple[ShardEntry, ...]
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
        return tuple(night for shard in self.shards for night in shard.nights)

    @property
    def subjects(self) -> tuple[str, ...]:
        """The persons, each once."""
        return tuple(dict.fromkeys(night.subject for night in self.nights))

    @property
    def rows(self) -> int:
        """Number of epochs."""
        return sum(shard.rows for shard in self.shards)

    @property
    def n_bytes(self) -> int:
        """Size of the shards."""
        return sum(shard.n_bytes for shard in self.shards)

    @property
    def seconds(self) -> float:
        """What the shards took to make, added up over processes."""
        return sum(shard.seconds for shard in self.shards)

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
        left_out = [problem for shard in self.shards for problem in shard.left_out]
        from_recordings = [
            DatasetProblem(code, message, night.name, "warning")
            for night in self.nights
            for code, message in night.problems
        ]
        return (*self.problems, *left_out, *from_recordings)

    def to_json(self) -> str:
        """Return it as JSON text."""
        totals = {
            "subjects": len(self.subjects),
            "nights": len(self.nights),
            "nights_left_out": sum(len(shard.left_out) for shard in self.shards),
            "epochs": self.rows,
            "stages": self.stages,
            "saturated_samples": self.saturated,
            "bytes": self.n_bytes,
        }
        whole = {
            **self.plan,
            "totals": totals,
            "shards": [asdict(shard) for shard in self.shards],
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
            raise StoreError(file, "format", fields["format"], f"this version reads {FORMAT}")
        shards = tuple(ShardEntry.from_dict(shard) for shard in fields.pop("shards"))
        problems = tuple(DatasetProblem(**problem) for problem in fields.pop("problems"))
        del fields["totals"]
        manifest = Manifest(fields, shards, problems)
        _check(manifest)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(file, "manifest", error, "it is damaged; build the store again") from error
    return manifest


def _check(manifest: Manifest) -> None:
    plan, layout = manifest.plan, manifest.layout
    if [shard.number for shard in manifest.shards] != list(range(len(manifest.shards))):
        raise ValueError("shards are not numbered from 0")
    if set(manifest.microvolt_per_count) != {panel.name for panel in layout.panels}:
        raise ValueError("its panels and its layout differ")
    if plan["samples_per_epoch"] != round(EPOCH_S * layout.rate) or plan["rows_per_group"] < 1:
        raise ValueError("its rate and its samples differ")
