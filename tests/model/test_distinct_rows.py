"""Pictures that share rows get the vectors that each would get by itself."""

from __future__ import annotations

import pytest
import torch

from eegvlm.images import load_layout
from eegvlm.model import preset
from eegvlm.model.distinct_rows import picture_vectors
from eegvlm.model.enhancement import EnhancementNetwork


@pytest.fixture(scope="module")
def network() -> EnhancementNetwork:
    torch.manual_seed(0)
    network = EnhancementNetwork(preset("nano", image_token_index=3)).eval()
    with torch.no_grad():  # lively: vectors differ from picture to picture
        for weight in network.parameters():
            weight.mul_(4 if weight.ndim == 4 else 1)
    return network


@pytest.fixture(scope="module")
def picture() -> torch.Tensor:
    layout = load_layout("nano")
    shape = (1, layout.channels, layout.height, layout.width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def as_pixels(pictures: torch.Tensor) -> torch.Tensor:
    return pictures.float() / 255


def with_patches(picture: torch.Tensor) -> torch.Tensor:
    """Return forty pictures, each with another patch blanked."""
    pictures = picture.repeat(40, 1, 1, 1)
    for k in range(40):
        row, column = divmod(k, 5)
        pictures[k, :, row * 32 + 3 : row * 32 + 19, column * 50 : column * 50 + 16] = 0
    return pictures


def test_pictures_that_share_rows_get_the_same_vectors_with_fewer_rows_read(network, picture, monkeypatch):
    pictures = with_patches(picture)
    with torch.no_grad():
        expected = network(as_pixels(pictures)).mean(dim=1)
    batch_lengths = []
    row_means = network.row_means
    monkeypatch.setattr(network, "row_means", lambda pixels: batch_lengths.append(len(pixels)) or row_means(pixels))
    vectors = picture_vectors(network, pictures, as_pixels, batch_size=8)
    torch.testing.assert_close(vectors, expected, atol=1e-5, rtol=1e-4)
    assert sum(batch_lengths) <= 16, "six distinct strips a row, filled up to the smallest batch"
    assert expected.std(dim=0).max() > 1e-4, "patches that change nothing prove nothing"


def test_different_strips_with_one_fingerprint_are_told_apart(network, picture, monkeypatch):
    pictures = with_patches(picture)
    monkeypatch.setattr(
        "eegvlm.model.distinct_rows.fingerprints", lambda strips: torch.zeros(len(strips)).long().numpy()
    )
    with torch.no_grad():
        whole = network(as_pixels(pictures)).mean(dim=1)
    torch.testing.assert_close(picture_vectors(network, pictures, as_pixels, batch_size=40), whole)


def test_networks_that_look_across_rows_read_whole_pictures(picture):
    config = preset("tiny", image_token_index=3)
    network = EnhancementNetwork(config).eval()
    assert network.separate_rows == 1
    pictures = torch.randint(0, 256, (3, 3, 336, 336), dtype=torch.uint8)
    with torch.no_grad():
        whole = network(as_pixels(pictures)).mean(dim=1)
    torch.testing.assert_close(picture_vectors(network, pictures, as_pixels, batch_size=2), whole, atol=1e-5, rtol=1e-4)
