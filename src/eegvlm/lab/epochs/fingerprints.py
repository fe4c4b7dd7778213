"""A hash of each epoch's source samples: equal where two epochs hold the same signal."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from hashlib import blake2b

import numpy as np

from eegvlm.signals import EPOCH_S, Channel, Recording

_DIGEST_BYTES = 16


def fingerprints(recording: Recording, channels: Iterable[Channel]) -> list[str | None]:
    """Hash the samples from which a night's epochs were made, before any filter.

    Parameters
    ----------
    recording
        The night.
    channels
        Those that are stored. Their order does not matter, nor do channels that are flat in an epoch: a copy is
        recognised under another layout that shows the same channels.

    Returns
    -------
    list
        One an epoch: 32 hexadecimal digits (BLAKE2b), or None where every channel is flat or missing, for such epochs
        are alike without being copies.
    """
    digests: list[set[bytes]] = [set() for _ in range(recording.n_epochs)]
    for channel in set(channels):
        samples, rate = recording.samples(channel), channel.exact_rate
        begins_s = recording.onsets_s - recording.onsets_s[0]
        for begin_s, of_epoch in zip(begins_s, digests, strict=True):
            epoch = samples[round(Fraction(begin_s) * rate) : round(Fraction(begin_s + EPOCH_S) * rate)]
            present = epoch[~np.isnan(epoch)]
            if present.size and present.max() > present.min():
                of_epoch.add(blake2b(epoch.astype("<f4").tobytes(), digest_size=_DIGEST_BYTES).digest())
    return [_joined(epoch_digests) if epoch_digests else None for epoch_digests in digests]


def _joined(digests: set[bytes]) -> str:
    return blake2b(b"".join(sorted(digests)), digest_size=_DIGEST_BYTES).hexdigest()
