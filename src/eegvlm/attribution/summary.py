"""Attributions of many epochs by stage: mean maps, what each channel is worth, and whether the maps are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from eegvlm.attribution.attribution import KINDS, SHARES, Attribution
from eegvlm.hypnogram import STAGES, Stage

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StageAttribution:
    """The epochs of one stage.

    Parameters
    ----------
    stage
        The stage; None: all epochs.
    epochs, nights
        Their numbers.
    losses
        Mean fall of the log probability without each patch, (patches,), in nats.
    panel_losses
        The same without each whole panel, (panels,); NaN where no epoch shows a signal in it.
    panel_shares
        Share of each panel in the mean falls of those whose mean is positive, (panels,); NaN where none is.
    patch_shares
        Share of each panel in the positive falls of single patches, added up, (panels,); likewise.
    curves
        Mean curves (4, 11); None where not computed.
    """

    stage: Stage | None
    epochs: int
    nights: int
    losses: Floats
    panel_losses: Floats
    panel_shares: Floats
    patch_shares: Floats
    curves: Floats | None

    @property
    def areas(self) -> dict[str, float] | None:
        """Mean probability along each curve, by its name."""
        if self.curves is None:
            return None
        return {
            name: round(float(np.trapezoid(curve, SHARES)), 4) for name, curve in zip(KINDS, self.curves, strict=True)
        }

    def to_dict(self, panels: Sequence[str]) -> dict[str, Any]:
        """Return the figures ready for JSON; the maps are in the NPZ."""
        by_panel: dict[str, Floats] = {
            "panel_losses": self.panel_losses,
            "panel_shares": self.panel_shares,
            "patch_shares": self.patch_shares,
        }
        return {
            "epochs": self.epochs,
            "nights": self.nights,
            **{name: dict(zip(panels, _rounded(values), strict=True)) for name, values in by_panel.items()},
            "areas": self.areas,
            "curves": None if self.curves is None else np.round(self.curves, 4).tolist(),
        }


def by_stage(nights: Sequence[Attribution]) -> list[StageAttribution]:
    """Return the attributions of all epochs, and of those of each stage that has any.

    Parameters
    ----------
    nights
        At least one, of one layout, cut alike.
    """
    stages = np.concatenate([night.stages for night in nights])
    groups = [None, *(stage for stage in STAGES if (stages == stage).any())]
    return [_of_stage(nights, stage) for stage in groups]


def _of_stage(nights: Sequence[Attribution], stage: Stage | None) -> StageAttribution:
    chosen = [np.ones(len(night), np.bool_) if stage is None else night.stages == stage for night in nights]

    def together(name: str) -> Floats:
        values = [getattr(night, name)[rows] for night, rows in zip(nights, chosen, strict=True)]
        return np.concatenate(values).astype(np.float64)

    first = nights[0]
    losses, panel_losses, visible = together("losses"), together("panel_losses"), together("shown") > 0
    of_patch = np.array([[panel.name == name for name in first.patches.panels] for panel in first.layout.panels], float)
    of_panels = np.where(visible.any(axis=0), _mean_where(panel_losses, visible), np.nan)
    return StageAttribution(
        stage,
        len(losses),
        sum(bool(rows.any()) for rows in chosen),
        losses.mean(axis=0),
        of_panels,
        _shares(np.maximum(np.nan_to_num(of_panels), 0)),
        _shares(of_patch @ np.maximum(losses, 0).sum(axis=0)),
        None if first.curves is None else together("curves").mean(axis=0),
    )


def _mean_where(values: Floats, mask: npt.NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(mask, values, 0).sum(axis=0) / np.maximum(mask.sum(axis=0), 1))


def _shares(sums: Floats) -> Floats:
    return sums / sums.sum() if sums.sum() > 0 else np.full(len(sums), np.nan)


def _rounded(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else round(value, 4) for value in values.tolist()]
