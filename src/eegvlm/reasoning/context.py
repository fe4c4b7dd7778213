"""The contexts of a night: the channels' names in words, what could be measured in each epoch, its neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from eegvlm.errors import InputError
from eegvlm.evidence import Evidence
from eegvlm.hypnogram import Stage
from eegvlm.scoring import TABLE, Context, Finding, Neighbours
from eegvlm.scoring.slots import CHIN_WORD, EYE_WORDS, ONE_EEG
from eegvlm.signals import Role

_WORDS = {
    Role.EEG_FRONTAL: "frontal EEG",
    Role.EEG_CENTRAL: "central EEG",
    Role.EEG_OCCIPITAL: "occipital EEG",
    Role.EOG_LEFT: EYE_WORDS[0],
    Role.EOG_RIGHT: EYE_WORDS[1],
    Role.EMG_CHIN: CHIN_WORD,
}


def channel_words(names: Mapping[Role, str]) -> dict[str, str]:
    """Return channel's name -> the word for it: ``"frontal EEG"``, ``"left EOG"``, ... and ``"EEG"`` for the only EEG.

    Parameters
    ----------
    names
        Role -> channel's name, as given to ``evidence.measure``. Roles that are not measured get no word.
    """
    eeg = [role for role in names if role.modality == "eeg" and role in _WORDS]
    words = {role: ONE_EEG if eeg == [role] else word for role, word in _WORDS.items()}
    return {names[role]: words[role] for role in _WORDS if role in names}


def night_contexts(
    evidence: Evidence,
    channels: Mapping[str, str],
    stages: Iterable[int] | None = None,
    *,
    expert: bool = False,
) -> list[Context]:
    """Return the context of every epoch of a night.

    Parameters
    ----------
    evidence
        Of the night.
    channels
        As :func:`channel_words` gives them.
    stages
        One an epoch, as :class:`Stage` or its numbers (``Hypnogram.stages``); the neighbours' stages are taken from
        it. None where none are known.
    expert
        Whether an expert gave them.

    Raises
    ------
    InputError
        Where there is not one stage an epoch.
    """
    scored = [Stage.UNSCORED] * evidence.n_epochs if stages is None else [Stage(int(stage)) for stage in stages]
    if len(scored) != evidence.n_epochs:
        raise InputError("stages", "length", len(scored), f"give one for each of the {evidence.n_epochs} epochs")
    findings = evidence.findings
    known_stages = [None if stage is Stage.UNSCORED else stage for stage in scored]
    measured: dict[frozenset[str], dict[str, frozenset[str]]] = {}
    contexts = []
    for epoch in range(evidence.n_epochs):
        present = evidence.present_in(epoch)
        if present not in measured:
            measured[present] = _measured(evidence, channels, present)
        contexts.append(Context(channels, measured[present], _neighbours(findings, known_stages, epoch), expert))
    return contexts


def _neighbours(findings: Sequence[Sequence[Finding]], stages: Sequence[Stage | None], epoch: int) -> Neighbours:
    first, last = epoch == 0, epoch == len(findings) - 1
    return Neighbours(
        previous=None if first else findings[epoch - 1],
        following=None if last else findings[epoch + 1],
        previous_stage=None if first else stages[epoch - 1],
        following_stage=None if last else stages[epoch + 1],
    )


def _measured(evidence: Evidence, channels: Mapping[str, str], present: frozenset[str]) -> dict[str, frozenset[str]]:
    """Return the kinds that could be measured where some channels hold a signal, and the words of these."""
    on: dict[str, frozenset[str]] = {}
    for kind in evidence.measurable:
        names = evidence.channels_of(kind)
        if TABLE.kind(kind).modality == "eog":
            if present.issuperset(names):
                on[kind] = frozenset()
        elif with_signal := [name for name in names if name in present]:
            on[kind] = frozenset(channels[name] for name in with_signal if name in channels)
    return on
