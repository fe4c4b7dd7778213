"""Texts that name no known stage: which of them fill the time of one, and which are mere comments.

An arousal or a comment lies within a stage. A stage lies where no known stage does, and its ends meet those of its
neighbours. Where an unknown text does so for more than an odd epoch, reading the rest of the file would turn a
night of light and deep sleep into one of wake and REM, so the file is refused with the texts named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from eegvlm.hypnogram.error import HypnogramError
from eegvlm.hypnogram.formats.event import Event
from eegvlm.hypnogram.formats.format import ScoringSource
from eegvlm.hypnogram.stage import is_deep_sleep, is_light_sleep
from eegvlm.hypnogram.stage_map import folded

MOST_ODD_SHARE: Final = 0.01  # of the scored time: far below the share of the rarest stage
_MEETS_S = 0.6  # 2 % of an epoch: recorders' clocks drift
_GRIDS_S = (30.0, 20.0, 10.0, 5.0)
_MOST_NAMED = 8
_LONGEST_NAME = 40
_MOST_WORDS = 4
_FEW_EPOCHS = 10


class Group(NamedTuple):
    """The events of one unknown text that fill the time of a stage, and how many seconds they fill."""

    events: tuple[Event, ...]
    seconds: float

    @property
    def text(self) -> str:
        """The text of the first of them."""
        return self.events[0].text


def groups_that_fill(staged: Sequence[Event], unknown: Sequence[Event]) -> list[Group]:
    """Find the unknown texts whose events lie between those of known stages and meet them.

    Parameters
    ----------
    staged
        Events of known stages, in any order.
    unknown
        All other events but markers of lights.
    """
    texts: dict[str, list[Event]] = {}
    for event in unknown:
        texts.setdefault(folded(event.text), []).append(event)
    with_length = [event for event in staged if event.duration_s]
    if 2 * len(with_length) > len(staged):
        return _with_lengths(with_length, texts)
    return _without_lengths(staged, texts)


def _with_lengths(staged: Sequence[Event], texts: dict[str, list[Event]]) -> list[Group]:
    starts, stops = _ends(staged)
    order = np.argsort(starts)
    starts, stops = starts[order], np.maximum.accumulate(stops[order])
    covered_from = np.maximum(starts, np.append(-np.inf, stops[:-1]))
    points = np.stack([np.minimum(covered_from, stops), stops], axis=1).ravel()
    seconds = np.cumsum(np.stack([np.zeros(len(starts)), np.maximum(stops - covered_from, 0)], axis=1).ravel())
    every = [*staged, *(event for events in texts.values() for event in events if event.duration_s)]
    all_starts, all_stops = (np.sort(ends) for ends in _ends(every))
    groups = []
    for events in texts.values():
        lasting = [event for event in events if event.duration_s]
        if not lasting:
            continue
        first, last = _ends(lasting)
        known_s = np.interp(last, points, seconds) - np.interp(first, points, seconds)
        free = known_s <= 0.2 * (last - first)
        meets = _meets(first, all_stops) | _meets(last, all_starts)
        if free.mean() >= 0.8 and meets.mean() >= 0.8:
            groups.append(Group(tuple(lasting), float((last - first)[free].sum())))
    return groups


def _without_lengths(staged: Sequence[Event], texts: dict[str, list[Event]]) -> list[Group]:
    """Find texts that start where epochs do and never where a known stage does, more than once."""
    times = np.unique([event.onset_s for event in staged])
    off = [_off_grid(times - times[0], grid) for grid in _GRIDS_S]
    grid = next((grid for grid, distance in zip(_GRIDS_S, off, strict=True) if (distance <= _MEETS_S).all()), None)
    groups = []
    for events in texts.values():
        at = np.array([event.onset_s for event in events if not event.duration_s])
        if not at.size or _meets(at, times).any():
            continue
        named = is_light_sleep(events[0].text) or is_deep_sleep(events[0].text)
        on_grid = grid is not None and bool((_off_grid(at - times[0], grid) <= _MEETS_S).all())
        if named or (on_grid and len(at) > 1):
            groups.append(Group(tuple(events), float("inf")))
    return groups


def _ends(events: Sequence[Event]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    starts = np.array([event.onset_s for event in events], dtype=np.float64)
    return starts, starts + np.array([event.duration_s or 0.0 for event in events], dtype=np.float64)


def _meets(times: NDArray[np.float64], ordered: NDArray[np.float64]) -> NDArray[np.bool_]:
    after = np.clip(np.searchsorted(ordered, times), 0, len(ordered) - 1)
    before = np.clip(after - 1, 0, None)
    nearest = np.minimum(np.abs(ordered[after] - times), np.abs(ordered[before] - times))
    meets: NDArray[np.bool_] = nearest <= _MEETS_S
    return meets


def _off_grid(times: NDArray[np.float64], grid: float) -> NDArray[np.float64]:
    off: NDArray[np.float64] = np.abs((times + grid / 2) % grid - grid / 2)
    return off


def most_odd_s(n_epochs: int, epoch_s: float) -> float:
    """Return how many seconds unknown texts may fill and still be odd epochs: one epoch, or one in a hundred."""
    if n_epochs < _FEW_EPOCHS:
        return 0.0
    return max(epoch_s, MOST_ODD_SHARE * n_epochs * epoch_s) + _MEETS_S


def refuse_unknown(source: ScoringSource, groups: Sequence[Group], known_texts: Iterable[str] = ()) -> HypnogramError:
    """Make the error for texts that fill the time of stages and are not known.

    Parameters
    ----------
    source
        The file.
    groups
        The texts.
    known_texts
        The texts that were known: where light sleep is among the others, deep sleep is named with it.
    """
    ordered = sorted(groups, key=lambda group: -len(group.events))
    texts = [f"'{shortened(group.text)}' ({len(group.events)})" for group in ordered[:_MOST_NAMED]]
    light = [group.text for group in ordered if is_light_sleep(group.text)]
    if light:
        deep = next((text for text in (*known_texts, *(g.text for g in ordered)) if is_deep_sleep(text)), "Deep")
        hint = (
            f"light and deep sleep do not say which epochs are N1; to read light sleep as N2, "
            f'give --map "{light[0]}=N2,{deep}=N3"'
        )
    else:
        hint = (
            f'no known stage, but it fills the time of one; say which with --map "{ordered[0].text}=STAGE", '
            "where STAGE is W, N1, N2, N3, R, ? or ignore"
        )
    return source.error(groups[0].events[0].where, ", ".join(texts), hint)


def named(texts: Iterable[str]) -> str:
    """List texts with their numbers, most frequent first; long remarks, which may hold names, are only counted."""
    counts: Counter[str] = Counter()
    remarks = 0
    for text in texts:
        plain = " ".join(text.partition("@@")[0].split())
        if len(plain) > _LONGEST_NAME or len(plain.split()) > _MOST_WORDS:
            remarks += 1
        else:
            counts[plain] += 1
    listed = [f"'{text}'" + (f" ({n})" if n > 1 else "") for text, n in counts.most_common(_MOST_NAMED)]
    if len(counts) > _MOST_NAMED:
        listed.append(f"{len(counts) - _MOST_NAMED} other texts")
    if remarks:
        listed.append(f"{remarks} longer remark{'s' if remarks > 1 else ''}")
    return ", ".join(listed)


def shortened(text: str) -> str:
    """Return a text in one line of at most 40 characters."""
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST_NAME else plain[: _LONGEST_NAME - 3] + "..."
