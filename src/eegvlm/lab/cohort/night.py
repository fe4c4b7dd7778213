"""A night of a cohort before it is staged, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from eegvlm.lab.datasets import Night
from eegvlm.lab.datasets.sources import ScoringFile


@dataclass(frozen=True)
class CohortNight:
    """One recording that is to be staged.

    Parameters
    ----------
    name
        Where its results lie, relative to the output: the recording's path below the input, without the ending; ``/``
        between folders on every system. Unique within a cohort.
    recording
        Path or URL of the recording; a description in angle brackets where the night is computed.
    stamp
        Size and time of change of the recording and of its scoring. A file with another stamp is another file.
    scorings
        Scorings beside the recording; the first one is compared with.
    scoring_problem
        Why there is none, where several could have been meant.
    source
        The data set's own night, where the input is a data set: recordings of several files are opened by it.
    """

    name: str
    recording: str
    stamp: str
    scorings: tuple[ScoringFile, ...] = ()
    scoring_problem: str = ""
    source: Night | None = None

    def key(self, options: str) -> str:
        """Return what a result is known by: 32 hexadecimal digits of name, stamp and the digest of options and model.

        Size and time of change tell a changed file at the price of one system call; a digest of the content would read
        every byte of the cohort each time that a run goes on.
        """
        return blake2b("\0".join((self.name, self.stamp, options)).encode(errors="replace"), digest_size=16).hexdigest()


@dataclass(frozen=True)
class NightOutcome:
    """What came of a night.

    Parameters
    ----------
    night, recording, key
        As in :class:`CohortNight`.
    row
        Its row in the summary; None where it failed.
    reason
        Why it failed, in one sentence; "" where it did not.
    lasting
        Whether it would fail again: the file itself cannot be used. Any other failure is tried again by the next run.
    traceback
        Of a fault of this program.
    """

    night: str
    recording: str
    key: str
    row: dict[str, Any] | None = None
    reason: str = ""
    lasting: bool = False
    traceback: str = field(default="", repr=False)

    @property
    def is_done(self) -> bool:
        """Whether the night has results."""
        return self.row is not None

    def to_entry(self) -> dict[str, Any]:
        """Return the line of the journal."""
        entry: dict[str, Any] = {"night": self.night, "key": self.key, "recording": self.recording}
        if self.row is not None:
            return {**entry, "state": "done", "row": self.row}
        entry |= {"state": "failed", "reason": self.reason, "lasting": self.lasting}
        return {**entry, "traceback": self.traceback} if self.traceback else entry

    @classmethod
    def failed(cls, night: CohortNight, options: str, reason: str) -> NightOutcome:
        """Return that of a night whose worker was lost."""
        return cls(night.name, night.recording, night.key(options), reason=reason)
