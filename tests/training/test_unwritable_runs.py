"""What a run and a merge leave where their outputs cannot be written: nothing, or what was there."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from eegvlm.errors import InputError
from eegvlm.lab.training import merge, read_recipe, train


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_no_half_checkpoint(undisturbed_run, tmp_path, monkeypatch):
    def full(checkpoint, *arguments, **options):
        assert (checkpoint / "config.json").is_file()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(checkpoint / "README.md"))

    monkeypatch.setattr("eegvlm.lab.training.run.write_card", full)
    with pytest.raises(InputError, match="model: output: no space left on the disk"):
        merge(undisturbed_run, tmp_path / "new" / "model")
    assert not any((tmp_path / "new").iterdir())
    monkeypatch.undo()
    merge(undisturbed_run, tmp_path / "new" / "model")
    written = {file.name for file in (tmp_path / "new" / "model").iterdir()}
    assert written == {file.name for file in (undisturbed_run / "model").iterdir()}
    assert {"config.json", "model.safetensors", "README.md"} <= written


def test_a_disk_without_room_for_the_checkpoint_is_refused_before_nights_are_made(small_recipe, tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    with pytest.raises(InputError, match=r"model: free space: 1 MB; \d+ MB are needed"):
        train(read_recipe(small_recipe), tmp_path / "run")
    assert not (tmp_path / "run").exists()
