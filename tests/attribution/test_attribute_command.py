"""The command, its files, its figures and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from looking import NANO, Looking, noisy_night
from typer.testing import CliRunner

from eegvlm.attribution import Blanking, attribute
from eegvlm.attribution.overlay import overlay_of
from eegvlm.cli.app import app
from eegvlm.errors import InputError
from eegvlm.lab.simulation import simulate_night

pytestmark = pytest.mark.slow

SET = "simulated:nights=2,seed=3000000,hours=0.2"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["attribute", "nano", *arguments])
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recordings") / "night.edf"
    simulate_night(hours=0.2, seed=3, channels=["EEG C4-M1", "EOG E1-M2"]).write(file)
    return file


def test_a_recording_gives_maps_figures_and_a_report_with_them_laid_over(recording, tmp_path):
    shown = run(
        str(recording), "--epochs", "3,10-11", "--patches", "3s", "--report", "--figures", "png,svg,pdf",
        "--out", str(tmp_path),
    )  # fmt: skip
    names = {"attribution.json", "attribution.npz", "report.html"}
    names |= {f"{name}.{kind}" for name in ("stages", "epochs") for kind in ("png", "svg", "pdf")}
    assert {file.name for file in tmp_path.iterdir()} == names
    assert "verify by a trained scorer" in shown
    figures = json.loads((tmp_path / "attribution.json").read_text())
    assert [one["epoch"] for one in figures["epochs"]] == [3, 10, 11]
    assert figures["stages"]["all"]["panel_losses"]["emg"] is None
    with np.load(tmp_path / "attribution.npz") as maps:
        assert maps["losses"].shape == (3, 40)
        assert maps["labels"].shape == (256, 256)
        assert maps["epoch"].tolist() == [3, 10, 11]
    assert (tmp_path / "epochs.pdf").read_bytes().startswith(b"%PDF")
    assert "EOG left" in (tmp_path / "stages.svg").read_text()


def test_a_data_set_is_pooled_and_may_follow_the_expert_s_stage(tmp_path):
    run(
        SET,
        "--most",
        "3",
        "--patches",
        "panel",
        "--of",
        "expert",
        "--figures",
        "none",
        "--no-curves",
        "--out",
        str(tmp_path),
    )
    figures = json.loads((tmp_path / "attribution.json").read_text())
    assert figures["nights"] == ["seed-3000000", "seed-3000001"]
    assert len(figures["epochs"]) == 6
    assert figures["stages"]["all"]["areas"] is None
    with np.load(tmp_path / "attribution.npz") as maps:
        np.testing.assert_array_equal(maps["losses"], maps["panel_losses"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["night.edf"], "not found"),
        ([SET, "--epochs", "3"], "--epochs"),
        ([SET, "--report"], "--report"),
        ([SET, "--figures", "gif"], "png, svg, pdf"),
        ([SET, "--patches", "300"], "patches"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(arguments, said, tmp_path):
    with pytest.raises(InputError, match=said):
        run(*arguments, "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--epochs", "25"], "epochs 1 to 24"), (["--epochs", "5-3"], "ranges"), (["--of", "expert"], "has no expert")],
)
def test_epochs_that_are_not_there_are_refused(recording, arguments, said, tmp_path):
    with pytest.raises(InputError, match=said):
        run(str(recording), *arguments, "--out", str(tmp_path / "out"))


def test_an_overlay_adds_up_what_lies_at_the_same_time():
    model = Looking(noisy_night(), slice(160, 192), slice(0, 16))
    found = attribute(model, np.array([4]), Blanking(curves=False))
    overlay = overlay_of(found)
    left = overlay.epochs[4]["eog_left"]
    assert left.sum() == pytest.approx(found.losses[0].sum(), rel=1e-5)
    assert np.flatnonzero(left).max() * 0.5 < 16 / 256 * 30
    assert set(overlay.epochs[4]) == {panel.name for panel in NANO.panels}
    assert not overlay.epochs[4]["eeg"].any()
