"""Numbers of the random streams that one seed feeds.

Streams are numbered so that each draws from a generator of its own, ``default_rng([seed, number])``: what one stream
draws, and how much, never changes another. Numbers start at 1, since a key that ends in 0 is the key without it. A
number that was given away stays: a model that is trained again, or a run that goes on, draws what it drew before. A
new stream takes a number that its class does not have yet.

Each class goes with another kind of key, a seed, a night or the rows of a batch, so a number may occur in several.
The simulator names its streams by text instead (``eegvlm.lab.simulation.streams``).
"""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class RunStream(IntEnum):
    """What is drawn from the seed of a run or of a simulated night."""

    CARRIERS = 1
    """Whether a simulated night is drawn over the background of a real one."""
    TEACHER_RECORDER = 2
    """The recorder through which a teacher sees a simulated night."""
    GRID_OFFSET = 3
    """How far the epochs of a simulated night are shifted."""
    ROWS = 5
    """Epochs that a phase sees."""
    PANEL_RECORDER = 6
    """The recorder of one channel of a version of a night, and whether that channel is missing."""
    NIGHT_DERIVATIONS = 8
    """Which EOG derivation a version of a night shows, and whether its EEG stands alone."""
    SUBSET_ROWS = 9
    """Epochs that a phase sees where others are left out."""
    CROSSFIT_GROUPS = 10
    """Persons dealt out to the groups of cross-fitting."""
    NIGHT_PIECES = 11
    """Lengths of the pieces in which a version of a night is read."""
    FAMILIAR_PIECES = 15
    """Where the pieces lie from which familiar recordings are learnt."""


@unique
class NightStream(IntEnum):
    """What is drawn from the number of a night, without a seed: the same in every run."""

    DESCRIPTIONS = 8
    """The words in which epochs are described."""
    STATISTICS = 12
    """The part of a version of a night that gives the statistics of batch normalisation."""


@unique
class BatchStream(IntEnum):
    """What is drawn from the rows of a batch."""

    PICTURES = 7
    """Versions, gaps in the context and absent measurements of a batch of pictures."""
    SEQUENCES = 10
    """The same of a batch of windows of vectors."""
    EVIDENCE = 14
    """The same of a batch of windows of measurements."""


@unique
class GeneralBatchStream(IntEnum):
    """What is drawn from the rows of a batch of a general-purpose model."""

    COMPARED_LABELS = 7
    """Labels whose text the expert's label is compared with."""
    VERSIONS = 16
    """Versions of the nights."""
    UNMEASURED = 17
    """Epochs whose measurements are left out."""
    REASONS = 18
    """Whether the batch asks for reasons."""
