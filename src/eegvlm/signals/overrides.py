"""The user's own choice of channels, ahead of the alias table.

A choice is a mapping from what the channel is to where it lies: ``{"eeg": "Fpz-Cz", "eog": ("LOC", "ROC")}``.
Keys are modalities (``eeg``, ``eog``, ``emg``, ``ecg``) or roles (``eog_left``). Values are labels in the
file, or ``A-B``, which derives one label against another. A modality's choice replaces all channels of that
modality, a role's choice that role only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from eegvlm.errors import InputError
from eegvlm.signals.aliases import EEG_SITES
from eegvlm.signals.channel import Channel, as_recorded, derive
from eegvlm.signals.label_parsing import fold, read_label
from eegvlm.signals.problems import RecordingError
from eegvlm.signals.roles import EEG_ROLES, Role
from eegvlm.signals.source import Source

_MODALITY_ROLES: dict[str, tuple[Role, ...]] = {
    "eeg": EEG_ROLES,
    "eog": (Role.EOG_LEFT, Role.EOG_RIGHT),
    "emg": (Role.EMG_CHIN,),
    "ecg": (Role.ECG,),
}
_KEYS = (*_MODALITY_ROLES, *(role.value for role in Role if role not in (Role.OTHER, Role.ECG)))


def parse_channels(texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Read what ``--channels`` was given.

    Parameters
    ----------
    texts
        One or more of ``"eeg=Fpz-Cz"`` or ``"eeg=C4-M1,eog_left=E1,eog_right=E2"``. A repeated key adds a
        channel.

    Returns
    -------
    dict
        Key to labels.

    Raises
    ------
    InputError
        Where a part has no ``=`` or its key is unknown.

    Examples
    --------
    >>> parse_channels(["eeg=Fpz-Cz,emg=EMG submental"])
    {'eeg': ('Fpz-Cz',), 'emg': ('EMG submental',)}
    """
    choice: dict[str, tuple[str, ...]] = {}
    for text in texts:
        # A comma ends a label only where a key follows: labels may hold commas.
        for part in re.split(r",(?=\s*[A-Za-z_]+\s*=)", text):
            key, equals, label = part.partition("=")
            key, label = key.strip().lower(), label.strip()
            if not equals or not label:
                raise InputError("--channels", "argument", part, "write it as eeg=LABEL or eog_left=LABEL")
            if key not in _KEYS:
                raise InputError("--channels", "key", key, f"use one of {', '.join(_KEYS)}")
            choice[key] = (*choice.get(key, ()), label)
    return choice


def choose(
    source: Source, choice: Mapping[str, str | Sequence[str]]
) -> tuple[dict[Role, list[Channel]], frozenset[Role]]:
    """Find the channels a user chose.

    Parameters
    ----------
    source
        The store of signals.
    choice
        Key to label or labels.

    Returns
    -------
    chosen, replaced
        Channels by role, and the roles in which the alias table has no say.

    Raises
    ------
    RecordingError
        Where a label is not in the file, or is in it more than once; it lists the labels there are.
    """
    chosen: dict[Role, list[Channel]] = {}
    replaced: set[Role] = set()
    for key, value in choice.items():
        if key not in _KEYS:
            raise InputError(source.name, "channels", key, f"use one of {', '.join(_KEYS)}")
        labels = (value,) if isinstance(value, str) else tuple(value)
        roles = _MODALITY_ROLES.get(key) or (Role(key),)
        replaced.update(roles)
        for label in labels:
            role = _role_of(label, roles, chosen)
            chosen.setdefault(role, []).append(_find_channel(source, key, label, role))
    return chosen, frozenset(replaced)


def _role_of(label: str, roles: tuple[Role, ...], chosen: Mapping[Role, list[Channel]]) -> Role:
    """Place a label within its modality: by its spelling, else in the first role still free."""
    lead = read_label(label) or read_label(label.split("#")[0])
    if lead is not None and len(roles) > 1:
        sites = {site: role for role, tiers in EEG_SITES.items() for tier in tiers for site in tier}
        sites |= {"E1": Role.EOG_LEFT, "E2": Role.EOG_RIGHT}
        if sites.get(lead.site) in roles:
            return sites[lead.site]
    return next((role for role in roles if role not in chosen), roles[0])


def _find_channel(source: Source, key: str, label: str, role: Role) -> Channel:
    index = _find(source, key, label)
    if index is not None:
        return as_recorded(source, index, role, note="chosen by the user")
    for match in re.finditer(r"\s*[-\u2010-\u2014]\s*", label):
        plus = _find(source, key, label[: match.start()])
        minus = _find(source, key, label[match.end() :])
        if plus is not None and minus is not None and plus != minus:
            rates = [source.signals[i].rate for i in (plus, minus)]
            if rates[0] != rates[1]:
                both_rates = f"{float(rates[0]):g} and {float(rates[1]):g} Hz"
                hint = "choose two signals of one rate"
                raise RecordingError(source.name, f"channels: {key}={label}", both_rates, hint)
            return derive(source, plus, (minus,), role, name=label, note="chosen by the user")
    labels = ", ".join(signal.label for signal in source.signals)
    raise RecordingError(source.name, f"channels: {key}", label, f"choose from the labels in the file: {labels}")


def _find(source: Source, key: str, label: str) -> int | None:
    """Find a label: exactly, then in any case and spacing, then without the modality in front of it."""
    names = [signal.label for signal in source.signals]
    if label in names:
        return names.index(label)
    folded_label = fold(label)
    if not folded_label:
        return None
    for spelled in (
        [fold(name) for name in names],
        [re.sub(r"^(eeg|eog|emg|ecg|ekg)", "", fold(name)) for name in names],
    ):
        matches = [i for i, name in enumerate(spelled) if name == folded_label]
        if len(matches) > 1:
            choices = ", ".join(names[i] for i in matches)
            raise RecordingError(source.name, f"channels: {key}", label, f"it could be any of {choices}: write it out")
        if matches:
            return matches[0]
    return None
