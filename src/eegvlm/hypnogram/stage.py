"""The five AASM sleep stages, and the many ways in which files spell them."""

from __future__ import annotations

import re
from enum import IntEnum

from eegvlm.hypnogram.error import HypnogramError


class Stage(IntEnum):
    """A sleep stage as an integer: ``W`` 0, ``N1`` 1, ``N2`` 2, ``N3`` 3, ``R`` 4, ``UNSCORED`` -1.

    The numbers are those of a column of probabilities and of a row of a confusion matrix. They are this
    package's own: codes in files differ from source to source, see :mod:`eegvlm.hypnogram.codings`.
    """

    W = 0
    N1 = 1
    N2 = 2
    N3 = 3
    R = 4
    UNSCORED = -1

    @property
    def label(self) -> str:
        """The label in every output: ``W``, ``N1``, ``N2``, ``N3``, ``R``, and ``?`` for unscored."""
        return "?" if self is Stage.UNSCORED else self.name

    @classmethod
    def from_label(cls, label: str) -> Stage:
        """Return the stage that a label means.

        Parameters
        ----------
        label
            ``W``, ``N1``, ``N2``, ``N3``, ``R``, ``?``, or any spelling that :func:`stage_of_spelling` knows.

        Raises
        ------
        HypnogramError
            If the label is not known. A bare digit is not a label: integer codes need a coding.
        """
        stage = stage_of_spelling(label)
        if stage is None:
            raise HypnogramError("stage", "label", label, "write W, N1, N2, N3, R, or ? for unscored")
        return stage


STAGES: tuple[Stage, ...] = (Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R)

# Rechtschaffen and Kales 1968 to AASM: S1 -> N1, S2 -> N2, S3 and S4 -> N3, movement time -> unscored.
_SPELLINGS: dict[Stage, tuple[str, ...]] = {
    Stage.W: ("w", "wake", "wk", "awake", "awa", "wakefulness", "waking", "s0", "éveil", "eveil", "wach"),
    Stage.N1: ("n1", "s1", "nrem1", "nrem 1", "nrem-1", "non-rem 1"),
    Stage.N2: ("n2", "s2", "nrem2", "nrem 2", "nrem-2", "non-rem 2"),
    Stage.N3: (
        *("n3", "s3", "nrem3", "nrem 3", "nrem-3", "non-rem 3", "sws", "slow wave", "n3/n4", "s3/s4"),
        *("n4", "s4", "nrem4", "nrem 4", "nrem-4", "non-rem 4"),
    ),
    Stage.R: ("r", "rem", "paradoxical"),
    Stage.UNSCORED: (
        *("?", "unscored", "uns", "unknown", "undefined", "unsure", "not scored", "n/a", "na", "nan", "none"),
        *("movement time", "movement", "mt", "m", "artefact", "artifact", "art", "indeterminate"),
    ),
}
_STAGE_OF = {spelling: stage for stage, spellings in _SPELLINGS.items() for spelling in spellings}
# Digits are labels only after a word that says so: in `Sleep stage 1`, never in a bare `1`.
_STAGE_OF_DIGIT = {
    **{"0": Stage.W, "1": Stage.N1, "2": Stage.N2, "3": Stage.N3, "4": Stage.N3, "3/4": Stage.N3},
    **{"u": Stage.UNSCORED},
}
_RECHTSCHAFFEN_KALES = frozenset(
    [
        *("1", "2", "3", "4", "3/4", "s1", "s2", "s3", "s4", "s3/s4"),
        *("n4", "n3/n4", "nrem4", "nrem 4", "nrem-4", "movement time", "mt"),
    ]
)
_PREFIX = re.compile(r"^(?:sleep[\s_-]*stages?|stages?|stade|sleep)(?:[\s_:-]+|(?=[\dnrw?]))")
_SUFFIX = re.compile(r"\s+sleep$")
_EXPLICIT = re.compile(r"^sleep[\s_-]*stage")


def _bare(text: str) -> tuple[str, bool]:
    """Take the words around a stage's name away, and tell whether there were any."""
    whole = " ".join(text.split()).casefold()
    bare = _SUFFIX.sub("", _PREFIX.sub("", whole))
    return bare, bare != whole


def stage_of_spelling(text: str) -> Stage | None:
    """Return the stage that a text spells, or None if it is not a known spelling of one.

    Letter case, surrounding space and the words ``Sleep stage``, ``Stage`` and ``sleep`` around the name do
    not matter: ``Sleep stage N2``, ``SLEEP-S2``, ``Stage 2 sleep``, ``NREM2`` and ``n2`` are all N2.
    """
    bare, said_so = _bare(text)
    if said_so and bare in _STAGE_OF_DIGIT:
        return _STAGE_OF_DIGIT[bare]
    return _STAGE_OF.get(bare)


def says_sleep_stage(text: str) -> bool:
    """Tell whether a text calls itself a sleep stage (``Sleep stage ...``), as EDF+ prescribes."""
    return _EXPLICIT.match(text.strip().casefold()) is not None


def is_rechtschaffen_kales(text: str) -> bool:
    """Tell whether a label comes from the rules of 1968: stages 1 to 4, movement time."""
    return _bare(text)[0] in _RECHTSCHAFFEN_KALES
