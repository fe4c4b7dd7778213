"""The deletion test: whether the stage hangs on what the rationale cites, or any other piece would have done as well.

For every confirmed claim that cites a place, the events it speaks of are blanked in the panels of their channel, and
in other copies of the epoch as many equal segments by chance. How far the probability of the stage falls is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from eegvlm.evidence import Finding
from eegvlm.lab.evaluation.claim_verdicts import ALL, JudgedText
from eegvlm.lab.evaluation.estimates import Estimate, estimate, share, sums_of
from eegvlm.lab.evaluation.figures import Floats
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap
from eegvlm.lab.evaluation.segments import Segment, blank, chance_segments, cited, cites_a_place, widened
from eegvlm.reasoning import Claim, Context, Outcome
from eegvlm.signals import Channel

if TYPE_CHECKING:
    from eegvlm.staging import Counterfactuals

DRAWS = 3
"""Copies of the epoch in which chance segments are blanked, for each claim."""

NO_DROP = 1e-4
"""A mean drop of the probability below this counts as none."""

_COPIES_AT_ONCE = 256

Probabilities = Callable[[npt.NDArray[np.float32]], Floats]
"""From logits (n, 5) to probabilities (n, 5)."""


@dataclass(frozen=True)
class Deletion:
    """A claim, and how far the probability of its epoch's stage fell.

    Attributes
    ----------
    kind
        Of the claim.
    cited, chance
        Fall after blanking what it cites, and after blanking chance segments (mean of the draws).
    """

    kind: str
    cited: float
    chance: float


@dataclass(frozen=True)
class Cut:
    """What is blanked for one claim.

    Attributes
    ----------
    row
        Of the epoch, among those that are judged.
    kind
        Of the claim.
    panels
        Where it is blanked.
    versions
        The cited segments, then :data:`DRAWS` times chance segments.
    """

    row: int
    kind: str
    panels: tuple[str, ...]
    versions: tuple[tuple[Segment, ...], ...]


@dataclass(frozen=True)
class NightDeletions:
    """The test on one night: its claims, and the number of those that could not be tested for want of room."""

    deletions: tuple[Deletion, ...]
    without_room: int


def delete_cited(
    probe: Counterfactuals,
    epochs: npt.NDArray[np.intp],
    texts: Sequence[JudgedText],
    contexts: Sequence[Context],
    logits: npt.NDArray[np.float32],
    probabilities: Probabilities,
    rng: np.random.Generator,
) -> NightDeletions:
    """Blank what the rationales of a night cite, and read the direct answers.

    Parameters
    ----------
    probe
        The night.
    epochs
        Places of the epochs, (n,).
    texts, contexts, logits
        Of these epochs: rationales, contexts, and logits of the direct answers, float32 (n, 5). Epochs whose rationale
        comes to another stage than the direct answer are left out: its reasons are not that stage's.
    probabilities
        From logits to probabilities.
    rng
        Draws chance segments.
    """
    stages = logits.argmax(axis=1)
    findings = probe.measured.evidence.findings
    cuts: list[Cut] = []
    without_room = 0
    for row, (epoch, text, context) in enumerate(zip(epochs, texts, contexts, strict=True)):
        if text.stage is None or text.stage != stages[row]:
            continue
        for verdict in text.verdicts:
            if verdict.outcome is Outcome.CONFIRMED and cites_a_place(verdict.claim):
                cut = _cut(row, verdict.claim, findings[epoch], context, probe, rng)
                without_room += cut is None
                cuts += [cut] if cut is not None else []
    before = probabilities(logits)
    deletions = []
    for batch, read in _read(probe, epochs, cuts):
        of_stage = probabilities(read)[np.arange(len(read)), np.repeat([stages[cut.row] for cut in batch], DRAWS + 1)]
        for cut, after in zip(batch, of_stage.reshape(-1, DRAWS + 1), strict=True):
            falls = before[cut.row, stages[cut.row]] - after
            deletions.append(Deletion(cut.kind, float(falls[0]), float(falls[1:].mean())))
    return NightDeletions(tuple(deletions), without_room)


def _cut(
    row: int,
    claim: Claim,
    findings: Sequence[Finding],
    context: Context,
    probe: Counterfactuals,
    rng: np.random.Generator,
) -> Cut | None:
    """Return what to blank for a claim; None where equal chance segments do not fit."""
    same_kind = [
        finding
        for finding in findings
        if finding.kind == claim.kind and claim.channel in (None, context.channels.get(finding.channel or ""))
    ]
    segments = tuple(map(widened, cited(claim, same_kind)))
    lengths, taken = [stop - start for start, stop in segments], [widened(finding) for finding in same_kind]
    draws = [chance_segments(lengths, taken, rng) for _ in range(DRAWS)]
    panels = tuple(name for name, channel in probe.channels.items() if _shows(channel, same_kind[0]))
    fitting = [draw for draw in draws if draw is not None]
    return Cut(row, claim.kind, panels, (segments, *fitting)) if len(fitting) == DRAWS else None


def _shows(channel: Channel, finding: Finding) -> bool:
    """Tell whether a channel is the finding's; eye movements found in both eyes are both channels'."""
    return channel.role.modality == "eog" if finding.channel is None else channel.name == finding.channel


def _read(
    probe: Counterfactuals, epochs: npt.NDArray[np.intp], cuts: Sequence[Cut]
) -> Iterator[tuple[Sequence[Cut], npt.NDArray[np.float32]]]:
    """Yield cuts, and the logits of every version of them in order."""
    step = _COPIES_AT_ONCE // (DRAWS + 1)
    for begin in range(0, len(cuts), step):
        batch = cuts[begin : begin + step]
        places = np.repeat(epochs[[cut.row for cut in batch]], DRAWS + 1)
        signals = probe.signals_of(places)
        copy = 0
        for cut in batch:
            for segments in cut.versions:
                for panel in cut.panels:
                    blank(signals[panel][copy], segments)
                copy += 1
        yield batch, probe.read(places, signals)


@dataclass(frozen=True)
class DeletionRow:
    """The test on the claims of a kind.

    Attributes
    ----------
    kind
        Of the claims.
    claims
        Their number.
    cited, chance
        Mean fall of the probability of the stage.
    difference
        The first minus the second.
    ratio
        The first by the second; 1 where both are nearly nothing, undefined where only the second is.
    """

    kind: str
    claims: int
    cited: Estimate
    chance: Estimate
    difference: Estimate
    ratio: Estimate

    def to_dict(self) -> dict[str, object]:
        """Return the row ready for JSON."""
        figures = {name: getattr(self, name).to_dict() for name in ("cited", "chance", "difference", "ratio")}
        return {"kind": self.kind, "claims": self.claims, **figures}


def deletion_rows(subjects: Sequence[Sequence[Deletion]], bootstrap: ConfusionBootstrap) -> tuple[DeletionRow, ...]:
    """Return the figures of all claims, then of each kind, the most frequent first."""
    number: dict[str, int] = {}
    for deletions in subjects:
        for deletion in deletions:
            number[deletion.kind] = number.get(deletion.kind, 0) + 1
    kinds = sorted(number, key=lambda kind: (-number[kind], kind))
    of_kind = [
        [[deletion for deletion in deletions if deletion.kind == kind] for deletions in subjects] for kind in kinds
    ]
    named = [(ALL, subjects), *zip(kinds, of_kind, strict=True)]
    return tuple(_row(name, deletions, bootstrap) for name, deletions in named)


def _row(kind: str, subjects: Sequence[Sequence[Deletion]], bootstrap: ConfusionBootstrap) -> DeletionRow:
    sums = sums_of(subjects, lambda deletion: deletion.cited, lambda deletion: deletion.chance, lambda _: 1)
    return DeletionRow(
        kind,
        sum(map(len, subjects)),
        estimate(sums[:, [0, 2]], share, bootstrap),
        estimate(sums[:, [1, 2]], share, bootstrap),
        estimate(np.stack([sums[:, 0] - sums[:, 1], sums[:, 2]], axis=1), share, bootstrap),
        estimate(sums, drop_ratio, bootstrap),
    )


def drop_ratio(sums: Floats) -> Floats:
    """Divide the falls after blanking what is cited by those after blanking chance segments.

    Parameters
    ----------
    sums
        (..., 3): both falls added up, and the number of claims.
    """
    cited_drop, chance_drop = share(sums[..., [0, 2]]), share(sums[..., [1, 2]])
    ratio = np.divide(cited_drop, chance_drop, out=np.full(cited_drop.shape, np.nan), where=chance_drop >= NO_DROP)
    return np.where((np.abs(cited_drop) < NO_DROP) & (np.abs(chance_drop) < NO_DROP), 1.0, ratio)
