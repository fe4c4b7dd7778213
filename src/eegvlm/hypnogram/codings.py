"""Integer codes of sleep stages. They conflict with each other, so a file of integers needs one named.

The same 4 is REM for YASA, stage 4 for Profusion, REM for DREAMS and stage 3 for UCDDB; guessing would turn
REM into deep sleep without a word.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from eegvlm.core.scoring_names import choice_of
from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.stage import Stage

_W, _N1, _N2, _N3, _R, _U = Stage.W, Stage.N1, Stage.N2, Stage.N3, Stage.R, Stage.UNSCORED


@dataclass(frozen=True)
class Coding:
    """One convention for integer codes.

    Attributes
    ----------
    name
        What a user writes.
    stages
        Code to stage.
    codes
        Stage to the code that is written for it; a stage without one cannot be written.
    about
        One line for people.
    epoch_s
        Seconds of one code.
    undocumented
        Codes that stand in public files without being explained there.
    """

    name: str
    stages: dict[int, Stage]
    codes: dict[Stage, int]
    about: str
    epoch_s: float = 30.0
    undocumented: frozenset[int] = frozenset()


_YASA = {0: _W, 1: _N1, 2: _N2, 3: _N3, 4: _R, -1: _U, -2: _U}
_AASM = {0: _W, 1: _N1, 2: _N2, 3: _N3, 4: _R, -1: _U}
_ISRUC = {0: _W, 1: _N1, 2: _N2, 3: _N3, 5: _R}
_PROFUSION = {0: _W, 1: _N1, 2: _N2, 3: _N3, 4: _N3, 5: _R, 6: _U, 9: _U}
_UCDDB = {0: _W, 1: _R, 2: _N1, 3: _N2, 4: _N3, 5: _N3, 6: _U, 7: _U, 8: _U}
_DREAMS = {5: _W, 4: _R, 3: _N1, 2: _N2, 1: _N3, -1: _U, -2: _U, -3: _U}


def _inverse(stages: dict[int, Stage], *, unscored: int | None) -> dict[Stage, int]:
    codes: dict[Stage, int] = {}
    for code, stage in stages.items():
        codes.setdefault(stage, code)
    codes.pop(_U, None)
    return codes if unscored is None else {**codes, _U: unscored}


CODINGS: Final[dict[str, Coding]] = {
    coding.name: coding
    for coding in (
        Coding(
            "yasa",
            _YASA,
            _inverse(_YASA, unscored=-2),
            "0 W, 1 N1, 2 N2, 3 N3, 4 R, -1 artefact, -2 unscored",
        ),
        Coding("isruc", _ISRUC, _inverse(_ISRUC, unscored=None), "0 W, 1 N1, 2 N2, 3 N3, 5 R"),
        Coding(
            "ucddb",
            _UCDDB,
            _inverse(_UCDDB, unscored=7),
            "0 W, 1 R, 2 S1, 3 S2, 4 S3, 5 S4, 6 artefact, 7 indeterminate (8, undocumented, is unscored)",
            undocumented=frozenset({8}),
        ),
        Coding(
            "dreams",
            _DREAMS,
            _inverse(_DREAMS, unscored=-2),
            "5 W, 4 R, 3 N1, 2 N2, 1 N3, below 0 unscored, one code per 5 s",
            epoch_s=5.0,
        ),
        Coding("aasm", _AASM, _inverse(_AASM, unscored=-1), "0 W, 1 N1, 2 N2, 3 N3, 4 R, -1 unscored"),
        Coding(
            "profusion",
            _PROFUSION,
            _inverse(_PROFUSION, unscored=9),
            "0 W, 1 S1, 2 S2, 3 S3, 4 S4, 5 R, 6 movement, 9 unscored",
        ),
    )
}
CODING_NAMES: Final[str] = choice_of(list(CODINGS))
ASK_CODING: Final[str] = f"integer codes differ from source to source: name theirs with --coding {CODING_NAMES}"
# The files of one data set say in their first line which rules they follow; code 0 differs between the two.
DREAMS_ZERO: Final[dict[str, Stage]] = {"[hypnogramaasm]": _U, "[hypnogramr&k]": _N3}


def coding_of_name(name: str) -> Coding:
    """Return the coding of a name.

    Raises
    ------
    HypnogramError
        If there is no such coding; the sentence lists those that exist.
    """
    if name not in CODINGS:
        raise HypnogramError("coding", "name", name, f"choose one of {CODING_NAMES}")
    return CODINGS[name]
