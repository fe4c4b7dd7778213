"""What was measured in an epoch, in words: the same for training and staging, and nothing invented."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest

from eegvlm.evidence import Evidence, FindingKind, RecordingMedians, epoch_texts, measure_night
from eegvlm.evidence.epoch_text import LEAST_EPOCHS
from eegvlm.images import PreparedNight, load_layout
from eegvlm.lab.simulation import simulate_night

K = FindingKind


@pytest.fixture(scope="module")
def night() -> PreparedNight:
    return PreparedNight.read(simulate_night(hours=1, seed=11).recording(), load_layout("nano"))


@pytest.fixture(scope="module")
def evidence(night: PreparedNight) -> Evidence:
    return measure_night(night)


@pytest.fixture(scope="module")
def texts(night: PreparedNight, evidence: Evidence) -> list[str]:
    return epoch_texts(night, evidence)


def lines(text: str) -> dict[str, str]:
    heading, *rest = text.splitlines()
    assert heading.startswith("Measured in this epoch")
    return dict(line.split(": ", 1) for line in rest)


def without(night: PreparedNight, *panels: str, epochs: slice = slice(None)) -> PreparedNight:
    """Return the night as training keeps it, some panels empty in some epochs."""
    signals = {name: values.copy() for name, values in night.signals(slice(None)).items()}
    for name in panels:
        signals[name][epochs] = np.nan
    return PreparedNight.of_signals(night.layout, signals)


def test_every_epoch_has_a_line_for_eeg_events_eyes_and_chin(texts: list[str]) -> None:
    assert len(texts) == 120
    assert all(list(lines(text)) == ["EEG", "EEG events", "Eyes", "Chin EMG"] for text in texts)
    assert not any("nan" in text or "not measured" in text for text in texts)


def test_numbers_are_those_that_were_measured(night: PreparedNight, evidence: Evidence, texts: list[str]) -> None:
    (rhythms,) = evidence.rhythms.values()
    assert evidence.chin is not None
    for epoch in (3, 60, 119):
        said = lines(texts[epoch])
        height, beside = re.match(r"([\d.]+) µV peak to peak \(×([\d.]+)\)", said["EEG"]).groups()  # type: ignore[union-attr]
        assert float(height) == pytest.approx(rhythms.peak_to_peak_uv[epoch], abs=0.5)
        median = np.median(rhythms.peak_to_peak_uv)
        assert float(beside) == pytest.approx(rhythms.peak_to_peak_uv[epoch] / median, abs=0.06)
        tone, ratio = re.match(r"([\d.]+) µV rms \(×([\d.]+)\)", said["Chin EMG"]).groups()  # type: ignore[union-attr]
        assert float(tone) == pytest.approx(evidence.chin.rms_uv[epoch], abs=0.5)
        assert float(ratio) == pytest.approx(evidence.chin.relative[epoch], abs=0.06)


def test_events_are_counted_where_they_begin(evidence: Evidence, texts: list[str]) -> None:
    for kind, word, line in (
        (K.SPINDLE, "spindle", "EEG events"),
        (K.K_COMPLEX, "K-complex", "EEG events"),
        (K.RAPID_EYE_MOVEMENT, "rapid eye movement", "Eyes"),
    ):
        (events,) = evidence.events[kind].values()
        counts = np.bincount((events.onset_s // 30).astype(int), minlength=len(texts))
        assert counts.any()
        for text, count in zip(texts, counts, strict=True):
            said = re.search(rf"(\d+) {word}", lines(text)[line])
            assert (int(said[1]) if said else 0) == count
            assert (f"{word}s" in text or f"{word}es" in text) or count == 1


def test_a_panel_that_is_empty_is_not_measured_and_finds_nothing(night: PreparedNight) -> None:
    held = without(night, "eog_left", "eog_right", "emg")
    said = lines(epoch_texts(held, measure_night(held))[60])
    assert (said["Eyes"], said["Chin EMG"]) == ("not measured.", "not measured.")


def test_a_recording_without_a_panel_reads_as_one_whose_panel_is_empty(night: PreparedNight) -> None:
    """Training empties panels, recordings lack them: both must be told alike."""
    signals = night.signals(slice(None))
    lacking = PreparedNight.of_signals(night.layout, {name: signals[name] for name in ("eeg", "eog_left")})
    emptied = without(night, "eog_right", "emg")
    assert epoch_texts(lacking, measure_night(lacking)) == epoch_texts(emptied, measure_night(emptied))


def test_an_epoch_in_which_an_eye_is_lost_is_not_measured_and_the_others_are(night: PreparedNight) -> None:
    held = without(night, "eog_right", epochs=slice(10, 12))
    texts = epoch_texts(held, measure_night(held))
    lost = [epoch for epoch, text in enumerate(texts) if lines(text)["Eyes"] == "not measured."]
    assert lost == [10, 11]


def test_a_kind_that_the_channel_is_too_slow_for_is_not_said_to_be_missing(night: PreparedNight) -> None:
    evidence = measure_night(night)
    slow = dataclasses.replace(
        evidence,
        events={kind: events for kind, events in evidence.events.items() if kind not in (K.SPINDLE, K.AROUSAL)},
    )
    said = lines(epoch_texts(night, slow)[60])["EEG events"]
    assert said.endswith("spindles or arousal not measured.")


def test_several_eeg_panels_are_told_by_region_each_with_its_own_rhythms() -> None:
    recording = simulate_night(hours=0.5, seed=11).recording()
    night = PreparedNight.read(recording, load_layout("psg-448x224"))
    said = lines(epoch_texts(night, measure_night(night))[30])
    regions = [said[f"{region} EEG"] for region in ("Frontal", "Central", "Occipital")]
    assert len(set(regions)) == 3
    assert "not measured" not in said["EEG events"]


def test_no_channel_name_of_the_recording_is_told(night: PreparedNight, texts: list[str]) -> None:
    names = [one.name for channels in night.panels.values() for one in channels]
    assert not [name for name in names if any(name in text for text in texts)]


def test_a_few_epochs_have_no_median_to_be_put_beside(night: PreparedNight) -> None:
    few = slice(0, LEAST_EPOCHS - 1)
    short = PreparedNight.of_signals(night.layout, night.signals(few))
    assert not any(re.search(r"\(×\d", text) for text in epoch_texts(short, measure_night(short)))


def test_another_recordings_medians_can_stand_in(night: PreparedNight, evidence: Evidence, texts: list[str]) -> None:
    medians = RecordingMedians.of(evidence)
    halved = dataclasses.replace(medians, chin_uv=medians.chin_uv / 2)
    ratio = [float(lines(text)["Chin EMG"].split("×")[1].rstrip(").")) for text in texts]
    doubled = epoch_texts(night, evidence, medians=halved)
    found = [float(lines(text)["Chin EMG"].split("×")[1].rstrip(").")) for text in doubled]
    np.testing.assert_allclose(found, 2 * np.array(ratio), atol=0.16)


def test_rows_are_described_as_in_the_whole(night: PreparedNight, evidence: Evidence, texts: list[str]) -> None:
    assert epoch_texts(night, evidence, rows=[7, 3]) == [texts[7], texts[3]]
