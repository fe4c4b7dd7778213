"""Which files a staged night has, and their names; importing this waits for nothing that computes."""

from __future__ import annotations

from collections.abc import Sequence

from eegvlm.errors import InputError
from eegvlm.hypnogram.second_opinion import SECOND_READER
from eegvlm.staging.results_folder import SUMMARY

REPORT = "report"
FILES = {
    "csv": ("hypnogram.csv", "csv"),
    "edf": ("hypnogram.edf", "edf"),
    "bids": ("events.tsv", "bids"),
    "json": ("hypnogram.json", "json"),
    REPORT: ("report.html", ""),
}
"""Format -> its file, and the name under which :mod:`eegvlm.hypnogram` writes it."""
RATIONALES = "rationales.jsonl"


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that is none of :data:`FILES`.

    Raises
    ------
    InputError
        Naming it and those there are.
    """
    for name in formats:
        if name not in FILES:
            raise InputError("arguments", "formats", name, f"use any of {', '.join(FILES)}")


def result_files(formats: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the files that a night in these formats may have."""
    beside = ("events.json",) if "bids" in formats else ()
    return (*(FILES[name][0] for name in formats), *beside, RATIONALES, SECOND_READER, SUMMARY)
