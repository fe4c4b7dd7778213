"""The command: figures and what the answers hang on, of the packaged model."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from eegvlm.cli.app import app
from eegvlm.errors import InputError

SET = "simulated:nights=1,seed=3000000,hours=0.3"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["failing-channel", "nano", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.mark.slow
def test_a_dead_chin_is_worth_nothing_and_the_others_are_read_on(tmp_path):
    shown = run(
        SET, "--roles", "emg_chin", "--kinds", "flat", "--attributed", "3", "--share", "0.9", "--out", str(tmp_path)
    )
    assert "emg_chin" in shown
    assert "verify by a trained scorer" in shown
    told = json.loads((tmp_path / "channel-failure.json").read_text())
    (row,) = told["rows"]
    assert (row["role"], row["kind"], row["nights"]) == ("emg_chin", "flat", 1)
    assert row["differences"]["kappa"]["estimate"] == pytest.approx(row["after"]["kappa"] - row["before"]["kappa"])
    worth = row["panel_losses"]
    assert worth["emg"]["corrupted"] == 0, "a panel without signal looks alike when it is blanked"
    assert worth["emg"]["intact"] != 0
    assert worth["eeg"]["corrupted"] != 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--roles", "leg"], "eeg_frontal"), (["--kinds", "loud"], "noise, flat, saturated, swapped")],
)
def test_roles_and_kinds_that_there_are_not_are_refused(arguments, said, tmp_path):
    with pytest.raises(InputError, match=said):
        run(SET, *arguments, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()
