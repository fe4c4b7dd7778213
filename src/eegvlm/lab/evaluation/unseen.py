"""Persons that a model was trained or validated on are left out before it is judged, and the report says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from eegvlm.errors import InputError
from eegvlm.lab.datasets.training_record import PARTS, TrainingRecord

ABOUT = "persons known to the model"
"""Under which name a report says it."""


class _OfPerson(Protocol):
    @property
    def person(self) -> str: ...


_Night = TypeVar("_Night", bound=_OfPerson)


@dataclass(frozen=True)
class Judged(Generic[_Night]):
    """The nights that are judged, and a sentence on the persons that the model was trained on."""

    nights: tuple[_Night, ...]
    sentence: str


def unseen(
    nights: Sequence[_Night], record: TrainingRecord | None, model: str, *, keep_known: bool = False
) -> Judged[_Night]:
    """Leave out the persons that a model was trained or validated on.

    Parameters
    ----------
    nights
        Of a data set.
    record
        Of the model; None where it does not say.
    model
        Its name, for the error.
    keep_known
        Whether they are judged nevertheless, and named as such.

    Raises
    ------
    InputError
        If nobody is left.
    """
    if record is None:
        return Judged(tuple(nights), "not known: the checkpoint does not say who it was trained on")
    part_of = {person: record.part_of(person) for person in dict.fromkeys(night.person for night in nights)}
    known_persons = {person for person, part in part_of.items() if part is not None}
    doubt = ""
    if record.unknown_bases:
        bases = ", ".join(record.unknown_bases)
        doubt = f"; {bases}, from which it goes on, does not say who it was trained on"
    if not known_persons:
        return Judged(tuple(nights), f"none{doubt}")
    counts = {part: sum(person_part == part for person_part in part_of.values()) for part in PARTS}
    met = " and ".join(
        f"{count} {verb}"
        for count, verb in ((counts["training"], "trained on"), (counts["validation"], "validated on"))
        if count
    )
    share = f"{len(known_persons)} of {len(part_of)} persons ({met})"
    if keep_known:
        return Judged(tuple(nights), f"{share} are judged all the same: the figures say nothing of strangers{doubt}")
    strangers = tuple(night for night in nights if night.person not in known_persons)
    if not strangers:
        hint = "judge it on others, or add --judge-known, which the report will say"
        raise InputError(model, "persons", f"{share} are known to the model, so nobody is left", hint)
    return Judged(strangers, f"{share} are left out{doubt}")
