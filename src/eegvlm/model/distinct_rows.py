"""High-level vectors of pictures that share most of their rows: each distinct row is read once.

A strip backbone reads every row of the layout by itself, and a vector is the mean over rows and time. Pictures of one
epoch of which a small patch differs therefore share seven rows in eight. Their distinct rows are put together into
fewer pictures, read, and averaged as each picture has them. Networks that look across rows read whole pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from eegvlm.model.batch_norm_adaptation import filled_up, fingerprints
from eegvlm.model.enhancement import EnhancementNetwork


@torch.inference_mode()
def picture_vectors(
    network: Any, pictures: torch.Tensor, normalise: Callable[[torch.Tensor], torch.Tensor], batch_size: int
) -> torch.Tensor:
    """Return the high-level vectors of pictures.

    Parameters
    ----------
    network
        An enhancement network in evaluation mode.
    pictures
        uint8 (n, channels, height, width), n of at least 1, on the network's device.
    normalise
        Turns them into pixel values.
    batch_size
        Pictures that are read at a time.

    Returns
    -------
    torch.Tensor
        float32 (n, channels) on the network's device; of a grid of vectors their mean.
    """

    def in_batches(read: Callable[[torch.Tensor], torch.Tensor], pictures: torch.Tensor) -> torch.Tensor:
        batches = (pictures[first : first + batch_size] for first in range(0, len(pictures), batch_size))
        return torch.cat([read(normalise(filled_up(batch)))[: len(batch)] for batch in batches])

    rows = network.separate_rows if isinstance(network, EnhancementNetwork) else 1
    n, channels, height, width = pictures.shape
    strips = pictures.view(n, channels, rows, height // rows, width).transpose(1, 2)  # (n, rows, channels, h, width)
    distinct = _distinct(strips) if rows > 1 else None
    if distinct is None:
        return in_batches(network, pictures).mean(dim=1).float()
    chosen, places = distinct
    packed = torch.stack([strips[chosen[:, row], row] for row in range(rows)], dim=2)  # (most, channels, rows, h, w)
    of_rows = in_batches(network.row_means, packed.reshape(-1, channels, height, width))  # (most, rows, channels)
    means = torch.stack([of_rows[places[:, row], row] for row in range(rows)]).mean(dim=0)
    return means.to(next(network.parameters()).dtype).float()


def _distinct(strips: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Return pictures (most, rows) from which each row's distinct strips come, and where each picture's are: (n, rows).

    Rows with fewer distinct strips repeat their first. None where there is nothing to be saved, or where two
    different strips have the same fingerprint.
    """
    n, rows = strips.shape[:2]
    marks = fingerprints(strips.reshape(n * rows, -1)).reshape(n, rows)
    uniques = [np.unique(marks[:, row], return_index=True, return_inverse=True) for row in range(rows)]
    most = max(len(values) for values, _, _ in uniques)
    if 2 * most > n:
        return None
    chosen = torch.tensor(
        np.stack([np.resize(np.append(first, [first[0]] * most), most) for _, first, _ in uniques], 1)
    )
    places = torch.from_numpy(np.stack([inverse.reshape(-1) for _, _, inverse in uniques], 1))
    chosen, places = chosen.to(strips.device), places.to(strips.device)
    same = all(torch.equal(strips[chosen[places[:, row], row], row], strips[:, row]) for row in range(rows))
    return (chosen, places) if same else None
