"""Reading a label with the alias table."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache

from eegvlm.signals.aliases import (
    COMMON,
    EEG_SITES,
    EXACT,
    MODALITY_PREFIXES,
    NOTES,
    NOXTURNAL_NOTE,
    REFERENCES,
    SPELLINGS,
    Lead,
)

_SEPARATOR = re.compile(r"\s*[-:/_\u2010-\u2014]\s*|\s+")
# A1, B7, E128: electrodes of a cap that is numbered, not named after the 10-20 system.
_NUMBERED = re.compile(r"(?:eeg\s*)?([abdeghi])\s?(\d{1,3})", re.IGNORECASE)


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Reduce a label to lower-case ASCII letters and digits."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


@cache
def _sites() -> dict[str, str]:
    table = {site.lower(): site for tiers in EEG_SITES.values() for tier in tiers for site in tier}
    table.update({spelling: site for site, row in SPELLINGS.items() for spelling in row.split()})
    return table


@cache
def _references() -> dict[str, str]:
    return {spelling: kind for kind, row in REFERENCES.items() for spelling in row.split()}


def read_label(label: str) -> Lead | None:
    """Read a channel's label.

    Parameters
    ----------
    label
        As the file spells it: ``"EEG C4-A1"``, ``"C3:M2"``, ``"EOG(L)"``, ``"EEG Fpz-Cz"``, ``"Chin 1"``.

    Returns
    -------
    Lead or None
        None where the table does not explain the whole label.
    """
    if label.strip().upper() in EXACT:
        return Lead(EXACT[label.strip().upper()], note=NOXTURNAL_NOTE)
    site = _site(label)
    if site is not None:
        return Lead(site, note=NOTES.get(site, ""))
    for left, right in _splits(label):
        lead = _referenced(left, right)
        if lead is not None:
            return lead
    return None


def resembles_spelling(text: str) -> bool:
    """Tell whether a text of five letters or more is a spelling of the table but for one letter or two exchanged."""
    folded = fold(text)
    return len(folded) >= 5 and not _shortened(folded).isdisjoint(_shortened_sites())


@cache
def _shortened_sites() -> frozenset[str]:
    return frozenset(short for site in _sites() if len(site) >= 5 for short in _shortened(site))


def _shortened(text: str) -> frozenset[str]:
    """Return a text, and the text without each of its letters: two that differ in one letter share one of these."""
    return frozenset((text, *(text[:at] + text[at + 1 :] for at in range(len(text)))))


def is_reference(text: str) -> bool:
    """Tell whether a text is a reference that is no single electrode: ``"Ref"``, ``"A1A2"``, ``"avg"``."""
    return fold(text) in _references()


def modality_of(lead: Lead) -> str:
    """Return the modality of a lead's site: ``"eeg"`` (mastoids included), ``"eog"``, ``"emg"`` or ``"ecg"``."""
    if lead.site in ("E1", "E2", "HEOG", "EOG"):
        return "eog"
    if lead.site.startswith(("CHIN", "EMG")) or lead.site == "X1":
        return "emg"
    return "ecg" if lead.site.startswith("ECG") or lead.site == "X2" else "eeg"


def numbered_cap(labels: Iterable[str]) -> bool:
    """Tell whether electrodes are numbered through (``A1 ... I8``, ``E1 ... E128``)."""
    matches = (_NUMBERED.fullmatch(label.strip()) for label in labels)
    counted = sum(1 for match in matches if match and (match[1].lower() not in "ae" or int(match[2]) > 2))
    return counted >= 8


def _site(text: str) -> str | None:
    folded = fold(text)
    table = _sites()
    while folded not in table:
        prefix = next((p for p in MODALITY_PREFIXES if folded.startswith(p)), None)
        if prefix is None:
            return None
        folded = folded.removeprefix(prefix)
    return table[folded]


def _splits(label: str) -> Iterator[tuple[str, str]]:
    for match in _SEPARATOR.finditer(label):
        yield label[: match.start()], label[match.end() :]
    # C4A1, LOCA2, FpzCz: no separator at all. Only a single word can be cut anywhere.
    words = label.split()
    if words and not _SEPARATOR.search(words[-1]) and len(words) <= 2:
        word = words[-1]
        for cut in range(2, len(word) - 1):
            yield word[:cut], word[cut:]


def _referenced(left: str, right: str) -> Lead | None:
    site = _site(left)
    if site is None:
        return None
    text = right.strip(" ()")
    kind = _references().get(fold(right))
    if kind is not None:
        if site in ("M1", "M2") and kind != COMMON:
            return None
        if site in ("EEG", "EEG2", "EEG3", "EOG") and kind == COMMON:
            return None
        return Lead(site, kind, text, NOTES.get(site, ""))
    other = _site(right)
    if other is None or other == site or site in ("EEG", "EEG2", "EEG3", "M1", "M2"):
        return None
    if {site, other} == {"E1", "E2"}:
        return Lead("HEOG", note=NOTES["HEOG"])
    if site.startswith(("CHIN", "EMG")) and other.startswith(("CHIN", "EMG")):
        return Lead("CHIN")
    if site.startswith("ECG") and other.startswith("ECG"):
        return Lead("ECG")
    return Lead(site, other, text, NOTES.get(site, ""))
