"""Which signals, alone or re-referenced, can play a role: candidates in order of preference.

Preference, after the AASM manual (2.6 and 3): recommended electrodes before the midline before neighbours;
within these, contralateral mastoid, then linked ears or mastoids, then the mastoid of the same side, then the
reference as recorded, then a bipolar derivation. A channel that is in the file comes before the same one
derived.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eegvlm.signals.aliases import COMMON, EEG_SITES, LINKED, Lead
from eegvlm.signals.channel import Channel, as_recorded, derive
from eegvlm.signals.label_parsing import fold
from eegvlm.signals.roles import Role
from eegvlm.signals.source import Source

RECOMMENDED = {
    Role.EEG_FRONTAL: "F4-M1",
    Role.EEG_CENTRAL: "C4-M1",
    Role.EEG_OCCIPITAL: "O2-M1",
}
# E2-M1 in the file is as good as E2-M2 (AASM manual: either mastoid) and better than a computed one.
_EYE_REFERENCE_RANK = {"M2": 0, "M1": 0, LINKED: 2}
_OCCIPUT = ("O1", "O2", "Oz")
_CHIN_PAIRS = (
    ("CHIN1", "CHIN2"),
    ("CHIN1", "CHIN3"),
    ("CHIN2", "CHIN3"),
    ("CHINC", "CHINL"),
    ("CHINC", "CHINR"),
    ("CHINL", "CHINR"),
)
_CHIN_SINGLE = (
    "CHIN",
    "EMG",
    "EMG1",
    "X1",
    "CHIN1",
    "CHINC",
    "CHINL",
    "CHINR",
    "CHIN2",
    "CHIN3",
    "EMG2",
    "EMG3",
)

# Leads that are tried of one site: derivations grow with the square of their number, and a damaged header may have
# thousands of one label.
_MOST_OF_A_SITE = 16


@dataclass(frozen=True)
class _Electrode:
    index: int
    lead: Lead


class Leads:
    """The leads that the alias table found in a file, and the candidates for each role.

    Parameters
    ----------
    source
        The store of signals.
    leads
        For each signal what its label says, or None.
    """

    def __init__(self, source: Source, leads: tuple[Lead | None, ...]) -> None:
        self._source = source
        self._electrodes = [_Electrode(index, lead) for index, lead in enumerate(leads) if lead is not None]
        self._by_site: dict[str, list[_Electrode]] = {}
        for electrode in self._electrodes:
            namesakes = self._by_site.setdefault(electrode.lead.site, [])
            if len(namesakes) < _MOST_OF_A_SITE:
                namesakes.append(electrode)

    def candidates(self, role: Role) -> list[Channel]:
        """List the channels that can play a role, best first.

        Parameters
        ----------
        role
            Any role but ``OTHER``.

        Returns
        -------
        list of Channel
            Empty where the file holds none.
        """
        if role.modality == "eeg":
            ranked = self._eeg(role)
        elif role.modality == "eog":
            ranked = self._eog(role)
        elif role is Role.EMG_CHIN:
            ranked = self._chin()
        else:
            ranked = self._ecg()
        return [channel for _, channel in sorted(ranked, key=lambda pair: pair[0])]

    def _at(self, site: str) -> list[_Electrode]:
        return self._by_site.get(site, [])

    def _mastoids(self, electrode: _Electrode, order: tuple[str, ...]) -> list[tuple[str, _Electrode]]:
        """Mastoid leads recorded at the same rate against the same reference as ``electrode``."""
        if electrode.lead.reference not in (None, COMMON):
            return []
        rate = self._source.signals[electrode.index].rate
        reference = fold(electrode.lead.reference_text) or "ref"
        return [
            (side, mastoid)
            for side in order
            for mastoid in self._at(side)
            if self._source.signals[mastoid.index].rate == rate
            and (fold(mastoid.lead.reference_text) or "ref") == reference
        ]

    def _eeg(self, role: Role) -> list[tuple[tuple[int, ...], Channel]]:
        ranked: list[tuple[tuple[int, ...], Channel]] = []
        for tier, sites in enumerate(EEG_SITES[role]):
            for place, site in enumerate(sites):
                for electrode in self._at(site):
                    # Cz-Oz shows the alpha rhythm: it belongs to the occipital role.
                    if not (role is Role.EEG_CENTRAL and electrode.lead.reference in _OCCIPUT):
                        ranked.append(self._recorded_eeg(electrode, role, tier, place))
                    for quality, derived in self._referenced_to_mastoid(electrode, role):
                        note = _eeg_note(role, tier, electrode.lead, quality)
                        ranked.append(((tier, quality, 1, place), replace(derived, note=note)))
        if role is Role.EEG_OCCIPITAL:
            occipital_sites = {site for tier_sites in EEG_SITES[role] for site in tier_sites}
            ranked += [
                self._recorded_eeg(electrode, role, 2, 0)
                for electrode in self._electrodes
                if electrode.lead.reference in _OCCIPUT and electrode.lead.site not in occipital_sites
            ]
        return ranked

    def _recorded_eeg(
        self, electrode: _Electrode, role: Role, tier: int, place: int
    ) -> tuple[tuple[int, ...], Channel]:
        quality = _reference_rank(electrode.lead)
        name = _eeg_name(self._source.signals[electrode.index].label, electrode.lead)
        note = _eeg_note(role, tier, electrode.lead, quality)
        channel = as_recorded(self._source, electrode.index, role, name=name, note=note)
        return (tier, quality, 0, place), channel

    def _referenced_to_mastoid(self, electrode: _Electrode, role: Role) -> list[tuple[int, Channel]]:
        site = electrode.lead.site
        order = _mastoid_order(site)
        mastoids = self._mastoids(electrode, order)
        result = []
        for side, mastoid in mastoids:
            name = f"{site}-{_mastoid_name(self._source.signals[mastoid.index].raw_label, side)}"
            quality = 0 if side == order[0] or _laterality(site) == 0 else 2
            result.append((quality, derive(self._source, electrode.index, (mastoid.index,), role, name=name)))
        return result

    def _eog(self, role: Role) -> list[tuple[tuple[int, ...], Channel]]:
        ranked: list[tuple[tuple[int, ...], Channel]] = []
        site = "E1" if role is Role.EOG_LEFT else "E2"
        for electrode in self._at(site):
            rank = _EYE_REFERENCE_RANK.get(electrode.lead.reference or "", 3)
            note = "reference as recorded" if rank == 3 else ""
            ranked.append(((rank, 0), as_recorded(self._source, electrode.index, role, note=note)))
            for side, mastoid in self._mastoids(electrode, ("M2", "M1")):
                name = f"{site}-{_mastoid_name(self._source.signals[mastoid.index].raw_label, side)}"
                derived = derive(self._source, electrode.index, (mastoid.index,), role, name=name)
                ranked.append(((1, 0 if side == "M2" else 1), derived))
        if role is Role.EOG_LEFT:
            for rank, lone in enumerate(("HEOG", "EOG"), start=4):
                for electrode in self._at(lone):
                    channel = as_recorded(self._source, electrode.index, role, note=electrode.lead.note)
                    ranked.append(((rank, 0), channel))
        return ranked

    def _chin(self) -> list[tuple[tuple[int, ...], Channel]]:
        ranked: list[tuple[tuple[int, ...], Channel]] = []
        for rank, site in enumerate(_CHIN_SINGLE):
            alone = site not in ("CHIN", "EMG", "EMG1", "EMG2", "EMG3", "X1")
            for electrode in self._at(site):
                note = "one chin lead, reference as recorded" if alone else electrode.lead.note
                ranked.append(
                    (
                        (2 if rank else 0, rank),
                        as_recorded(self._source, electrode.index, Role.EMG_CHIN, note=note),
                    )
                )
        for rank, (first, second) in enumerate(_CHIN_PAIRS):
            for plus in self._at(first):
                for minus in self._at(second):
                    signals = self._source.signals
                    if signals[plus.index].rate == signals[minus.index].rate:
                        name = f"{signals[plus.index].label}-{signals[minus.index].label}"
                        channel = derive(self._source, plus.index, (minus.index,), Role.EMG_CHIN, name=name)
                        ranked.append(((1, rank), channel))
        return ranked

    def _ecg(self) -> list[tuple[tuple[int, ...], Channel]]:
        return [
            ((rank, place), as_recorded(self._source, electrode.index, Role.ECG, note=electrode.lead.note))
            for rank, site in enumerate(("ECG", "ECG2", "X2"))
            for place, electrode in enumerate(self._at(site))
        ]


def _laterality(site: str) -> int:
    """-1 left, 1 right, 0 midline (or unnamed)."""
    if not site[-1].isdigit() or site.startswith("EEG"):
        return 0
    return 1 if int(site[-1]) % 2 == 0 else -1


def _mastoid_order(site: str) -> tuple[str, str]:
    return ("M2", "M1") if _laterality(site) < 0 else ("M1", "M2")


def _reference_rank(lead: Lead) -> int:
    if lead.site.startswith("EEG"):
        return 0
    if lead.reference in ("M1", "M2"):
        return 0 if lead.reference == _mastoid_order(lead.site)[0] or _laterality(lead.site) == 0 else 2
    if lead.reference == LINKED:
        return 1
    return 3 if lead.reference in (None, COMMON) else 4


def _mastoid_name(label: str, side: str) -> str:
    return f"A{side[1]}" if f"a{side[1]}" in fold(label) else side


def _eeg_name(label: str, lead: Lead) -> str:
    if lead.site.startswith("EEG"):
        return label
    return f"{lead.site}-{lead.reference_text}" if lead.reference_text else lead.site


def _eeg_note(role: Role, tier: int, lead: Lead, quality: int) -> str:
    notes = [lead.note] if lead.note else []
    if not lead.site.startswith("EEG"):
        if tier >= 2 or quality == 4:
            kind = "bipolar, stands in" if quality == 4 else "stands in"
            notes.append(f"{kind} for the {role.place} derivation {RECOMMENDED[role]}")
        if quality == 3:
            notes.append("reference as recorded")
        elif quality == 2:
            notes.append("mastoid of the same side")
    return "; ".join(notes)
