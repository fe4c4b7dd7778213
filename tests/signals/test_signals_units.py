"""Units as recorders spell them, and labels in whatever encoding."""

from __future__ import annotations

import pytest

from eegvlm.signals.labels import decode_field, unique_labels
from eegvlm.signals.units import read_unit


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("uV", 1.0),
        ("UV", 1.0),
        ("\u00b5V", 1.0),
        ("\u03bcV", 1.0),
        ("microV", 1.0),
        ("uVolt", 1.0),
        ("[uV]", 1.0),
        ("mV", 1e3),
        ("MV", 1e3),
        ("V", 1e6),
        ("Volts", 1e6),
        ("nV", 1e-3),
        ("?V", 1.0),
        ("\ufffdV", 1.0),
    ],
)
def test_voltage_is_converted_to_microvolt(text: str, factor: float) -> None:
    unit = read_unit(text)
    assert (unit.factor, unit.certain) == (factor, True)


@pytest.mark.parametrize("text", ["", "au", "xx", "10uV", "units"])
def test_missing_or_unknown_unit_is_read_as_microvolt_but_not_with_certainty(text: str) -> None:
    unit = read_unit(text)
    assert (unit.factor, unit.certain) == (1.0, False)


@pytest.mark.parametrize("text", ["%", "bpm", "DegC", "°C", "cmH2O", "Ohm", "kΩ", "V/s", "g", "l/min", "dB", "Boolean"])
def test_what_is_known_not_to_be_a_voltage_is_never_converted(text: str) -> None:
    assert read_unit(text).factor is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"C3 Imp\xc3\xa9dance  ", "C3 Impédance"),
        (b"C3 Imp\xe9dance   ", "C3 Impédance"),
        ("C3 ImpÃ©dance".encode(), "C3 Impédance"),
        (b"\xb5V      ", "µV"),
        ("Âµ".encode() + b"V    ", "µV"),
        ("naïve label éé".encode()[:15], "naïve label é"),
        (b"EEG\0\0\0\0\0", "EEG"),
        (b"a\x1b[31mred", "a [31mred"),
    ],
)
def test_field_is_decoded_in_any_encoding_and_without_control_characters(raw: bytes, text: str) -> None:
    assert decode_field(raw) == text


def test_duplicate_labels_are_told_apart() -> None:
    assert unique_labels(["EEG", "EOG", "EEG", "EEG"]) == ("EEG", "EOG", "EEG#2", "EEG#3")
    assert unique_labels(["EEG", "EEG", "EEG#2"]) == ("EEG", "EEG#3", "EEG#2")
    assert unique_labels(["", "C4", ""]) == ("#1", "C4", "#3#2")
