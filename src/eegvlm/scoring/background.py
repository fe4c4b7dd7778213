"""The background of an epoch in words: the dominant rhythm, how much power a band holds, for how long it stands out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eegvlm.scoring.claim import OwnKind
from eegvlm.scoring.limits import BANDS
from eegvlm.scoring.slots import BAND_HZ, EEG, EEG_WORDS, MICROVOLT, PERCENT
from eegvlm.scoring.statement import WHOLE_EPOCH, Sentence, Statement, Step, claims

if TYPE_CHECKING:
    from eegvlm.scoring.epoch import Epoch

# the table of kinds imports this module, and holds the same names
DOMINANT_RHYTHM, BAND_SHARE, AMPLITUDE = "dominant_rhythm", "band_share", "amplitude"
_ON_THE_EEG = {"channel": "{eeg}", **WHOLE_EPOCH}


def _rhythm(band: str) -> Statement:
    return Statement(
        f"rhythm.{band}",
        Step.BACKGROUND,
        (
            f"{band.capitalize()} at {{hz}} Hz dominates the {{eeg}}, {{uv}} µV peak to peak.",
            f"The {{eeg}} shows mainly {band} at {{hz}} Hz, {{uv}} µV peak to peak.",
            f"Background: {band} at {{hz}} Hz on the {{eeg}}, {{uv}} µV peak to peak.",
        ),
        (
            claims(DOMINANT_RHYTHM, **_ON_THE_EEG, value="{hz}", unit="Hz", band=band),
            claims(AMPLITUDE, **_ON_THE_EEG, value="{uv}", unit="uV"),
        ),
        {"hz": BAND_HZ[band], "eeg": EEG, "uv": MICROVOLT},
    )


def _power(band: str) -> Statement:
    return Statement(
        f"power.{band}",
        Step.BACKGROUND,
        (
            f"{band.capitalize()} holds {{percent}} % of the {{eeg}} power.",
            f"Of the {{eeg}} power, {{percent}} % is {band}.",
        ),
        (claims(BAND_SHARE, **_ON_THE_EEG, value="{percent}", unit="%", band=band),),
        {"percent": PERCENT, "eeg": EEG},
    )


def _time(band: str) -> Statement:
    return Statement(
        f"time.{band}",
        Step.BACKGROUND,
        (
            f"{band.capitalize()} stands out in {{percent}} % of the epoch on the {{eeg}}.",
            f"On the {{eeg}}, {band} stands out for {{percent}} % of the time.",
        ),
        (claims(OwnKind.BAND_TIME, **_ON_THE_EEG, value="{percent}", unit="%", band=band),),
        {"percent": PERCENT, "eeg": EEG},
    )


RHYTHM = {band: _rhythm(band) for band in BANDS}
POWER = {band: _power(band) for band in ("delta", "beta")}
TIME = {band: _time(band) for band in ("theta", "alpha")}


def rhythm(epoch: Epoch, region: str) -> Sentence | None:
    """Say which rhythm dominates, where ``region`` is the preferred EEG."""
    word = _channel(epoch, region)
    if word is None:
        return None
    (main, *_), (height, *_) = epoch.of(DOMINANT_RHYTHM, word), epoch.of(AMPLITUDE, word)
    return RHYTHM[main.band or ""].fill(hz=main.value, uv=height.value, eeg=word)


def power(epoch: Epoch, region: str, band: str) -> Sentence | None:
    """Say which share of the power a band (one of :data:`POWER`) holds."""
    word = _channel(epoch, region)
    shares = epoch.of(BAND_SHARE, word, band=band) if word is not None else []
    return POWER[band].fill(percent=shares[0].value, eeg=word or "") if shares else None


def time(epoch: Epoch, band: str) -> Sentence | None:
    """Say for how much of the epoch a band (one of :data:`TIME`) stands out, on the EEG where that is most."""
    shares = [
        share for share in epoch.of(BAND_SHARE, band=band) if share.time_percent is not None and epoch.word(share)
    ]
    if not shares:
        return None
    most = max(shares, key=lambda share: share.time_percent or 0.0)
    return TIME[band].fill(percent=most.time_percent or 0.0, eeg=epoch.word(most) or "")


def _channel(epoch: Epoch, region: str) -> str | None:
    """Return the word of the EEG that was measured here, the preferred one (``"frontal"``, ...) where it was."""
    present = [word for word in EEG_WORDS if epoch.of(DOMINANT_RHYTHM, word) and epoch.of(AMPLITUDE, word)]
    return min(present, key=lambda word: not word.startswith(region), default=None)
