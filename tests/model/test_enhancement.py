"""The enhancement network as it is for one recording."""

from __future__ import annotations

import pytest
import torch
from huggingface_hub.errors import StrictDataclassClassValidationError
from tiny_model import tiny_fields
from transformers import ConvNextConfig

from eegvlm.model import EegVlmConfig
from eegvlm.model.enhancement import FEW_EPOCHS, EnhancementNetwork

MANY = 10**9


def network_of(**changes: object) -> EnhancementNetwork:
    torch.manual_seed(0)
    network = EnhancementNetwork(EegVlmConfig(**tiny_fields(**changes)))
    with torch.no_grad():
        for _ in range(20):  # statistics of the pictures that it learns from
            network(torch.rand(32, 3, 32, 32))
    return network.eval()


@pytest.fixture(scope="module")
def network() -> EnhancementNetwork:
    return network_of()


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return torch.rand(300, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_a_recorder_that_shows_all_darker_is_seen_through(network, pictures):
    dark = 0.3 * pictures
    of_bright, of_dark = (network.adapted(some, MANY, 1.0)(some) for some in (pictures, dark))
    assert (of_dark - of_bright).abs().mean() < 0.1 * (network(dark) - network(pictures)).abs().mean()


def test_the_network_itself_stays_and_the_share_is_kept(network, pictures):
    before = network(pictures)
    own, half = (network.adapted(0.3 * pictures, MANY, share) for share in (1.0, 0.5))
    assert torch.equal(network(pictures), before)
    statistics = [dict(some.named_buffers()) for some in (network, own, half)]
    for name, learnt in statistics[0].items():
        if learnt.is_floating_point():
            torch.testing.assert_close(statistics[2][name], (learnt + statistics[1][name]) / 2)
    assert torch.equal(network.adapted(pictures, MANY, 0.0)(pictures), before)


def test_a_short_recording_has_less_of_a_say(network, pictures):
    few, whole = (network.adapted(0.3 * pictures, epochs, 0.5) for epochs in (FEW_EPOCHS, MANY))
    quarter = network.adapted(0.3 * pictures, MANY, 0.25)
    assert torch.allclose(few(pictures), quarter(pictures), atol=1e-4)
    assert not torch.allclose(few(pictures), whole(pictures), atol=1e-2)


def test_without_pictures_or_batch_statistics_it_is_as_it_was(network, pictures):
    assert torch.equal(network.adapted(pictures[:0], 0, 0.5)(pictures), network(pictures))
    backbone = ConvNextConfig(num_stages=2, hidden_sizes=[8, 12], depths=[1, 1], out_features=["stage2"])
    other = network_of(enhancement_config=backbone)
    other.members[0].widen[1] = torch.nn.Identity()
    assert torch.equal(other.adapted(0.3 * pictures, MANY, 1.0)(pictures[:8]), other(pictures[:8]))


def test_members_give_their_parts_of_a_vector_and_the_mean_of_their_logits(pictures):
    network = network_of(enhancement_members=2)
    some = pictures[:6]
    with torch.no_grad():
        vectors = network(some)
        first, second = (member(some) for member in network.members)
        assert vectors.shape == (6, 1, 16)
        torch.testing.assert_close(vectors, torch.cat([first, second], dim=2))
        logits = [member.classifier(part) for member, part in zip(network.members, (first, second), strict=True)]
        assert not torch.allclose(*logits)
        torch.testing.assert_close(network.stage_logits(vectors), sum(logits) / 2)


def test_every_member_is_adapted(pictures):
    network = network_of(enhancement_members=2)
    dark = 0.3 * pictures
    apart = (network.adapted(dark, MANY, 1.0)(dark) - network.adapted(pictures, MANY, 1.0)(pictures)).abs()
    before = (network(dark) - network(pictures)).abs()
    for part in (slice(0, 8), slice(8, 16)):
        assert apart[..., part].mean() < 0.1 * before[..., part].mean()


def test_adaptation_needs_the_vectors_of_a_night():
    with pytest.raises(StrictDataclassClassValidationError, match="adaptation needs context_epochs or night_epochs"):
        EegVlmConfig(**tiny_fields(adaptation=0.5))
    assert EegVlmConfig(**tiny_fields(adaptation=0.5, night_epochs=3)).adaptation == 0.5


@pytest.mark.parametrize("share", [-0.1, 1.5, float("nan")])
def test_adaptation_is_a_share(share):
    with pytest.raises(StrictDataclassClassValidationError, match=f"adaptation is {share}, but a share"):
        EegVlmConfig(**tiny_fields(adaptation=share, night_epochs=3))
