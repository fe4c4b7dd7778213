"""What a JSON object says, beside its list of stages, of the length of an epoch.

A key that names the length is read. One that seems to speak of it and is not understood (``fs``, ``rate_hz``) refuses
the file unless the user gives the length: 30 s would be a guess against what the file says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.resample import EPOCH_LENGTH_HINT, is_epoch_length

_LENGTH: Final = re.compile(r"epoch_?(?:length|len|duration|dur|size)?(?:_?(?:s|secs?|seconds))?|seconds_per_epoch")
_OF_TIME: Final = re.compile(
    r"epoch|rate|hz|freq|resolution|interval|window|step|period|second|duration|(?:^|_)(?:fs|sf|sfreq)(?:$|_)"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def epoch_length_beside(
    source: ScoringSource, beside: Mapping[str, Any], *, n_stages: int
) -> tuple[float | None, tuple[str, ...]]:
    """Find the length of an epoch among the keys beside the stages.

    Parameters
    ----------
    source
        The file.
    beside
        The keys that were not read, and their values.
    n_stages
        How many stages the file holds.

    Returns
    -------
    epoch_s
        Seconds; None where no key says it, or the user gave it.
    notes
        Which keys were left out.

    Raises
    ------
    HypnogramError
        If a key seems to say it and is not understood, or two say different things.
    """
    lengths: dict[str, float] = {}
    left_out: list[str] = []
    for key, value in beside.items():
        name = _CAMEL.sub("_", key).casefold().replace(" ", "_").replace("-", "_")
        number = float(value) if type(value) in (int, float) and abs(value) < 1e9 else None
        if source.epoch_s is None and name != "epoch" and number is not None and _LENGTH.fullmatch(name):
            if name == "epochs" or not is_epoch_length(number):
                hint = EPOCH_LENGTH_HINT if name != "epochs" else "a number of epochs, or a length? name it epoch_s"
                raise source.error(key, value, hint)
            lengths[key] = number
        elif source.epoch_s is None and _OF_TIME.search(name) and not isinstance(value, list) and number != n_stages:
            hint = "it may say how long an epoch is, and is not understood; name it epoch_s, or give --in-epoch-length"
            raise source.error(key, value, hint)
        else:
            left_out.append(key)
    if len(set(lengths.values())) > 1:
        raise source.error(", ".join(lengths), ", ".join(f"{value:g}" for value in lengths.values()), "name one length")
    notes = (f"left out: {', '.join(sorted(left_out))}",) if left_out else ()
    return next(iter(lengths.values()), None), notes
