"""One channel at a time that fails for most of every epoch: what that costs, and whether the model still hangs on it.

In each epoch one stretch, placed by chance, is corrupted in the channel of one role; all other channels stay as they
are. The recording is then judged, corrected and staged from the beginning, so that the figures are those of the whole
system: an epoch whose only EEG is found unusable has no stage, and counts as wrong.

Not covered: channels that fail together, and electrodes that are missing from the start (``--modalities``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eegvlm.errors import InputError
from eegvlm.lab.evaluation.changed_nights import ChangedNights, confusions, stage_changed
from eegvlm.lab.evaluation.failing_channel import KINDS, MOST, ROLES, SHARE, Kind, failing
from eegvlm.lab.evaluation.figures import Figures, figures
from eegvlm.lab.evaluation.intervals import ConfusionBootstrap, Difference
from eegvlm.lab.evaluation.perturbations import Perturbation
from eegvlm.lab.evaluation.run import Channels, JudgedNight, Progress, StageNight
from eegvlm.lab.evaluation.tables import FigureTable, number
from eegvlm.signals import Recording, Role

FIGURES = ("accuracy", "balanced_accuracy", "kappa")


@dataclass(frozen=True, eq=False)
class FailureRow:
    """One kind of failure of the channel of one role.

    Attributes
    ----------
    role, kind
        What fails, and how.
    nights
        To which it could be applied.
    before, after
        Figures of the same epochs.
    falls
        By the names in :data:`FIGURES`: after minus before, with intervals over subjects.
    other_answers
        Share of the epochs, scored or not, whose answer is another one than before.
    skipped, failed
        As in :class:`.changed_nights.ChangedNights`.
    hangs_on
        What the answers hang on before and after, by panel; see :data:`Attributed`. Empty where not asked for.
    """

    role: Role
    kind: Kind
    nights: int
    before: Figures
    after: Figures
    falls: dict[str, Difference]
    other_answers: float | None
    skipped: dict[str, int]
    failed: dict[str, str]
    hangs_on: dict[str, tuple[float, float]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the row ready for JSON."""
        return {
            "role": str(self.role),
            "kind": self.kind,
            "about": KINDS[self.kind],
            "nights": self.nights,
            "epochs": self.before.n_epochs,
            "before": {name: getattr(self.before, name) for name in FIGURES},
            "after": {name: getattr(self.after, name) for name in FIGURES},
            "differences": {name: fall.to_dict() for name, fall in self.falls.items()},
            "without_answer": self.after.n_missing,
            "other_answers": self.other_answers,
            "panel_losses": {name: {"intact": a, "corrupted": b} for name, (a, b) in self.hangs_on.items()},
            "skipped": self.skipped,
            "failed": self.failed,
        }


Attributed = Callable[[JudgedNight, Recording, Perturbation], Mapping[str, tuple[float, float]]]
"""From a night and a failure to each panel's worth before and after: the fall of log p without it, in nats."""


