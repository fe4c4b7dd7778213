"""Who a model was trained and validated on: what a checkpoint says of it, and whether a person is among them.

A checkpoint's ``config.json`` holds the record under :data:`FIELD`. A person is a salted hash by data set, never a
name; simulated subjects are ranges of seeds. A checkpoint that goes on from another holds an entry for each of the two.

The hash keeps names out of files and makes lists of different checkpoints incomparable. It is no secret: whoever knows
a person's name in a data set can ask whether that person is in the record, which is what the record is for. A slow hash
makes guessing through all names of a hospital dearer.

Not covered: the same person under two names, in a data set and in a folder of copies with other names.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from eegvlm.errors import InputError

FIELD = "training_record"

Part = Literal["training", "validation"]
PARTS: tuple[Part, ...] = ("training", "validation")

_SIMULATED = "simulated"
_ROUNDS = 2000
_HASH_BYTES = 8


@dataclass(frozen=True)
class Persons:
    """The persons of one part.

    Parameters
    ----------
    hashes
        By data set: 16 hexadecimal digits a person, sorted.
    seeds
        Of simulated subjects: ranges, each its first seed and the first that is not in it.
    """

    hashes: Mapping[str, tuple[str, ...]]
    seeds: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return sum(map(len, self.hashes.values())) + sum(stop - first for first, stop in self.seeds)

    def counts(self) -> dict[str, int]:
        """Count persons by data set."""
        simulated = sum(stop - first for first, stop in self.seeds)
        return {name: len(hashes) for name, hashes in self.hashes.items()} | (
            {_SIMULATED: simulated} if simulated else {}
        )

    def include(self, person: str, salt: str) -> bool:
        """Tell whether a person is among them, whose hash is salted like theirs."""
        seed = _seed(person)
        if seed is not None:
            return any(first <= seed < stop for first, stop in self.seeds)
        hashes = self.hashes.get(_dataset(person), ())
        return bool(hashes) and _hash(person, salt) in hashes

    def to_dict(self) -> dict[str, Any]:
        """Return the part as ``config.json`` holds it."""
        part: dict[str, Any] = {"persons": {name: list(hashes) for name, hashes in self.hashes.items()}}
        return {**part, "simulated_seeds": [list(ends) for ends in self.seeds]} if self.seeds else part


@dataclass(frozen=True)
class RecordEntry:
    """What one training run was given.

    Parameters
    ----------
    salt
        Of its hashes.
    training, validation
        The persons of the two parts.
    """

    salt: str
    training: Persons
    validation: Persons

    def part_of(self, person: str) -> Part | None:
        """Return the part that a person was in; training where the same person was in both."""
        return next((part for part in PARTS if self.persons(part).include(person, self.salt)), None)

    def persons(self, part: Part) -> Persons:
        """Return the persons of a part."""
        return self.training if part == "training" else self.validation


@dataclass(frozen=True)
class TrainingRecord:
    """Who a model was trained and validated on.

    Parameters
    ----------
    entries
        One a training run, that of the base first.
    unknown_bases
        Checkpoints that it goes on from and that have no record.
    """

    entries: tuple[RecordEntry, ...]
    unknown_bases: tuple[str, ...] = ()

    @classmethod
    def of(cls, training: Iterable[str], validation: Iterable[str], *, salt: str | None = None) -> TrainingRecord:
        """Record persons, named as :attr:`.Night.person` names them; the salt is drawn where None."""
        salt = salt or secrets.token_hex(8)
        return cls((RecordEntry(salt, _persons(training, salt), _persons(validation, salt)),))

    def after(self, base: TrainingRecord) -> TrainingRecord:
        """Return this record of a run that went on from a base, with the base's."""
        return TrainingRecord((*base.entries, *self.entries), (*base.unknown_bases, *self.unknown_bases))

    def part_of(self, person: str) -> Part | None:
        """Return the part that a person was in, in any run; None where the model has not met that person."""
        parts = {entry.part_of(person) for entry in self.entries}
        return next((part for part in PARTS if part in parts), None)

    def counts(self, part: Part) -> dict[str, int]:
        """Count the persons of a part by data set, all runs together."""
        total: Counter[str] = Counter()
        for entry in self.entries:
            total.update(entry.persons(part).counts())
        return dict(total)

    def sentences(self) -> Iterator[str]:
        """Say how many persons were in each part, of which data sets."""
        for part in PARTS:
            counts = ", ".join(f"{name} {count}" for name, count in self.counts(part).items())
            yield f"{part}: {counts or 'nobody'}"
        if self.unknown_bases:
            yield f"it goes on from {', '.join(self.unknown_bases)}, which does not say who it was trained on"

    def to_dict(self) -> dict[str, Any]:
        """Return the record as ``config.json`` holds it."""
        entries = [
            {"salt": entry.salt, **{part: entry.persons(part).to_dict() for part in PARTS}} for entry in self.entries
        ]
        return {"entries": entries, **({"unknown_bases": list(self.unknown_bases)} if self.unknown_bases else {})}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any], path: str | Path = "config.json") -> TrainingRecord:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        InputError
            If it is something else.
        """
        try:
            entries = tuple(
                RecordEntry(str(entry["salt"]), *(_read_persons(entry[part]) for part in PARTS))
                for entry in record["entries"]
            )
            return cls(entries, tuple(map(str, record.get("unknown_bases", ()))))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            hint = "write it anew with eegvlm record, or take the checkpoint as it was written"
            raise InputError(path, FIELD, f"not readable ({error!r})", hint) from error


def read_record(checkpoint: Path) -> TrainingRecord | None:
    """Read the record of a checkpoint; None where it has none.

    Raises
    ------
    InputError
        If its ``config.json`` cannot be read.
    """
    file = checkpoint / "config.json"
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        record = fields.get(FIELD)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(file, "configuration", error, "give a folder that save_pretrained wrote") from error
    return None if record is None else TrainingRecord.from_dict(record, file)


def _persons(persons: Iterable[str], salt: str) -> Persons:
    hashes: dict[str, list[str]] = {}
    seeds: list[int] = []
    for person in sorted(set(persons)):
        seed = _seed(person)
        if seed is None:
            hashes.setdefault(_dataset(person), []).append(_hash(person, salt))
        else:
            seeds.append(seed)
    return Persons({name: tuple(sorted(of_set)) for name, of_set in hashes.items()}, _ranges(sorted(seeds)))


def _dataset(person: str) -> str:
    return person.partition(":")[0]


def _seed(person: str) -> int | None:
    """Return the seed of a simulated person; None for any other."""
    dataset, _, subject = person.partition(":")
    return int(subject) if dataset == _SIMULATED and subject.isdecimal() else None


def _ranges(seeds: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Put consecutive numbers, which are sorted, together: 0 1 2 7 -> (0, 3), (7, 8)."""
    ranges: list[tuple[int, int]] = []
    for seed in seeds:
        if ranges and ranges[-1][1] == seed:
            ranges[-1] = (ranges[-1][0], seed + 1)
        else:
            ranges.append((seed, seed + 1))
    return tuple(ranges)


def _read_persons(part: Mapping[str, Any]) -> Persons:
    seeds = tuple((int(first), int(stop)) for first, stop in part.get("simulated_seeds", ()))
    return Persons({str(name): tuple(map(str, hashes)) for name, hashes in part["persons"].items()}, seeds)


@lru_cache(maxsize=1 << 16)
def _hash(person: str, salt: str) -> str:
    return hashlib.pbkdf2_hmac("sha256", person.encode(), salt.encode(), _ROUNDS, _HASH_BYTES).hex()
