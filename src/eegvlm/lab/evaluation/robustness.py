"""How the answers change when the recording changes but the sleep does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eegvlm.lab.evaluation.changed_nights import ChangedNights, confusions, stage_changed
from eegvlm.lab.evaluation.figures import defined, rates
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap, Difference
from eegvlm.lab.evaluation.perturbations import PERTURBATIONS, Perturbation
from eegvlm.lab.evaluation.run import Channels, JudgedNight, Progress, StageNight
from eegvlm.lab.evaluation.tables import FigureTable, number


@dataclass(frozen=True, eq=False)
class RobustnessRow:
    """One change.

    Attributes
    ----------
    name, about
        The change.
    nights, epochs
        How many could be compared.
    clean, changed
        Kappa on these epochs before and after, of nights with labels of three stages and more; None without such.
    kappa
        Changed minus clean, with its interval over subjects.
    balanced_accuracy
        The same of the mean recall of the stages in the labels; where some nights have labels of fewer than three
        stages, over these.
    other_answers
        Share of the compared epochs (scored by the expert or not) whose answer is another one than before.
    skipped
        Why nights were left out, by reason: number of nights.
    failed
        Nights that could not be staged after the change, whose epochs count as missing answers: name to reason.
    """

    name: str
    about: str
    nights: int
    epochs: int
    clean: float | None
    changed: float | None
    kappa: Difference | None
    balanced_accuracy: Difference | None
    other_answers: float | None
    skipped: dict[str, int]
    failed: dict[str, str]

    def to_dict(self) -> dict[str, object]:
        """Return the row ready for JSON."""
        return {
            "name": self.name,
            "about": self.about,
            "nights": self.nights,
            "epochs": self.epochs,
            "kappa_clean": self.clean,
            "kappa_changed": self.changed,
            "kappa_difference": None if self.kappa is None else self.kappa.to_dict(),
            "balanced_accuracy_difference": (
                None if self.balanced_accuracy is None else self.balanced_accuracy.to_dict()
            ),
            "other_answers": self.other_answers,
            "skipped": self.skipped,
            "failed": self.failed,
        }


def robustness(
    stage_night: StageNight,
    nights: Iterable[JudgedNight],
    perturbations: Sequence[Perturbation] = PERTURBATIONS,
    *,
    channels: Channels | None = None,
    progress: Progress | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> tuple[RobustnessRow, ...]:
    """Stage every night unchanged and after every change; see :func:`.changed_nights.stage_changed`."""
    bootstrap = bootstrap or ConfusionBootstrap()
    changed = stage_changed(
        stage_night, nights, perturbations, channels=channels, progress=progress, seed=bootstrap.seed
    )
    return tuple(_row(change, bootstrap) for change in changed)


def _row(changed_nights: ChangedNights, bootstrap: ConfusionBootstrap) -> RobustnessRow:
    pairs = changed_nights.pairs
    full = [pair for pair in pairs if not pair.clean.is_restricted]
    kappa = balanced = clean = changed = None
    if full:
        before, after = confusions(full)
        kappa = bootstrap.of_difference(after, before, "kappa")
        clean, changed = (defined(rates(of.sum(axis=0))["kappa"]) for of in (before, after))
    restricted = [pair for pair in pairs if pair.clean.is_restricted and pair.clean.n_scored]
    if restricted or full:
        before, after = confusions(restricted or full)
        balanced = bootstrap.of_difference(after, before, "balanced_accuracy")
    compared = sum(pair.compared for pair in pairs)
    return RobustnessRow(
        changed_nights.change.name,
        changed_nights.change.about,
        len(pairs),
        sum(pair.clean.n_scored for pair in pairs),
        clean,
        changed,
        kappa,
        balanced,
        sum(pair.other for pair in pairs) / compared if compared else None,
        changed_nights.skipped,
        changed_nights.failed,
    )


def robustness_table(rows: Sequence[RobustnessRow]) -> FigureTable:
    """Return the table: a row a change."""
    cells = tuple(
        (
            row.name,
            f"{row.nights}/{row.epochs}",
            number(row.clean),
            number(row.changed),
            "-" if row.kappa is None else row.kappa.text,
            "-" if row.balanced_accuracy is None else row.balanced_accuracy.text,
            "-" if row.other_answers is None else f"{row.other_answers:.1%}",
        )
        for row in rows
    )
    columns = (
        "change",
        "nights/epochs",
        "kappa as it is",
        "changed",
        "difference",
        "mean recall, difference",
        "other answers",
    )
    return FigureTable("Robustness (the same epochs before and after each change)", columns, cells)


def robustness_notes(rows: Sequence[RobustnessRow]) -> list[str]:
    """Say what each change is, and which nights it left out or broke."""
    notes = []
    for row in rows:
        left_out = "; ".join(f"{count} nights left out: {why}" for why, count in row.skipped.items())
        failed = "; ".join(f"night {name} failed: {why}" for name, why in row.failed.items())
        notes.append(": ".join([row.name, "; ".join(filter(None, (row.about, left_out, failed)))]))
    return notes
