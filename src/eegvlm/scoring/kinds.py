"""The table of kinds: what can be found in an epoch, where it is looked for, and how it is spoken of.

A new detector adds its name to :class:`FindingKind` and its entry to :data:`KINDS`; composing, parsing, verifying, the
texts and numbers for models and the report's page take it from there. Entries come in the order in which a rationale
speaks of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from eegvlm.hypnogram import Stage
from eegvlm.scoring import forms
from eegvlm.scoring.background import POWER, RHYTHM, TIME, rhythm, time
from eegvlm.scoring.facts import Fact
from eegvlm.scoring.limits import MIXED_SLOW_WAVE_PERCENT, SLOW_WAVE_LEAST_UV
from eegvlm.scoring.slots import CENTRAL_FIRST, FRONTAL_FIRST, SPINDLE_HZ

W, N1, N2, N3, R = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R


class FindingKind(StrEnum):
    """What can be measured; the value is the kind's name in every file."""

    DOMINANT_RHYTHM = "dominant_rhythm"
    BAND_SHARE = "band_share"
    AMPLITUDE = "amplitude"
    SPINDLE = "spindle"
    K_COMPLEX = "k_complex"
    SLOW_WAVE = "slow_wave"
    SLOW_WAVE_SHARE = "slow_wave_share"
    VERTEX_WAVE = "vertex_wave"
    SAWTOOTH = "sawtooth"
    RAPID_EYE_MOVEMENT = "rapid_eye_movement"
    SLOW_EYE_MOVEMENT = "slow_eye_movement"
    BLINK = "blink"
    CHIN_TONE = "chin_tone"
    AROUSAL = "arousal"
    MOVEMENT = "movement"
    ELECTRODE_ARTEFACT = "electrode_artefact"


K = FindingKind


@dataclass(frozen=True, eq=False)
class Kind:
    """What is known of a kind of finding.

    Attributes
    ----------
    name
        As in every file.
    modality
        Of the channels that it needs: ``"eeg"``, ``"eog"`` (all eye channels of a recording) or ``"chin"``.
    unit
        Of its value: ``"Hz"``, ``"%"``, ``"uV"`` or ``"s"``.
    words
        What people read: ``"K-complex"``.
    label
        The short form, beside an event's box; "" for what describes the whole epoch.
    counted
        One and several of them, where texts for models count them: ``("spindle", "spindles")``.
    is_whole
        Whether it describes the whole epoch; the others are events.
    hides
        Whether it hides the signal.
    fact
        What a rationale can say of it; None where other kinds say it.
    """

    name: str
    modality: str
    unit: str
    words: str
    label: str = ""
    counted: tuple[str, str] | None = None
    is_whole: bool = False
    hides: bool = False
    fact: Fact | None = None

    @property
    def is_placed(self) -> bool:
        """Whether a rationale says where in the epoch it lies."""
        return not self.is_whole and not self.hides and self.fact is not None

    @property
    def is_eeg_wave(self) -> bool:
        """Whether it is an event of the brain that has an amplitude."""
        return self.modality == "eeg" and not self.is_whole and self.unit != "s"


KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        K.DOMINANT_RHYTHM,
        "eeg",
        "Hz",
        "dominant rhythm",
        is_whole=True,
        fact=Fact(tuple(RHYTHM.values()), lambda epoch: rhythm(epoch, "central")),
    ),
    Kind(
        K.BAND_SHARE,
        "eeg",
        "%",
        "share of power,",
        is_whole=True,
        fact=Fact((*POWER.values(), *TIME.values()), lambda epoch: time(epoch, "alpha"), description=9),
    ),
    Kind(K.AMPLITUDE, "eeg", "uV", "amplitude", is_whole=True),
    Kind(
        K.SPINDLE,
        "eeg",
        "Hz",
        "spindle",
        "spindle",
        ("spindle", "spindles"),
        fact=forms.waves(
            K.SPINDLE,
            ("spindle", "spindles"),
            eeg=CENTRAL_FIRST,
            unit="Hz",
            size=SPINDLE_HZ,
            size_of_several=True,
            places={N2: 2, N3: 3},
            description=3,
        ),
    ),
    Kind(
        K.K_COMPLEX,
        "eeg",
        "uV",
        "K-complex",
        "K",
        ("K-complex", "K-complexes"),
        fact=forms.waves(
            K.K_COMPLEX, ("K-complex", "K-complexes"), eeg=FRONTAL_FIRST, places={N2: 3, N3: 4}, description=4
        ),
    ),
    Kind(K.SLOW_WAVE, "eeg", "uV", "slow wave", "SW"),
    Kind(
        K.SLOW_WAVE_SHARE,
        "eeg",
        "%",
        "slow waves fill",
        is_whole=True,
        fact=forms.share(
            K.SLOW_WAVE_SHARE,
            (
                f"Slow waves over {SLOW_WAVE_LEAST_UV:g} µV fill {{percent}} % of the epoch on the {{eeg}}.",
                f"On the {{eeg}}, slow waves over {SLOW_WAVE_LEAST_UV:g} µV fill {{percent}} % of the epoch.",
                f"In {{percent}} % of the epoch the {{eeg}} shows slow waves over {SLOW_WAVE_LEAST_UV:g} µV.",
            ),
            eeg=FRONTAL_FIRST,
            places={N2: 5, N3: 1},
            description=1,
            described_from=MIXED_SLOW_WAVE_PERCENT,
        ),
    ),
    Kind(
        K.VERTEX_WAVE,
        "eeg",
        "uV",
        "vertex wave",
        "vertex",
        ("vertex wave", "vertex waves"),
        fact=forms.waves(
            K.VERTEX_WAVE, ("vertex wave", "vertex waves"), eeg=CENTRAL_FIRST, places={N1: 3}, description=8
        ),
    ),
    Kind(
        K.RAPID_EYE_MOVEMENT,
        "eog",
        "uV",
        "rapid eye movement",
        "REM",
        ("rapid eye movement", "rapid eye movements"),
        fact=forms.movements_of_the_eyes(
            K.RAPID_EYE_MOVEMENT,
            ("A rapid eye movement is seen at {at} s.", "The eyes move rapidly once, at {at} s."),
            (
                "Rapid eye movements number {count}, the first at {at} s.",
                "The eyes move rapidly {count} times, first at {at} s.",
            ),
            places={W: 3, R: 3},
            description=5,
        ),
    ),
    Kind(
        K.SLOW_EYE_MOVEMENT,
        "eog",
        "uV",
        "slow eye movement",
        "SEM",
        ("slow eye movement", "slow eye movements"),
        fact=forms.stretch(
            K.SLOW_EYE_MOVEMENT,
            ("Slow eye movements run from {at} s to {to} s.", "The eyes roll slowly from {at} s to {to} s."),
            modality="eog",
            places={N1: 2},
            description=7,
        ),
    ),
    Kind(
        K.BLINK,
        "eog",
        "uV",
        "blink",
        "blink",
        ("blink", "blinks"),
        fact=forms.movements_of_the_eyes(
            K.BLINK,
            ("A blink is seen at {at} s.", "The eyes blink once, at {at} s."),
            ("Blinks number {count}, the first at {at} s.", "The eyes blink {count} times, first at {at} s."),
            places={W: 4},
            description=6,
        ),
    ),
    Kind(
        K.SAWTOOTH,
        "eeg",
        "uV",
        "sawtooth",
        "sawtooth",
        ("train of sawtooth waves", "trains of sawtooth waves"),
        fact=forms.stretch(
            K.SAWTOOTH,
            (
                "Sawtooth waves run from {at} s to {to} s on the {eeg}.",
                "The {eeg} shows sawtooth waves from {at} s to {to} s.",
            ),
            eeg=CENTRAL_FIRST,
            places={R: 6},
        ),
    ),
    Kind(
        K.CHIN_TONE,
        "chin",
        "%",
        "chin tone",
        is_whole=True,
        fact=forms.tone(
            K.CHIN_TONE,
            {"low": ("low", "slack"), "middle": ("moderate", "moderately tense"), "full": ("full", "tense")},
            places={W: 5, R: 5},
            description=10,
        ),
    ),
    Kind(
        K.AROUSAL,
        "eeg",
        "s",
        "arousal",
        "arousal",
        fact=forms.stretch(
            K.AROUSAL,
            ("An arousal runs from {at} s to {to} s.", "Faster activity from {at} s to {to} s marks an arousal."),
            places={N1: 4},
        ),
    ),
    Kind(
        K.MOVEMENT,
        "eeg",
        "s",
        "movement",
        "movement",
        hides=True,
        fact=forms.hidden(K.MOVEMENT, "Movement", places={W: 1, N1: 1, N2: 1, N3: 2, R: 1}, description=2),
    ),
    Kind(
        K.ELECTRODE_ARTEFACT,
        "eeg",
        "s",
        "electrode artefact",
        "artefact",
        hides=True,
        fact=forms.hidden(K.ELECTRODE_ARTEFACT, "Electrode artefact", places={W: 2}),
    ),
)
