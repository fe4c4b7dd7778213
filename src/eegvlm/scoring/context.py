"""What surrounds an epoch's findings: its neighbours, the channels' names in words, and what could be measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from eegvlm.hypnogram import Stage
from eegvlm.scoring.finding import Finding
from eegvlm.scoring.kinds import FindingKind
from eegvlm.scoring.slots import EYE_WORDS


@dataclass(frozen=True)
class Neighbours:
    """What lies around an epoch.

    Attributes
    ----------
    previous, following
        Findings of the epochs before and after; None at the night's ends.
    previous_stage, following_stage
        Their stages, where they are known: the continuation rules need them.
    """

    previous: Sequence[Finding] | None = None
    following: Sequence[Finding] | None = None
    previous_stage: Stage | None = None
    following_stage: Stage | None = None


@dataclass(frozen=True)
class Context:
    """What is known around an epoch's findings.

    Attributes
    ----------
    channels
        Channel's name in the findings -> word in the text, as :func:`eegvlm.reasoning.channel_words` gives them.
    measured
        Kind -> words of the channels it was measured on; a kind that could not be measured is missing. Eye movements
        belong to no single channel: an empty set.
    neighbours
        What lies around the epoch.
    expert
        Whether the stage is an expert's, so that a text may say so.
    """

    channels: Mapping[str, str]
    measured: Mapping[str, frozenset[str]]
    neighbours: Neighbours = field(default_factory=Neighbours)
    expert: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the channels that could be measured, for :func:`eegvlm.reasoning.acceptor`."""
        words = set().union(*self.measured.values()) if self.measured else set()
        if FindingKind.RAPID_EYE_MOVEMENT in self.measured:
            words.update(EYE_WORDS)
        return tuple(sorted(words))
