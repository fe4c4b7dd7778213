"""The evidence encoder: what it reads from both ends of a night, and what another epoch would change."""

from __future__ import annotations

import pytest
import torch
from tiny_model import tiny_fields

from eegvlm.evidence import entries
from eegvlm.model import EegVlmConfig
from eegvlm.model.evidence_encoder import EvidenceEncoder, EvidenceReader

NAMES = [entry.name for entry in entries()]


def encoder_of(**changes: object) -> EvidenceEncoder:
    torch.manual_seed(0)
    fields = tiny_fields(evidence="tokens", evidence_hidden=8, **changes)
    return EvidenceEncoder(EegVlmConfig(**fields)).eval()


def night_of(epochs: int = 12, seed: int = 1) -> torch.Tensor:
    """Evidence with absent entries."""
    generator = torch.Generator().manual_seed(seed)
    night = torch.randn(epochs, len(NAMES), generator=generator).clamp(-3, 3)
    night[torch.rand(night.shape, generator=generator) < 0.1] = torch.nan
    return night


def test_an_epoch_becomes_the_readers_hidden_states_and_five_log_probabilities():
    encoder, night = encoder_of(evidence_readers=3), night_of()
    with torch.no_grad():
        found = encoder(night[None])
        hidden = torch.cat([reader(night[None])[0] for reader in encoder.readers], dim=2)
    assert found.shape == (1, 12, 3 * 8 + 5)
    torch.testing.assert_close(found[..., :-5], hidden)
    torch.testing.assert_close(found[..., -5:].exp().sum(dim=2), torch.ones(1, 12))


def test_sharpness_multiplies_the_pooled_logarithms():
    plain, sharp, night = encoder_of(), encoder_of(evidence_sharpness=2.0), night_of()
    with torch.no_grad():
        once, twice = (encoder(night[None])[..., -5:] for encoder in (plain, sharp))
    torch.testing.assert_close(twice, (2 * once).log_softmax(dim=2))
    assert not torch.allclose(once, twice)


def test_an_epoch_without_any_entry_gets_nothing_and_its_neighbours_stay_finite():
    encoder, night = encoder_of(), night_of()
    night[[0, 5]] = torch.nan
    with torch.no_grad():
        found = encoder(night[None])[0]
    assert found[[0, 5]].isnan().all()
    kept = torch.tensor([k for k in range(12) if k not in (0, 5)])
    assert torch.isfinite(found[kept]).all()


def test_an_absent_entry_is_not_one_of_the_training_mean():
    encoder, night = encoder_of(), night_of().nan_to_num()
    absent, mean = night.clone(), night.clone()
    absent[4, 7], mean[4, 7] = torch.nan, 0.0
    with torch.no_grad():
        assert not torch.allclose(encoder(absent[None]), encoder(mean[None]))


def test_an_epoch_is_read_with_all_before_and_after_it():
    encoder, night = encoder_of(), night_of()
    with torch.no_grad():
        before = encoder(night[None])[0, 6]
        for place in (0, 11):
            changed = night.clone()
            changed[place] = -changed[place]
            assert not torch.allclose(encoder(changed[None])[0, 6], before)


@pytest.mark.parametrize("epochs", [1, 12])
def test_an_epoch_that_were_another_is_read_as_in_a_night_that_holds_it(epochs):
    encoder, night = encoder_of(), night_of(epochs)
    if epochs > 2:
        night[2] = torch.nan
    places = torch.tensor([0, epochs - 1, epochs // 2, epochs // 2])
    others = night_of(4, seed=9)
    with torch.no_grad():
        found = encoder.replaced(night, places, others)
        for place, other, replaced in zip(places, others, found, strict=True):
            changed = night.clone()
            changed[place] = other
            torch.testing.assert_close(replaced, encoder(changed[None])[0, place])


def test_a_batch_of_nights_is_read_as_each_alone():
    encoder, nights = encoder_of(), torch.stack([night_of(seed=1), night_of(seed=2)])
    with torch.no_grad():
        together = encoder(nights)
        for k in range(2):
            torch.testing.assert_close(together[k : k + 1], encoder(nights[k : k + 1]))


def test_entries_are_standardised_absent_ones_stay_absent_and_artefacts_end_at_4_deviations():
    encoder = encoder_of()
    encoder.mean.fill_(10.0)
    encoder.scale.fill_(2.0)
    night = torch.full((4, len(NAMES)), 12.0)
    night[1], night[2], night[3] = 1e6, -1e6, torch.nan
    found = encoder.standardise(night)
    assert found[:3, 0].tolist() == [1.0, 4.0, -4.0]
    assert found[3].isnan().all()


def test_each_reader_answers_by_itself_while_it_learns():
    encoder, night = encoder_of(evidence_readers=2), night_of()
    with torch.no_grad():
        found = encoder.by_reader(night[None])
        apart = [reader(night[None])[1] for reader in encoder.readers]
    assert found.shape == (2, 1, 12, 5)
    torch.testing.assert_close(found, torch.stack(apart))
    assert not torch.allclose(*apart)


def test_dropout_varies_a_reader_in_training_alone():
    torch.manual_seed(0)
    fields = tiny_fields(evidence="tokens", evidence_hidden=8, evidence_dropout=0.5)
    reader, night = EvidenceReader(EegVlmConfig(**fields)), night_of()[None]
    with torch.no_grad():
        assert not torch.equal(reader.train()(night)[1], reader(night)[1])
        assert torch.equal(reader.eval()(night)[1], reader(night)[1])


def test_a_model_of_some_entries_reads_these_in_its_own_order():
    chosen = ["chin_rms", "eeg_rms_delta_relative", "eeg_rms_delta"]
    encoder = encoder_of(evidence_entries=chosen)
    with torch.no_grad():
        assert torch.isfinite(encoder(torch.randn(1, 6, 3))).all()