def channel_failures(
    stage_night: StageNight,
    nights: Iterable[JudgedNight],
    *,
    roles: Sequence[Role] = ROLES,
    kinds: Sequence[Kind] = tuple(KINDS),
    share: float = SHARE,
    attributed: Attributed | None = None,
    channels: Channels | None = None,
    progress: Progress | None = None,
    bootstrap: ConfusionBootstrap | None = None,
) -> tuple[FailureRow, ...]:
    """Let each role's channel fail in turn, in every way.

    Parameters
    ----------
    stage_night
        The system.
    nights
        At least one; nights that cannot be staged as they are, are left out.
    roles, kinds
        Which channels fail, and how. Roles that no night has give no row.
    share
        Of each epoch.
    attributed
        Measures what the answers depend on before and after; None: not measured.
    channels
        As in :func:`eegvlm.signals.read_recording`.
    progress
        Called with (stagings done, stagings in all, what is staged next).
    bootstrap
        How intervals over subjects are drawn; its seed places the stretches.

    Raises
    ------
    InputError
        If no night can be staged unchanged, or none has a channel of any of the roles.
    """
    bootstrap, nights = bootstrap or ConfusionBootstrap(), list(nights)
    if not 0 < share <= MOST:
        hint = f"give a number above 0, up to {MOST:g}; a channel that is dead throughout is left out by --modalities"
        raise InputError("arguments", "share", share, hint)
    failures = [(role, kind, failing(role, kind, share)) for role in roles for kind in kinds]
    perturbations = [perturbation for *_, perturbation in failures]
    changed = stage_changed(
        stage_night, nights, perturbations, channels=channels, progress=progress, seed=bootstrap.seed
    )
    rows = tuple(
        _row(role, kind, failure, bootstrap, _mean_worth(attributed, nights, failure, channels))
        for (role, kind, _), failure in zip(failures, changed, strict=True)
        if failure.pairs
    )
    if not rows:
        why = "; ".join(sorted({reason for failure in changed for reason in failure.skipped}))
        raise InputError("arguments", "roles", ", ".join(roles), f"no night has such a channel: {why}")
    return rows


def failure_tables(rows: Sequence[FailureRow]) -> list[FigureTable]:
    """Return the table of figures, and that of what the answers hang on where it was asked."""
    cells = tuple(
        (
            row.role,
            row.kind,
            f"{row.nights}/{row.before.n_epochs}",
            *(cell for name in FIGURES for cell in (number(getattr(row.after, name)), row.falls[name].text)),
            str(row.after.n_missing),
            "-" if row.other_answers is None else f"{row.other_answers:.1%}",
        )
        for row in rows
    )
    names = [column for name in ("acc.", "bal.", "kappa") for column in (name, "change")]
    columns = ("channel", "failure", "n", *names, "none", "other")
    title = (
        "A channel that fails (n: nights/epochs; figures after it and their change; none: epochs without an answer; "
        "other: answers that changed)"
    )
    tables = [FigureTable(title, columns, cells)]
    panels = list(dict.fromkeys(panel for row in rows for panel in row.hangs_on))
    if panels:
        worth = tuple((row.role, row.kind, *(_beside(row.hangs_on.get(panel)) for panel in panels)) for row in rows)
        title = "What the answers hang on: fall of log p without each panel, nats, intact / corrupted"
        tables.append(FigureTable(title, ("channel", "failure", *panels), worth))
    return tables


def _beside(worth: tuple[float, float] | None) -> str:
    return "-" if worth is None else f"{worth[0]:.3f} / {worth[1]:.3f}"


def _row(
    role: Role, kind: Kind, changed: ChangedNights, bootstrap: ConfusionBootstrap, worth: dict[str, tuple[float, float]]
) -> FailureRow:
    before, after = confusions(changed.pairs)
    compared = sum(pair.compared for pair in changed.pairs)
    return FailureRow(
        role,
        kind,
        len(changed.pairs),
        figures(before.sum(axis=0)),
        figures(after.sum(axis=0)),
        {name: bootstrap.of_difference(after, before, name) for name in FIGURES},
        sum(pair.other for pair in changed.pairs) / compared if compared else None,
        changed.skipped,
        changed.failed,
        worth,
    )


def _mean_worth(
    attributed: Attributed | None, nights: Sequence[JudgedNight], changed: ChangedNights, channels: Channels | None
) -> dict[str, tuple[float, float]]:
    """Return what each panel is worth before and after, mean over the nights that were staged both times."""
    staged = {pair.clean.night for pair in changed.pairs if pair.changed.error is None}
    if attributed is None or not staged:
        return {}
    worths = [attributed(night, night.recording(channels), changed.change) for night in nights if night.name in staged]
    panels = {panel for worth in worths for panel in worth}
    return {
        panel: tuple(np.mean([worth[panel] for worth in worths if panel in worth], axis=0).tolist())
        for panel in sorted(panels)
    }
