"""The channel of one role fails for a share of every epoch: a change of the recording, in four kinds."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from eegvlm.lab.evaluation.perturbations import NotApplicableError, Perturbation, Perturbed, PerturbedPiece, edited
from eegvlm.signals import EPOCH_S, Channel, Recording, Role

Kind = Literal["noise", "flat", "saturated", "swapped"]
Samples = npt.NDArray[np.float32]
KINDS: dict[Kind, str] = {
    "noise": "white noise of ten times the channel's median amplitude in its place",
    "flat": "no signal: 0 µV",
    "saturated": "amplified until it hits the amplifier's rails at ten times the channel's median amplitude",
    "swapped": "the samples of the next channel of another kind in its place",
}
ROLES = tuple(role for role in Role if role is not Role.OTHER)
SHARE, MOST = 0.7, 0.95
"""Of each epoch. A channel that is flat throughout is refused when a recording is opened by its name."""
_TIMES, _GAIN = 10.0, 100.0


def failing(role: Role, kind: Kind, share: float = SHARE) -> Perturbation:
    """Return the failure of the channel of a role.

    Parameters
    ----------
    role
        Whose channel fails.
    kind
        One of :data:`KINDS`.
    share
        Of each epoch, in one stretch whose place is drawn.
    """

    def apply(recording: Recording, rng: np.random.Generator) -> Perturbed:
        failed_channel = next((channel for channel in recording.channels if channel.role is role), None)
        if failed_channel is None:
            raise NotApplicableError(f"no channel of role {role}")
        source = _other(recording, failed_channel) if kind == "swapped" else None
        bad = _stretches(recording.n_epochs, failed_channel.rate, share, rng)

        def edit(channel: Channel, samples: Samples) -> tuple[Samples, float]:
            if channel.role is not role:
                return samples, channel.rate
            where = np.zeros(len(samples), np.bool_)
            where[: len(bad)] = bad[: len(samples)]
            where &= ~np.isnan(samples)
            changed = samples.copy()
            changed[where] = _corrupted(kind, samples, recording, source, channel, rng)[where]
            return changed, channel.rate

        return Perturbed((PerturbedPiece(edited(recording, edit)),), recording.scorable)

    return Perturbation(f"{role}: {kind}", f"{share:.0%} of every epoch: {KINDS[kind]}", apply)


def _stretches(n_epochs: int, rate: float, share: float, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return which samples are corrupted: one stretch of each epoch, bool (about 30 s a epoch,)."""
    bad = np.zeros(round(n_epochs * EPOCH_S * rate), np.bool_)
    for epoch, at in enumerate(rng.uniform(0, 1 - share, n_epochs)):
        first = round((epoch + at) * EPOCH_S * rate)
        bad[first : first + round(share * EPOCH_S * rate)] = True
    return bad


def _corrupted(
    kind: Kind,
    samples: Samples,
    recording: Recording,
    source: Channel | None,
    channel: Channel,
    rng: np.random.Generator,
) -> Samples:
    """Return what a channel holds where it fails, of all its samples."""
    present = samples[~np.isnan(samples)]
    level = np.float32(_TIMES * np.median(np.abs(present))) if len(present) else np.float32(0)
    if kind == "noise":
        return level * rng.standard_normal(len(samples), dtype=np.float32)
    if kind == "saturated":
        return np.asarray(np.clip(samples * np.float32(_GAIN), -level, level), np.float32)
    if source is not None:
        swapped = recording.samples(source)
        at = np.minimum((np.arange(len(samples)) * (source.rate / channel.rate)).astype(np.intp), len(swapped) - 1)
        return np.asarray(swapped[at], np.float32)
    return np.zeros_like(samples)


def _other(recording: Recording, failed_channel: Channel) -> Channel:
    """Return the next channel of another kind, in the order of roles."""
    order = [*ROLES[ROLES.index(failed_channel.role) :], *ROLES]
    for role in order:
        if role.modality != failed_channel.role.modality:
            for channel in recording.channels:
                if channel.role is role:
                    return channel
    raise NotApplicableError("there is no channel of another kind to swap with")
