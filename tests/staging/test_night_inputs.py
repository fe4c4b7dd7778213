"""Pictures and vectors that were computed from them travel together."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from staging_models import untrained

from eegvlm.images import PreparedNight, load_layout
from eegvlm.model.night_inputs import EpochInputs, NightInputs

NANO = load_layout("nano")


def night(seed: int) -> PreparedNight:
    noise = np.random.default_rng(seed).normal(0, 20, (12, 3000)).astype(np.float32)
    return PreparedNight.of_signals(NANO, {"eeg": noise})


@pytest.fixture(scope="module")
def inputs() -> tuple[NightInputs, NightInputs]:
    model, processor = untrained(context_epochs=2, night_epochs=4)
    one, other = (NightInputs(model, processor, night(seed), batch_size=5) for seed in (0, 1))
    return one, other


def test_rows_come_with_their_own_vectors(inputs):
    rows = np.array([3, 0, 11])
    seen = inputs[0].rows(rows)
    assert torch.equal(seen.pictures, inputs[0].night.pictures(rows))
    assert torch.equal(seen.context[:, 2], inputs[0].vectors[rows])
    assert seen.context[1, :2].isnan().all()
    assert torch.equal(seen.own[:, 0], inputs[0].moved[rows])


def test_vectors_of_another_night_or_another_epoch_are_refused(inputs):
    one, other = (some.rows(np.arange(4)) for some in inputs)
    with pytest.raises(ValueError, match="computed from other pictures"):
        EpochInputs(one.pictures, other.context, other.own, other.made_from)
    with pytest.raises(ValueError, match="computed from other pictures"):
        EpochInputs(one.pictures.flip(0), one.context, one.own, one.made_from)
    with pytest.raises(ValueError, match="computed from other pictures"):
        EpochInputs(one.pictures[:3], one.context, one.own, one.made_from)
    EpochInputs(one.pictures, one.context, one.own, one.made_from)


def test_other_signals_get_a_vector_of_their_own_in_the_night_around(inputs):
    rows = np.array([5, 6])
    own = inputs[0].replaced(rows, inputs[0].night.signals(rows))
    again = inputs[0].rows(rows)
    torch.testing.assert_close(own.context, again.context, atol=1e-5, rtol=0)
    torch.testing.assert_close(own.own, again.own, atol=1e-4, rtol=0)
    exchanged = inputs[0].replaced(rows, inputs[0].night.signals(rows[::-1].copy()))
    rounding, exchange = ((one.own - again.own).abs().max() for one in (own, exchanged))
    assert exchange > 10 * rounding
