"""The card that a checkpoint has on the Hub, and what is pushed with it."""

from __future__ import annotations

from types import SimpleNamespace

import huggingface_hub
import pytest
from huggingface_hub import ModelCard

from eegvlm.errors import InputError
from eegvlm.model import checkpoint_path
from eegvlm.model.hub_card import hub_card
from eegvlm.model.hub_push import push_to_hub

NANO = checkpoint_path("nano")


def test_a_card_has_the_figures_of_its_table_as_a_model_index_with_intervals():
    card = ModelCard(hub_card(NANO, base_model="owner/base"))
    data = card.data
    assert (data.license, data.base_model) == ("apache-2.0", "owner/base")
    assert data.datasets == ["simulated-0", "ucddb-held-out"]
    assert data.model_name == "nano"
    kappa = next(
        one
        for one in data.eval_results
        if one.dataset_name == "ucddb-held-out" and one.metric_name == "kappa, smoothing none"
    )
    assert kappa.metric_type == "cohen_kappa"
    row = next(
        line for line in (NANO / "README.md").read_text().splitlines() if line.startswith("| ucddb-held-out | none")
    )
    low, high = kappa.metric_args["interval_95_over_persons"]
    assert f"{kappa.metric_value:.3f} [{low:.3f}, {high:.3f}]" in row


def test_the_text_of_the_card_is_left_as_it_is():
    text = (NANO / "README.md").read_text()
    assert hub_card(NANO).endswith(text.partition("---\n")[2].partition("---\n")[2])


def test_a_folder_without_a_card_or_a_table_is_refused(tmp_path):
    with pytest.raises(InputError, match="push a checkpoint that eegvlm train wrote"):
        hub_card(tmp_path)
    (tmp_path / "README.md").write_text("---\nlicense: other\n---\n\n# x\n")
    with pytest.raises(InputError, match="validation: no table"):
        hub_card(tmp_path)


def test_a_push_is_one_commit_of_the_checkpoints_files_to_a_private_repository(monkeypatch):
    calls: dict[str, object] = {}

    class Api:
        """In the place of the Hub's own, to which nothing can be written here."""

        def create_repo(self, repository, **options):
            calls["repository"], calls["private"] = repository, options["private"]

        def create_commit(self, repository, operations, **options):
            calls["files"] = {one.path_in_repo for one in operations}
            return SimpleNamespace(commit_url=f"https://hub/{repository}/commit/1")

    monkeypatch.setattr(huggingface_hub, "HfApi", Api)
    assert push_to_hub(NANO, "owner/nano") == "https://hub/owner/nano/commit/1"
    assert (calls["repository"], calls["private"]) == ("owner/nano", True)
    assert {"config.json", "model.safetensors", "README.md", "chat_template.jinja"} <= calls["files"]
    assert all(name.endswith((".json", ".safetensors", ".onnx", ".jinja", "README.md")) for name in calls["files"])
