"""Staging with scored examples, judged: nobody who is judged gives an example.

An index of scored epochs is learnt from as weights are, so that the persons who are judged are taken out of it: by
name, and by their nights' samples where the index has them under other names. They are taken out for every night, also
where it has been changed before it is staged. Not recognised is another night of a judged person under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.run import JudgedNight, JudgedReading, Progress
from eegvlm.model import GeneralProcessor
from eegvlm.signals import Recording
from eegvlm.signals.fingerprint import fingerprint
from eegvlm.staging import Stager
from eegvlm.staging.examples import ExampleSource

ABOUT = "examples"
"""Under which name a report says it."""


def apart_from(
    source: ExampleSource, nights: Sequence[JudgedNight], *, progress: Progress | None = None
) -> tuple[ExampleSource, str]:
    """Take the persons who are judged out of an index.

    Parameters
    ----------
    source
        Where examples come from.
    nights
        That are judged. Their samples are read in places; one that cannot be opened is known by its person alone.
    progress
        Called with nights done, nights in all, and the name of the night.

    Returns
    -------
    source
        Without these persons.
    sentence
        Who was taken out, for the report.

    Raises
    ------
    InputError
        If too few epochs of others are left.
    """
    index, judged = source.index, {night.person for night in nights}
    for done, night in enumerate(nights):
        if progress is not None:
            progress(done, len(nights), night.name)
        try:
            judged |= index.persons_of(fingerprint(night.recording().source))
        except InputError:
            continue  # it is staged, and named as one that cannot be, later
    if progress is not None:
        progress(len(nights), len(nights), "")
    person_of_night = [entry["person"] for entry in index.about["nights"]]
    persons, out = set(person_of_night), set(person_of_night) & judged
    share = f"{len(out)} of {len(persons)} persons of the index"
    left = int((~np.isin(person_of_night, sorted(out)))[index.night_of].sum())
    if left < source.k:
        value = f"{share} are judged, so that {left} epochs of others are left for {source.k} examples"
        raise InputError(index.folder, "persons", value, "make the index of nights of other persons")
    sentence = f"{share} are judged and give no example" if out else "no person of the index is judged"
    return replace(source, without=source.without | judged), f"{source.provenance}; {sentence}"


def with_examples(
    stager: Stager, source: ExampleSource, *, batch_size: int = 32
) -> Callable[[Recording], JudgedReading]:
    """Return the model as ``eegvlm stage --examples`` runs it.

    Raises
    ------
    InputError
        If the model cannot be shown the pictures of the index.
    """
    source.check(stager)
    is_general = isinstance(stager.processor, GeneralProcessor)

    def read(recording: Recording) -> JudgedReading:
        night = source.shown_to(stager, recording).stage(recording, batch_size=batch_size)
        answer = night.hypnogram if is_general else source.voted(recording, night.hypnogram)
        return JudgedReading(answer, night.panels)

    return read
