"""From labels to channels: preference, derivation, stand-ins, and the user's own choice."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from eegvlm.errors import InputError
from eegvlm.signals import Channel, Recording, RecordingError, Role, parse_channels


def night(*labels: str, rate: float = 100.0, **arrays: tuple[np.ndarray, float]) -> dict[str, tuple[np.ndarray, float]]:
    """A minute of noise per label, each with its own seed."""
    signals = {
        label: (np.random.default_rng(seed).normal(0, 20, round(60 * rate)), rate) for seed, label in enumerate(labels)
    }
    return signals | arrays


def matched(recording: Recording) -> dict[str, str]:
    return {c.role.value: c.name for c in recording.channels if c.role is not Role.OTHER}


def pick(recording: Recording, role: Role) -> Channel:
    channel = recording.channel(role)
    assert channel is not None
    return channel


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            ["EEG Fpz-Cz", "EEG Pz-Oz", "EOG horizontal"],
            {"eeg_frontal": "Fpz-Cz", "eeg_occipital": "Pz-Oz", "eog_left": "EOG horizontal"},
        ),
        (
            [
                "LOC-A2",
                "ROC-A1",
                "F3-A2",
                "C3-A2",
                "O1-A2",
                "F4-A1",
                "C4-A1",
                "O2-A1",
                "X1",
                "X2",
                "X3",
                "SaO2",
            ],
            {
                "eeg_frontal": "F4-A1",
                "eeg_central": "C4-A1",
                "eeg_occipital": "O2-A1",
                "eog_left": "LOC-A2",
                "eog_right": "ROC-A1",
                "emg_chin": "X1",
                "ecg": "X2",
            },
        ),
        (
            [
                "EEG C4-CLE",
                "EEG F4-CLE",
                "EEG O2-CLE",
                "EOG Left Horiz",
                "EOG Right Horiz",
                "EMG Chin",
                "ECG ECGI",
            ],
            {
                "eeg_frontal": "F4-CLE",
                "eeg_central": "C4-CLE",
                "eeg_occipital": "O2-CLE",
                "eog_left": "EOG Left Horiz",
                "eog_right": "EOG Right Horiz",
                "emg_chin": "EMG Chin",
                "ecg": "ECG ECGI",
            },
        ),
        (
            ["SaO2", "H.R.", "EEG(sec)", "ECG", "EMG", "EOG(L)", "EOG(R)", "EEG"],
            {
                "eeg_central": "EEG",
                "eog_left": "EOG(L)",
                "eog_right": "EOG(R)",
                "emg_chin": "EMG",
                "ecg": "ECG",
            },
        ),
        (
            ["EEG F4-M1", "EEG C4-M1", "EEG O2-M1", "EEG C3-M2", "EMG chin", "EOG E1-M2", "EOG E2-M2", "ECG"],
            {
                "eeg_frontal": "F4-M1",
                "eeg_central": "C4-M1",
                "eeg_occipital": "O2-M1",
                "eog_left": "EOG E1-M2",
                "eog_right": "EOG E2-M2",
                "emg_chin": "EMG chin",
                "ecg": "ECG",
            },
        ),
        (
            ["Lefteye", "RightEye", "EMG", "C3A2", "C4A1", "ECG", "SpO2"],
            {
                "eeg_central": "C4-A1",
                "eog_left": "Lefteye",
                "eog_right": "RightEye",
                "emg_chin": "EMG",
                "ecg": "ECG",
            },
        ),
        (
            ["ECG", "FP1-A1", "CZ-A1", "O1-A1", "EOG1", "EOG2", "EMG1"],
            {
                "eeg_frontal": "Fp1-A1",
                "eeg_central": "Cz-A1",
                "eeg_occipital": "O1-A1",
                "eog_left": "EOG1",
                "eog_right": "EOG2",
                "emg_chin": "EMG1",
                "ecg": "ECG",
            },
        ),
    ],
    ids=["sleep-edf", "isruc", "mass", "shhs", "hmc", "ucddb", "dreams"],
)
def test_public_data_sets_are_matched(labels: list[str], expected: Mapping[str, str]) -> None:
    assert matched(Recording.from_arrays(night(*labels))) == expected


def test_single_leads_are_referenced_to_the_opposite_mastoid() -> None:
    signals = night("C4", "C3", "M1", "M2", "F3", "Cz", "E1", "E2")
    recording = Recording.from_arrays(signals)
    assert matched(recording) == {
        "eeg_frontal": "F3-M2",
        "eeg_central": "C4-M1",
        "eog_left": "E1-M2",
        "eog_right": "E2-M2",
    }
    central = pick(recording, Role.EEG_CENTRAL)
    assert (central.derivation, central.sources) == ("C4 - M1", ("C4", "M1"))
    expected = signals["C4"][0] - signals["M1"][0]
    np.testing.assert_allclose(recording.samples(central), expected, atol=1e-4)


def test_leads_against_one_stated_reference_are_referenced_to_the_mastoid() -> None:
    recording = Recording.from_arrays(night("EEG C4-Ref", "EEG A1-Ref"))
    central = pick(recording, Role.EEG_CENTRAL)
    assert (central.name, central.sources) == ("C4-A1", ("EEG C4-Ref", "EEG A1-Ref"))


def test_leads_against_different_references_are_not_subtracted() -> None:
    recording = Recording.from_arrays(night("EEG C4-AVG", "EEG A1-Ref"))
    central = pick(recording, Role.EEG_CENTRAL)
    assert (central.name, central.derivation, central.note) == (
        "C4-AVG",
        "as recorded",
        "reference as recorded",
    )


def test_a_derivation_in_the_file_comes_before_the_same_one_computed() -> None:
    recording = Recording.from_arrays(night("C4", "M1", "C4-M1", "E1", "M2", "E1-M2", "E2", "E2-M1"))
    assert pick(recording, Role.EEG_CENTRAL).derivation == "as recorded"
    assert pick(recording, Role.EOG_LEFT).name == "E1-M2"
    assert pick(recording, Role.EOG_RIGHT).name == "E2-M1"


def test_only_the_mastoid_of_the_same_side_serves_and_this_is_said() -> None:
    central = pick(Recording.from_arrays(night("C4", "M2")), Role.EEG_CENTRAL)
    assert (central.name, central.note) == ("C4-M2", "mastoid of the same side")


def test_lone_lead_keeps_its_reference_and_this_is_said() -> None:
    central = pick(Recording.from_arrays(night("C4")), Role.EEG_CENTRAL)
    assert (central.name, central.note) == ("C4", "reference as recorded")


def test_leads_of_different_rates_are_not_subtracted() -> None:
    recording = Recording.from_arrays(night("C4") | night("M1", rate=200))
    assert pick(recording, Role.EEG_CENTRAL).derivation == "as recorded"


def test_linked_ears_come_before_the_mastoid_of_the_same_side() -> None:
    assert pick(Recording.from_arrays(night("C4-M2", "C3-LE")), Role.EEG_CENTRAL).name == "C3-LE"


def test_chin_leads_are_subtracted() -> None:
    signals = night("Chin 1", "Chin 2", "Chin 3")
    chin = pick(Recording.from_arrays(signals), Role.EMG_CHIN)
    assert (chin.name, chin.derivation) == ("Chin 1-Chin 2", "Chin 1 - Chin 2")


def test_cz_oz_serves_as_occipital_not_as_central() -> None:
    assert matched(Recording.from_arrays(night("Cz-Oz", "Fz-Cz"))) == {
        "eeg_frontal": "Fz-Cz",
        "eeg_occipital": "Cz-Oz",
    }


def test_oxygen_that_is_called_o2_is_no_electrode(edf, lead, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from eegvlm.signals import read_recording

    path = edf([lead("C4-M1"), lead("O2", unit="%")]).write(tmp_path / "night.edf")
    assert matched(read_recording(path)) == {"eeg_central": "C4-M1"}


def test_channel_of_another_role_stands_in_and_this_is_said() -> None:
    recording = Recording.from_arrays(night("EEG Fpz-Cz", "EEG Pz-Oz"))
    assert recording.channel(Role.EEG_CENTRAL) is None
    channel = recording.pick((Role.EEG_CENTRAL, Role.EEG_FRONTAL, Role.EEG_OCCIPITAL))
    assert channel is not None
    assert channel.name == "Fpz-Cz"
    assert channel.note.endswith("frontal EEG stands in for central")


def test_every_signal_without_a_role_stays_listed() -> None:
    recording = Recording.from_arrays(night("C4-M1", "SaO2", "C3"))
    assert [(c.name, c.role.value) for c in recording.channels] == [
        ("C4-M1", "eeg_central"),
        ("SaO2", "other"),
        ("C3", "other"),
    ]


@pytest.mark.parametrize("modality", ["eeg", "eog", "emg", "ecg", "other"])
def test_every_role_has_a_modality(modality: str) -> None:
    assert modality in {role.modality for role in Role}


class TestTheUsersChoice:
    def test_a_modality_replaces_all_channels_of_it(self) -> None:
        recording = Recording.from_arrays(night("C4-M1", "F4-M1", "EEG Fpz-Cz"), channels={"eeg": "Fpz-Cz"})
        assert matched(recording) == {"eeg_frontal": "EEG Fpz-Cz"}
        channel = recording.pick((Role.EEG_CENTRAL, Role.EEG_FRONTAL))
        assert channel is not None
        assert channel.note.startswith("chosen by the user")

    def test_an_unheard_of_label_takes_the_first_free_role(self) -> None:
        choice = {"eeg": "ch7", "eog": ("ch1", "ch2"), "emg": "ch3"}
        recording = Recording.from_arrays(night("ch1", "ch2", "ch3", "ch7"), channels=choice)
        assert matched(recording) == {
            "eeg_central": "ch7",
            "eog_left": "ch1",
            "eog_right": "ch2",
            "emg_chin": "ch3",
        }

    def test_a_role_replaces_only_that_role(self) -> None:
        recording = Recording.from_arrays(night("C4-M1", "F4-M1", "ch7"), channels={"eeg_frontal": "ch7"})
        assert matched(recording) == {"eeg_frontal": "ch7", "eeg_central": "C4-M1"}

    def test_two_labels_with_a_minus_are_subtracted(self) -> None:
        signals = night("left-ear", "vertex 7")
        recording = Recording.from_arrays(signals, channels={"eeg": "vertex 7-left-ear"})
        channel = pick(recording, Role.EEG_CENTRAL)
        expected = signals["vertex 7"][0] - signals["left-ear"][0]
        np.testing.assert_allclose(recording.samples(channel), expected, atol=1e-4)

    def test_case_and_spacing_of_a_label_do_not_matter(self) -> None:
        recording = Recording.from_arrays(night("EEG C4-A1"), channels={"eeg": "eeg c4-a1"})
        assert pick(recording, Role.EEG_CENTRAL).sources == ("EEG C4-A1",)

    def test_an_unknown_label_is_refused_with_the_labels_there_are(self) -> None:
        with pytest.raises(RecordingError, match="C9; choose from the labels in the file: C4-M1, F4-M1"):
            Recording.from_arrays(night("C4-M1", "F4-M1"), channels={"eeg": "C9"})

    def test_an_ambiguous_label_is_refused(self) -> None:
        with pytest.raises(RecordingError, match="EEG C4, EOG C4"):
            Recording.from_arrays(night("EEG C4", "EOG C4"), channels={"eeg": "C4"})

    def test_an_unknown_key_is_refused(self) -> None:
        with pytest.raises(InputError, match="use one of eeg"):
            Recording.from_arrays(night("C4-M1"), channels={"brain": "C4-M1"})

    def test_an_unusable_channel_is_refused_with_its_reason(self) -> None:
        signals = night("C4-M1") | {"flat": (np.zeros(6000), 100.0)}
        with pytest.raises(RecordingError, match="flat is flat in 100%"):
            Recording.from_arrays(signals, channels={"eeg": "flat"})

    def test_leads_of_different_rates_are_refused(self) -> None:
        with pytest.raises(RecordingError, match="100 and 200 Hz"):
            Recording.from_arrays(night("C4") | night("X9", rate=200), channels={"eeg": "C4-X9"})

    @pytest.mark.parametrize(
        ("texts", "expected"),
        [
            (["eeg=Fpz-Cz"], {"eeg": ("Fpz-Cz",)}),
            (
                ["eeg=C4-M1,eog_left=E1", "eog_right=E2"],
                {"eeg": ("C4-M1",), "eog_left": ("E1",), "eog_right": ("E2",)},
            ),
            (["eeg=A, left,eeg=B"], {"eeg": ("A, left", "B")}),
        ],
    )
    def test_the_command_lines_spelling_is_read(self, texts: list[str], expected: object) -> None:
        assert parse_channels(texts) == expected

    @pytest.mark.parametrize("text", ["Fpz-Cz", "eeg=", "brain=C4"])
    def test_a_wrong_spelling_is_refused(self, text: str) -> None:
        with pytest.raises(InputError):
            parse_channels([text])
